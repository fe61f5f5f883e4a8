"""However narrow or wide the page is, it scrolls down only, and shows all of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import Explorer, watched
from .looking import DEPTHS, open_panel, panels, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# What reaches over the page's edges and cannot be scrolled to, and text that is cut off with no tip to tell it all.
# Fields that are written in scroll by themselves.
OUTSIDE = """
() => {
  const width = document.documentElement.clientWidth;
  const above = (node) => {
    const all = [];
    for (let at = node.parentElement; at; at = at.parentElement) all.push(at);
    return all;
  };
  const scrolls = (node) => above(node).some((at) => ["auto", "scroll"].includes(getComputedStyle(at).overflowX));
  const seen = [...document.body.querySelectorAll("*")].filter((node) => node.checkVisibility() &&
    !node.closest("svg, .unseen, #live, input") && node.getBoundingClientRect().width > 0);
  const over = seen.filter((node) => {
    const { left, right } = node.getBoundingClientRect();
    return (left < -0.5 || right > width + 0.5) && !scrolls(node);
  });
  const cut = seen.filter((node) => ["hidden", "clip"].includes(getComputedStyle(node).overflowX) &&
    node.scrollWidth > node.clientWidth + 1 && !node.closest("[title]"));
  const said = (node) => `${node.tagName} ${node.id} ${node.className}`;
  return { width: document.documentElement.scrollWidth, over: over.map(said), cut: cut.map(said) };
}
"""


def check(page: Page, width: int, where: str) -> None:
    """Require that all of the page is within so many pixels, with few digits and with all of them."""
    for _ in range(2):
        assert page.evaluate(OUTSIDE) == {"width": width, "over": [], "cut": []}, where
        page.keyboard.press("d")


@pytest.mark.parametrize(
    "width", [320, 360, 1440, *(pytest.param(width, marks=pytest.mark.slow) for width in (768, 2560))]
)
def test_nothing_hangs_over_the_edge(browser: Browser, digits: Explorer, width: int) -> None:
    """At every depth, however narrow the page, all of it is between its edges; with all digits too."""
    with watched(browser, digits, viewport={"width": width, "height": 740}) as page:
        digits.open(page)
        for where in DEPTHS:
            visit(digits, page, where)
            check(page, width, where)


@pytest.mark.parametrize("width", [360, 1280])
def test_panels_stay_on_the_page(browser: Browser, digits: Explorer, width: int) -> None:
    """So do all panels, beside the network; what is wide in one scrolls within it."""
    with watched(browser, digits, viewport={"width": width, "height": 740}) as page:
        digits.open(page)
        for name in panels(page):
            open_panel(page, name)
            check(page, width, name)

"""Dark and light: chosen by the system or by hand, and in both every text can be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .conftest import Explorer, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser


CONTRAST = """
(selector) => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faded = (node) => node && (getComputedStyle(node).opacity !== "1" || faded(node.parentElement));
  const written = [...document.querySelectorAll(selector)].filter((node) => node.textContent.trim());
  return written.filter((node) => node.checkVisibility()).map((node) => {
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const contrast = faded(node) ? 0 : (a + 0.05) / (b + 0.05);
    return {text: node.textContent.slice(0, 40), is: node.className, contrast};
  }).filter(({contrast}) => contrast < 4.5);
}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "where", ["", "#sample=0&number=conv2[3,1,2]", "#sample=0&number=pool1[3,1,2]", "#sample=0&number=linear1[3]"]
)
def test_every_text_can_be_read(browser: Browser, digits: Explorer, theme: str, where: str) -> None:
    """Text stands off its ground by 4.5 to 1 or more, on the coloured cells too, in both themes."""
    settings = {"color_scheme": theme, "viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    with watched(browser, digits, **settings) as page:  # no colour is on its way to another
        digits.open(page, where)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        leaves = (
            "main :is(span, small, b, dt, dd, li, p, h2, h3, th, td, figcaption, button, output, code):not(:has(*))"
        )
        assert page.evaluate(CONTRAST, f"{leaves}, header :not(:has(*))") == []


def test_the_theme_follows_the_system_until_it_is_chosen(browser: Browser, digits: Explorer) -> None:
    """Dark in a dark system, light after a press, and still so when the page is opened again."""
    with watched(browser, digits, color_scheme="dark") as page:
        digits.open(page)
        ground = "getComputedStyle(document.body).backgroundColor"
        dark = page.evaluate(ground)
        page.keyboard.press("t")
        light = page.evaluate(ground)
        assert sum(map(int, re.findall(r"\d+", dark))) < 100 < 600 < sum(map(int, re.findall(r"\d+", light)))
        page.reload()
        page.locator("body[data-ready]").wait_for()
        assert page.evaluate(ground) == light

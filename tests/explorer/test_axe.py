"""axe-core finds nothing that keeps people from using the page: at every depth, in every panel, dark and light."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import Explorer, watched
from .looking import DEPTHS, open_panel, panels, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = Path(sys.prefix) / "tools" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def axe() -> str:
    """The script that looks at a page."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: `make setup` brings it")
    return AXE.read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core has against the page as it is now."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"{axe}; 0")
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_every_depth_is_open_to_all(browser: Browser, digits: Explorer, axe: str, theme: str) -> None:
    """The network, a layer and numbers of every kind of arithmetic have no violation; nor have a tour and the keys."""
    with watched(browser, digits, color_scheme=theme, reduced_motion="reduce") as page:
        digits.open(page)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        for where in DEPTHS:
            visit(digits, page, where)
            assert violations(page, axe) == [], where
        digits.go(page, "#sample=0&tour=convolution&step=2")
        page.locator("#tour:visible").wait_for()
        assert violations(page, axe) == [], "tour"
        page.keyboard.press("?")
        assert violations(page, axe) == [], "keys"


@pytest.mark.parametrize("theme", THEMES)
def test_every_panel_is_open_to_all(browser: Browser, digits: Explorer, axe: str, theme: str) -> None:
    """Nor has any panel, whoever adds one."""
    with watched(browser, digits, color_scheme=theme, reduced_motion="reduce") as page:
        digits.open(page)
        names = panels(page)
        assert names
        for name in names:
            open_panel(page, name)
            assert violations(page, axe) == [], name


def test_a_violation_is_seen(digits: Explorer, digits_page: Page, axe: str) -> None:
    """A button that lost its name is one."""
    digits.open(digits_page)
    digits_page.evaluate("document.getElementById('help-open').removeAttribute('aria-label')")
    digits_page.evaluate("document.getElementById('help-open').removeAttribute('title')")
    digits_page.evaluate("document.getElementById('help-open').textContent = ''")
    assert [found.split(":")[0] for found in violations(digits_page, axe)] == ["button-name"]

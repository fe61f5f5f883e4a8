"""For those who do not see the page, or use no mouse: names, roles, and the story of every number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from .conftest import Explorer, watched
from .looking import DEPTHS, LAYER, OVERVIEW, focused, open_panel, panels, until, visit, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_the_story_is_told(digits: Explorer, digits_page: Page) -> None:
    """A screen reader is told what a number is, what it was made of, and what it reads."""
    page = digits_page
    digits.open(page, "#sample=0&number=conv2[3,0,2]")
    wait_for(page, "conv2[3,0,2]")
    live = page.locator("#live")
    until(page, "document.getElementById('live').textContent.startsWith('conv2')")
    assert re.fullmatch(
        r"conv2, channel 3, row 0, column 2, is [−\d.]+: the sum of 144 products and the bias [−\d.e]+\. "
        r"It reads channels 0 to 15, rows −1 to 1, columns 1 to 3 of pool1; 48 of 144 places are padding\.",
        live.text_content() or "",
    )
    assert page.locator("#layer-map").get_attribute("aria-describedby") == "layer-story"


def test_a_pixels_story_ends_the_way_back(digits: Explorer, digits_page: Page) -> None:
    """A number of the image is told too: it was given."""
    digits.open(digits_page, "#sample=0&number=input[0,1,3]")
    until(digits_page, "document.getElementById('live').textContent.startsWith('input')")
    said = digits_page.locator("#live").text_content()
    value = digits.session.run("sample-0").trace["input"][0, 1, 3]
    assert said == f"input, channel 0, row 1, column 3, is {value:.3f}: it was given, not computed."


def test_the_verdict_is_told(digits: Explorer, digits_page: Page) -> None:
    """When another image is looked at, its class and its share are said."""
    digits.open(digits_page)
    digits_page.keyboard.press("n")
    until(digits_page, "location.hash === '#sample=1'")
    scores = digits.session.scores(digits.session.run("sample-1"))
    assert scores is not None
    said = f"The network says {scores.argmax()}, with {100 * scores.max():.0f} percent."
    until(digits_page, "said => document.getElementById('live').textContent === said", said)


def test_a_map_is_a_grid(digits: Explorer, digits_page: Page) -> None:
    """The map is drawn, and yet a screen reader walks over it as over a grid: place, value, and how large it is."""
    page = digits_page
    digits.open(page, LAYER)
    wait_for(page, "conv2[3,1,2]")
    grid = page.get_by_role("grid")
    assert (grid.get_attribute("aria-rowcount"), grid.get_attribute("aria-colcount")) == ("4", "4")
    assert grid.get_attribute("aria-activedescendant") == "layer-cell"
    values = digits.session.run("sample-0").trace["conv2"]
    grid.focus()
    for key, row, column in (("ArrowDown", 2, 2), ("ArrowLeft", 2, 1), ("Home", 2, 0), ("End", 2, 3)):
        page.keyboard.press(key)
        wait_for(page, f"conv2[3,{row},{column}]")
        cell = page.get_by_role("gridcell", selected=True)
        said = f"channel 3, row {row}, column {column}: "
        until(page, "said => document.getElementById('layer-cell').textContent.startsWith(said)", said)
        text = (cell.text_content() or "").removeprefix(said).replace("−", "-")
        assert float(text) == pytest.approx(values[3, row, column], abs=5e-4)
        assert (cell.get_attribute("aria-colindex"), page.locator("#layer-row").get_attribute("aria-rowindex")) == (
            str(column + 1),
            str(row + 1),
        )


def test_windows_and_kernels_are_tables(digits: Explorer, digits_page: Page) -> None:
    """A window, its kernel and their products are tables of three rows, each with its name."""
    digits.open(digits_page, "#sample=0&number=conv1[2,3,4]")
    wait_for(digits_page, "conv1[2,3,4]")
    tables = digits_page.locator("#number").get_by_role("table")
    assert tables.count() == 3
    for at in range(3):
        assert tables.nth(at).get_attribute("aria-label")
        rows = tables.nth(at).get_by_role("row")
        assert [rows.nth(row).get_by_role("cell").count() for row in range(rows.count())] == [3, 3, 3]
    products = digits_page.locator("#number .cell.product").all_text_contents()
    wanted = digits.session.run("sample-0").trace.explain("conv1", (2, 3, 4)).terms.product
    assert [float(text.replace("−", "-")) for text in products] == pytest.approx(wanted.tolist(), abs=6e-4)


# Every colour that a number can stand on, with the ink that it is written in.
INKS = """
async () => {
  const { colour, ink } = await import("/static/js/colours.js");
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  return [...Array(513).keys()].map((at) => colour(at / 256 - 1, 1)).concat([colour(NaN, 1)]).map((rgb) => {
    const grounds = [light(rgb), ink(rgb) === "#000000" ? 0 : 1].sort((a, b) => b - a);
    return (grounds[0] + 0.05) / (grounds[1] + 0.05);
  });
}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_can_be_read_on_every_colour(browser: Browser, digits: Explorer, theme: str) -> None:
    """From the lowest value to the highest, and on what is no number, ink stands off its cell by 4.5 to 1 or more."""
    with watched(browser, digits, color_scheme=theme) as page:
        digits.open(page)
        contrasts = page.evaluate(INKS)
        assert len(contrasts) == 514
        assert np.min(contrasts) >= 4.5


# Where the focus is, and whether that can be seen: an outline on it, or on what stands for it.
FOCUS = """
() => {
  const node = document.activeElement;
  if (node === document.body) return null;
  const shown = node.type === "radio" ? node.nextElementSibling : node;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const box = shown.getBoundingClientRect();
  return {
    is: node.id || node.dataset.panel || node.className || node.textContent,
    seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    onScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}
"""


def round_by_tab(page: Page) -> list[str]:
    """Every stop of the Tab key from the top of the page to its end; each must be seen."""
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
    stops: list[str] = []
    for _ in range(200):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at is None:
            break
        assert at["seen"], at
        assert at["onScreen"], at
        stops.append(at["is"])
        if len(stops) > 1 and at["is"] == stops[0]:
            break
    return stops


def test_the_focus_is_always_seen(digits: Explorer, digits_page: Page) -> None:
    """Tab reaches every part of the page, is caught nowhere, and shows where it is."""
    page = digits_page
    digits.open(page)
    wanted = {"sample-number", "theme", "help-open", "layer-map", "back", "digits", "order", *panels(page)}
    seen: set[str] = set()
    for where in DEPTHS:
        visit(digits, page, where)
        seen.update(round_by_tab(page))
    assert wanted <= seen


def test_deep_into_the_page_and_back_by_keyboard(digits: Explorer, digits_page: Page) -> None:
    """From the top of the page Tab, arrows and Enter lead to a pixel, and Escape to where one came from."""
    page = digits_page
    digits.open(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page).startswith("input"):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator("#layer-map:focus").wait_for()
    depths = ["layer"]
    page.keyboard.press("Enter")
    while page.locator("#number-title .address:has-text('input')").count() == 0:
        page.locator("#number button[data-go]:focus").wait_for()
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#number-title .address').textContent.startsWith('input')")
        depths.append(page.evaluate("document.body.dataset.depth"))
    assert depths == ["layer", "number"]
    for wanted in ("number", "layer", "overview"):
        page.keyboard.press("Escape")
        until(page, "depth => document.body.dataset.depth === depth", wanted)
        until(page, "document.activeElement !== document.body")
    assert focused(page).startswith("conv1")


def test_nothing_moves_for_those_who_asked(browser: Browser, digits: Explorer) -> None:
    """Where the system says that motion is to be reduced, nothing slides, fades or scrolls by itself."""
    moving = (
        "() => [...document.querySelectorAll('*')].filter((node) => { const style = getComputedStyle(node);"
        " return [style.transitionDuration, style.animationDuration].some((all) => all.split(',')"
        ".some((one) => parseFloat(one) > 0)) || style.scrollBehavior === 'smooth'; }).map((node) => node.outerHTML)"
    )
    with watched(browser, digits, reduced_motion="no-preference") as page:
        digits.open(page)
        assert page.evaluate(moving) != []
    with watched(browser, digits, reduced_motion="reduce") as page:
        digits.open(page)
        for where in (OVERVIEW, LAYER, DEPTHS[2]):
            visit(digits, page, where)
            assert page.evaluate(moving) == []
        for name in panels(page):
            open_panel(page, name)
            assert page.evaluate(moving) == [], name
        assert page.evaluate("document.getAnimations().length") == 0


def test_everything_has_a_name(kinds: Explorer, kinds_page: Page) -> None:
    """Every control says what it is; no two elements share an id; pictures are passed over or named."""
    kinds.open(kinds_page, "#sample=0&number=conv1[2,3,3]")
    wait_for(kinds_page, "conv1[2,3,3]")
    nameless = kinds_page.evaluate(
        "[...document.querySelectorAll('button, input, [role=grid], section, aside, nav, dialog')]"
        ".filter((node) => node.checkVisibility())"
        ".filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.length ||"
        " document.getElementById(node.getAttribute('aria-labelledby')))).map((node) => node.outerHTML)"
    )
    assert nameless == []
    ids = kinds_page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    assert kinds_page.evaluate("document.documentElement.lang") == "en"

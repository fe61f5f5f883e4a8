"""From a column to a pixel and back: by mouse, by touch, by keyboard alone, and by the browser's own buttons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from .conftest import Explorer, watched
from .looking import focused, place, title, until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_from_a_column_to_a_pixel_by_mouse(digits: Explorer, digits_page: Page) -> None:
    """Click a map, point at a unit, click it, follow numbers down to a pixel, and come back by the trail."""
    page = digits_page
    digits.open(page)
    page.get_by_role("button", name="conv2, channel 3").click()
    page.locator("#layer-title:has-text('conv2')").wait_for()
    assert re.fullmatch(r"sample=0&layer=conv2\[3,\d,\d\]", place(page))
    selected = place(page).split("layer=")[1]

    box = page.locator("#layer-map canvas").bounding_box()
    assert box is not None
    cell = box["width"] / 4
    page.mouse.move(box["x"] + 1.5 * cell, box["y"] + 2.5 * cell)
    wait_for(page, "conv2[3,2,1]")
    assert "layer=conv2[3,2,1]" not in place(page)  # pointing is only looking
    page.mouse.move(box["x"] - 8, box["y"] - 8)
    wait_for(page, selected)
    page.mouse.click(box["x"] + 1.5 * cell, box["y"] + 2.5 * cell)
    wait_for(page, "conv2[3,2,1]")
    assert place(page) == "sample=0&number=conv2[3,2,1]"

    ways = []
    while not title(page).startswith("input"):
        ways.append(title(page))
        before = title(page)
        page.locator("#line .cell.read, #parts .cell.read").first.click()
        until(page, "name => document.querySelector('#number-title .address').textContent !== name", before)
    assert [way.split("[")[0] for way in ways] == ["conv2", "pool1", "relu1", "conv1"]
    assert page.locator("#trail button").all_text_contents() == ways
    page.locator("#trail button").nth(1).click()
    wait_for(page, ways[1])
    assert page.locator("#trail button").all_text_contents() == ways[:1]


def test_the_field_is_outlined_down_to_the_image(digits: Explorer, digits_page: Page) -> None:
    """For the shown unit every earlier layer has an outline where Python's receptive field has its box."""
    page = digits_page
    digits.open(page, "#sample=0&number=conv2[3,1,2]")
    wait_for(page, "conv2[3,1,2]")
    page.locator("#columns .card").nth(0).locator(".field").wait_for()
    trace = digits.session.run("sample-0").trace
    for number, name in enumerate(["input", "conv1", "relu1", "pool1"]):
        mark = page.locator("#columns .card").nth(number).locator(".map .field").first
        shown = mark.evaluate("m => [m.style.top, m.style.left, m.style.height, m.style.width].map(parseFloat)")
        field = trace.receptive_field("conv2", (3, 1, 2), of=name)
        size = trace[name].shape[1]
        wanted = [field.rows.start, field.columns.start, len(field.rows), len(field.columns)]
        assert shown == pytest.approx([100 * part / size for part in wanted], abs=1e-3)
    assert page.locator("#columns .card").nth(6).locator(".field:not(.reached):visible").count() == 0


def test_a_bar_takes_its_score_apart(digits: Explorer, digits_page: Page) -> None:
    """A click on a class shows what its score was made of, and on which maps."""
    page = digits_page
    digits.open(page)
    page.get_by_role("button", name=re.compile(r"^7\s")).click()
    wait_for(page, "linear1[7]")
    assert page.locator("#number-title .meaning").text_content() == " “7”"
    assert page.locator(".votes button").count() == 32
    explanation = digits.session.run("sample-0").trace.explain("linear1", (7,))
    strongest = int(np.abs(explanation.terms.product).argmax())
    first = page.locator(".ranking tbody tr").first
    assert (first.locator("th span").text_content() or "") == f"dropout1[{strongest}]"
    assert first.locator("th small").text_content() == f"pool2[{strongest // 4},{strongest // 2 % 2},{strongest % 2}]"


@pytest.mark.parametrize("where", ["", "#sample=0&number=conv2[3,1,2]"])
def test_touch_is_enough(browser: Browser, digits: Explorer, where: str) -> None:
    """With fingers alone a unit is chosen and its number followed."""
    with watched(browser, digits, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True) as page:
        digits.open(page, where)
        page.get_by_role("button", name="conv1, channel 1").tap()
        page.locator("#layer-title:has-text('conv1')").wait_for()
        canvas = page.locator("#layer-map canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.3)
        wait_for(page, "conv1[1,2,4]")
        page.locator("#parts .cell.read").first.tap()
        page.locator("#number-title .address:has-text('input[')").wait_for()


def test_three_depths_by_keyboard_alone(digits: Explorer, digits_page: Page) -> None:
    """Tab to the columns, arrows to a map, Enter deeper and deeper, Escape all the way back: no mouse, no step lost."""
    page = digits_page
    digits.open(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if focused(page).startswith("input"):
            break
    page.keyboard.press("ArrowRight")
    assert focused(page).startswith("conv1")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "conv1, channel 0"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "conv1, channel 3"
    page.keyboard.press("Enter")
    page.locator("#layer-map:focus").wait_for()
    start = place(page)
    row, column = (int(i) for i in re.findall(r"\d+", start)[-2:])
    steps = ["ArrowLeft" if column else "ArrowRight", "ArrowUp" if row else "ArrowDown"]
    for key in steps:
        page.keyboard.press(key)
    moved = f"[3,{row + (-1 if row else 1)},{column + (-1 if column else 1)}]"
    assert place(page) == f"sample=0&layer=conv1{moved}"
    wait_for(page, f"conv1{moved}")
    page.keyboard.press("PageDown")
    moved = moved.replace("[3", "[4")
    assert place(page) == f"sample=0&layer=conv1{moved}"

    wait_for(page, f"conv1{moved}")
    page.keyboard.press("Enter")
    assert place(page) == f"sample=0&number=conv1{moved}"
    page.locator("#number .cell.read:focus").wait_for()
    first = focused(page)
    page.keyboard.press("ArrowRight")
    assert focused(page) != first
    assert focused(page).startswith("input[0,")
    pixel = focused(page).split(" ")[0]
    page.keyboard.press("Enter")
    wait_for(page, pixel)

    for wanted in (f"number=conv1{moved}", f"layer=conv1{moved}", ""):
        page.keyboard.press("Escape")
        assert place(page) == f"sample=0&{wanted}".rstrip("&")
    assert focused(page).startswith("conv1")


def test_keys_are_listed(digits: Explorer, digits_page: Page) -> None:
    """A question mark lists the keys, Escape closes the list; the other keys do what it says."""
    page = digits_page
    digits.open(page)
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    page.keyboard.press("n")
    until(page, "location.hash === '#sample=1'")
    page.keyboard.press("p")
    until(page, "location.hash === '#sample=0'")


def test_back_and_forward_of_the_browser(digits: Explorer, digits_page: Page) -> None:
    """The browser's own buttons go the way that was gone, trail included."""
    page = digits_page
    digits.open(page)
    page.get_by_role("button", name="pool1, channel 2").click()
    page.locator("#layer-title:has-text('pool1')").wait_for()
    page.keyboard.press("Enter")
    page.locator("#number .cell.read:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator("#number-title .address:has-text('relu1')").wait_for()
    assert page.locator("#trail button").count() == 1
    page.go_back()
    page.locator("#number-title .address:has-text('pool1')").wait_for()
    assert page.locator("#trail button").count() == 0
    page.go_back()
    until(page, "document.body.dataset.depth === 'layer'")
    page.go_back()
    until(page, "document.body.dataset.depth === 'overview'")
    for _ in range(3):
        page.go_forward()
    page.locator("#number-title .address:has-text('relu1')").wait_for()
    assert page.locator("#trail button").count() == 1

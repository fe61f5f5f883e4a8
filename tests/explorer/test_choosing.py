"""What the network looks at: samples, and what a hand draws, with a mouse or with keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explorer.session import RUNS

from .conftest import Explorer
from .looking import place, until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_samples_are_stepped_through(digits: Explorer, digits_page: Page) -> None:
    """Next, previous and a number show other images; the open number follows, and the truth is told."""
    page = digits_page
    digits.open(page, "#sample=5&number=linear1[0]")
    for button, sample in (("Next sample", 6), ("Previous sample", 5), ("Previous sample", 4)):
        page.get_by_role("button", name=button).click()
        until(page, "sample => document.getElementById('sample-number').value === sample", str(sample))
        assert place(page) == f"sample={sample}&number=linear1[0]"
    page.locator("#sample-number").fill("359")
    page.keyboard.press("Enter")
    until(page, "location.hash.startsWith('#sample=359&')")
    value = digits.session.run("sample-359").trace["linear1"][0]
    until(page, "value => Number(document.querySelector('#number-title .value').dataset.value) === value", float(value))
    verdict = page.locator("#verdict-of-network em").text_content() or ""
    label = digits.session.label(359)
    assert verdict == "✓ right" or verdict == f"✗ it is {label}"


def test_a_drawing_changes_the_answer(digits: Explorer, digits_page: Page) -> None:
    """While a hand draws, the scores and the open number follow; the sheet can be wiped."""
    page = digits_page
    digits.open(page, "#sample=0&number=linear1[1]")
    wait_for(page, "linear1[1]")

    def scores() -> list[str]:
        return page.locator("#bars .share").evaluate_all("all => all.map((n) => n.dataset.value)")

    page.get_by_role("button", name="Draw", exact=True).click()
    until(page, "!location.hash.includes('sample')")
    seen = [scores()]
    sheet = page.locator(".sheet").bounding_box()
    assert sheet is not None
    page.mouse.move(sheet["x"] + 75, sheet["y"] + 20)
    page.mouse.down()
    for step in range(3):
        page.mouse.move(sheet["x"] + 75 - 20 * step, sheet["y"] + 40 + 40 * step, steps=4)
        until(page, "old => document.querySelector('#bars .share').dataset.value !== old", seen[-1][0])
        seen.append(scores())
    page.mouse.up()
    for _ in range(1000):  # until the page shows what the last stroke made
        run = max((name for name in digits.session.runs if name.startswith("drawing")), key=lambda name: int(name[8:]))
        shown = float(page.locator("#number-title .value").get_attribute("data-value") or 0)
        if shown == digits.session.run(run).trace["linear1"][1]:
            break
        page.wait_for_timeout(10)
    else:
        raise AssertionError("the page does not show the last drawing")
    assert digits.session.run(run).trace["input"].max() > 0.5
    page.get_by_role("button", name="Wipe").click()
    until(page, "empty => document.querySelector('#bars .share').dataset.value === empty", seen[0][0])
    assert scores() == seen[0]


def test_a_digit_is_drawn_by_keyboard(digits: Explorer, digits_page: Page) -> None:
    """On the sheet arrows move the pen, space lowers it, and Delete wipes."""
    page = digits_page
    digits.open(page)
    page.get_by_role("button", name="Draw", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator(".sheet:focus").wait_for()
    ink = (
        "() => { const canvas = document.querySelector('.sheet canvas');"
        " const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);"
        " return data.filter((value, at) => at % 4 === 0 && value > 0).length; }"
    )
    assert page.evaluate(ink) == 0
    page.keyboard.press("ArrowDown")
    assert page.evaluate(ink) == 0
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    line = page.evaluate(ink)
    assert line > 100
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(ink) == line
    page.keyboard.press("Delete")
    assert page.evaluate(ink) == 0


def test_a_run_that_was_forgotten_is_made_again(digits: Explorer, page: Page) -> None:
    """When the server has dropped an old run, the page has it made again and goes on."""
    digits.open(page, "#sample=8&number=conv1[0,0,0]")
    wait_for(page, "conv1[0,0,0]")
    for _ in range(RUNS):
        digits.session.run_drawing(np.zeros((4, 4), np.float32))
    assert "sample-8" not in digits.session.runs
    page.locator("#layer-map").press("ArrowRight")
    wait_for(page, "conv1[0,0,1]")
    assert "sample-8" in digits.session.runs
    assert page.locator("#complaint").is_hidden()

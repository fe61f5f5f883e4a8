"""The sum of a number, played: one multiply-add at a time, to the number itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from .conftest import Explorer, watched
from .looking import until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SO_FAR = "Number(document.querySelector('#step-line b')?.dataset.value ?? NaN)"


def so_far(page: Page) -> float:
    """What the sum is after the last step."""
    return float(page.locator("#step-line b").get_attribute("data-value") or "nan")


def words(page: Page) -> str:
    """What the last step was."""
    return page.locator("#step-line").text_content() or ""


@pytest.mark.parametrize(
    ("place", "count"), [("conv1[2,3,3]", 10), ("linear1[3]", 129), ("pool1[1,1,1]", 4)], ids=lambda value: str(value)
)
def test_single_steps_lead_to_the_number(browser: Browser, digits: Explorer, place: str, count: int) -> None:
    """Without motion every press is one step; the last one has the exact result; what is done stands out."""
    name, index = place.rstrip("]").split("[")
    wanted = digits.session.run_sample(0).trace.explain(name, [int(i) for i in index.split(",")])
    with watched(browser, digits, reduced_motion="reduce") as page:
        digits.open(page, f"#sample=0&number={place}")
        wait_for(page, place)
        seen = []
        for _ in range(3):
            page.locator("#step").click()
            seen.append(so_far(page))
            assert page.locator("#number .now").count() in (1, 2, 3)
        assert words(page).startswith(f"3 of {count}: ")
        products = page.locator("#parts .cell.product").evaluate_all(
            "all => all.map((one) => Number(one.dataset.value))"
        )
        if products:
            assert seen == pytest.approx(np.cumsum(products[:3]).tolist(), rel=1e-12)
        page.evaluate(
            "count => { for (let at = 3; at < count; at += 1) document.querySelector('#step-one').click(); }", count
        )
        assert words(page).startswith(f"{count} of {count}: ")
        assert so_far(page) == wanted.total
        assert page.locator("#number.stepping .cell.product:not(.done)").count() == 0
        page.locator("#step").click()  # and from the beginning
        assert words(page).startswith(f"1 of {count}: ")
        digits.go(page, f"#sample=0&number={name}[{','.join('0' for _ in index.split(','))}]")
        until(page, "document.querySelector('#step-line').textContent === ''")
        assert page.locator("#number.stepping").count() == 0


def test_space_pauses_what_plays(digits: Explorer, digits_page: Page) -> None:
    """It plays by itself; Space stands it still and is heard; s goes on; at the end stands the total."""
    page = digits_page
    digits.open(page, "#sample=0&number=conv2[3,1,2]")
    wait_for(page, "conv2[3,1,2]")
    page.keyboard.press("s")
    until(page, "document.querySelectorAll('#number .done').length > 9")
    page.keyboard.press(" ")
    stood = words(page)
    page.wait_for_timeout(300)
    assert words(page) == stood
    until(page, "line => document.querySelector('#live').textContent === line", stood)
    assert page.locator("#step").text_content() == "go on"
    page.keyboard.press("s")
    total = digits.session.run("sample-0").trace.explain("conv2", (3, 1, 2)).total
    until(page, f"{SO_FAR} === {total!r}")
    assert words(page).startswith("145 of 145: the bias, ")
    assert page.locator("#parts .more").count() == 0  # all that was summed is on the screen


@pytest.mark.parametrize(("place", "there"), [("relu1[0,0,0]", False), ("flatten1[3]", False), ("conv1[0,0,0]", True)])
def test_only_what_has_steps_is_played(digits: Explorer, digits_page: Page, place: str, there: bool) -> None:
    """A number made of one other has nothing to play."""
    digits.open(digits_page, f"#sample=0&number={place}")
    wait_for(digits_page, place)
    assert digits_page.locator("#step").is_visible() == there
    digits_page.keyboard.press("s")
    assert (digits_page.locator("#step-line").text_content() != "") == there

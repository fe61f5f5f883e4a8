"""The open map on its way: before the bias, with it, and after the activation that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .conftest import Explorer
from .looking import until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_map_before_and_after_bias_and_activation(digits: Explorer, digits_page: Page) -> None:
    """Of a convolution three maps with what happens between them; the last is a way to its layer."""
    page = digits_page
    digits.open(page, "#sample=0&layer=conv1[2,3,3]")
    wait_for(page, "conv1[2,3,3]")
    page.locator("#stages .stage-map").nth(2).wait_for()
    bias = float(np.float64(digits.session.net.weights["conv1.bias"][2]))
    assert page.locator("#stages .stage-map small").all_text_contents() == ["before the bias", "conv1", "relu1"]
    between = page.locator("#stages code").all_text_contents()
    assert float(between[0].removeprefix("+ ").replace("−", "-")) == round(bias, 3)
    assert between[1] == "max(x, 0)"
    page.locator("#stages button.stage-map").click()
    wait_for(page, "relu1[2,3,3]")
    until(page, "document.querySelector('#stages').hidden")  # nothing is added to it, and a pool follows


def test_what_has_no_stages_shows_none(digits: Explorer, digits_page: Page) -> None:
    """A pool adds nothing, a linear layer has a bias for each number, and an input is only given."""
    digits.open(digits_page, "#sample=0&layer=pool1[0,0,0]")
    wait_for(digits_page, "pool1[0,0,0]")
    assert digits_page.locator("#stages").is_hidden()
    digits.go(digits_page, "#sample=0&layer=linear1[3]")
    wait_for(digits_page, "linear1[3]")
    assert digits_page.locator("#stages").is_hidden()
    digits.go(digits_page, "#sample=0&layer=input[0,0,0]")
    until(digits_page, "document.querySelector('#layer-title span').textContent === 'input'")
    assert digits_page.locator("#stages").is_hidden()

"""Addresses: a link shows the same to everyone, and one to nothing harms nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import Explorer, watched
from .looking import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.mark.parametrize("depth", ["layer", "number"])
def test_a_link_shows_the_same(browser: Browser, kinds: Explorer, depth: str) -> None:
    """Sample, layer and unit in the address are enough to see the same again, in another browser."""
    link = f"#sample=2&{depth}=conv1[4,2,5]"
    seen = []
    for _ in range(2):
        with watched(browser, kinds) as page:
            kinds.open(page, link)
            wait_for(page, "conv1[4,2,5]")
            assert page.evaluate("document.body.dataset.depth") == depth
            assert page.locator("#sample-number").input_value() == "2"
            page.locator("#columns .card .field:visible").first.wait_for()
            page.locator("#kernel-title:not(:empty)").wait_for()
            page.locator("#layer-reaches:not(:empty)").wait_for()
            page.locator("#code").wait_for()
            seen.append(page.locator("main").inner_text())
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("link", "depth"),
    [
        ("#sample=99", "overview"),
        ("#number=nothing[0]", "overview"),
        ("#number=conv1[99,0,0]", "overview"),
        ("#number=conv1[0]", "overview"),
        ("#number=%E0%A4%A[0]", "overview"),
        ("#<script>alert(1)</script>", "overview"),
        ("#layer=conv1%5B0,1,2%5D", "layer"),
    ],
)
def test_a_link_to_nothing_shows_the_network(kinds: Explorer, kinds_page: Page, link: str, depth: str) -> None:
    """What does not exist in this network is passed over."""
    kinds.open(kinds_page, link)
    assert kinds_page.evaluate("document.body.dataset.depth") == depth
    assert kinds_page.locator("#complaint").is_hidden()

"""For those who do not see the page, or use no mouse: names, roles, and the story of every number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .conftest import Explorer
from .looking import until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page


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


def test_everything_has_a_name(kinds: Explorer, kinds_page: Page) -> None:
    """Every control says what it is; no two elements share an id; pictures are passed over or named."""
    kinds.open(kinds_page, "#sample=0&number=conv1[2,3,3]")
    wait_for(kinds_page, "conv1[2,3,3]")
    nameless = kinds_page.evaluate(
        "[...document.querySelectorAll('button, input, [role=application], section, aside, nav, dialog')]"
        ".filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.length ||"
        " document.getElementById(node.getAttribute('aria-labelledby')))).map((node) => node.outerHTML)"
    )
    assert nameless == []
    ids = kinds_page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    assert kinds_page.evaluate("document.documentElement.lang") == "en"

"""However narrow or wide the page is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import Explorer, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
@pytest.mark.parametrize("where", ["", "#sample=0&number=conv2[3,1,2]", "#sample=0&number=linear1[3]"])
def test_nothing_hangs_over_the_edge(browser: Browser, digits: Explorer, width: int, where: str) -> None:
    """However narrow the page, it scrolls down only; with all digits too."""
    with watched(browser, digits, viewport={"width": width, "height": 740}) as page:
        digits.open(page, where)
        for _ in range(2):
            page.wait_for_timeout(50)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width
            page.keyboard.press("d")

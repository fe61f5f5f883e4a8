"""What tests of the page look at again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def title(page: Page) -> str:
    """The address of the number that is taken apart."""
    return page.locator("#number-title .address").text_content() or ""


def wait_for(page: Page, address: str) -> None:
    """Wait until a number is on the screen."""
    page.locator(f"#number-title .address:text-is('{address}')").wait_for()


def until(page: Page, condition: str, *arg: object) -> None:
    """Wait until a condition holds in the page; Playwright's own way needs an eval, which the page forbids."""
    for _ in range(1000):
        if page.evaluate(condition, *arg):
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"never came true: {condition}")


def place(page: Page) -> str:
    """What the address bar says after the #."""
    return page.evaluate("decodeURIComponent(location.hash.slice(1))")


def focused(page: Page) -> str:
    """What has the focus, by its name."""
    return page.evaluate(
        "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
    )

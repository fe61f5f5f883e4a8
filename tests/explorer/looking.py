"""What tests of the page look at again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Explorer

# Every depth of the digits network, and a number of each kind of arithmetic that it has.
OVERVIEW = "#sample=0"
LAYER = "#sample=0&layer=conv2[3,1,2]"
NUMBERS = tuple(
    f"#sample=0&number={name}"
    for name in ("conv2[3,1,2]", "relu1[3,1,2]", "pool1[3,1,2]", "linear1[3]", "input[0,3,3]")
)
DEPTHS = (OVERVIEW, LAYER, *NUMBERS)


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


def visit(explorer: Explorer, page: Page, where: str) -> None:
    """Go to one of the places above, on a page that is open, and wait until what is to be seen there is seen."""
    explorer.go(page, where)
    if "=" in where.removeprefix(OVERVIEW):
        wait_for(page, where.split("=")[-1])
    else:
        until(page, "document.body.dataset.depth === 'overview'")


def panels(page: Page) -> list[str]:
    """The names of all panels that the page offers."""
    return page.locator("#tools [data-panel]").evaluate_all("all => all.map((button) => button.dataset.panel)")


def open_panel(page: Page, name: str) -> None:
    """Open a panel and wait until there is something in it."""
    page.locator(f"#tools [data-panel={name}]").click()
    page.locator(f"#panel-{name} > .body > *").first.wait_for()

"""Whatever a file calls its layers, its classes and itself, the page shows it as it is written, and none of it runs."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import Network
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.layers import Linear

from .payloads import PAYLOADS, UNPRINTABLE, hostile, noticed, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SLOW = pytest.mark.slow
ALL = (*PAYLOADS, *UNPRINTABLE)
FEW = ALL[:: len(ALL) // 3]


@contextmanager
def quiet(browser: Browser, session: Session, complaints: Sequence[str] = ()) -> Generator[Page, None, None]:
    """Open a session's page; whatever happens in it but being read fails the test.

    Args:
        browser: the browser.
        session: what is open.
        complaints: how what the browser may say begins.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)
    page = context.new_page()
    wrong = watch(page)
    with serving(session) as address:
        page.goto(f"{address}#sample=0&unfolded=all")
        page.locator("body[data-ready]").wait_for()
        yield page
        assert noticed(page) == []
        context.close()
    assert [told for told in wrong if not told.startswith(tuple(complaints) or "\0")] == []


def shown(page: Page, selector: str) -> list[str]:
    """The texts of elements, as the page holds them."""
    return page.locator(selector).evaluate_all("all => all.map((node) => node.textContent)")


def until_shown(page: Page, selector: str, start: str) -> None:
    """Wait until the first of some elements has a text that begins so."""
    for _ in range(1000):
        texts = shown(page, selector)
        if texts and texts[0].startswith(start):
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"{start!r} is not shown")


@pytest.mark.slow
def test_every_name_at_once(browser: Browser) -> None:
    """Layers and classes are called so: columns, bars, every layer's depths and every panel show it, and are still."""
    net = hostile(ALL)
    names = [str(node.name) for node in net.nodes]
    with quiet(browser, Session(net, classes=[*ALL, "none"])) as page:
        visit(page, names, every=1)


def test_some_names_at_once(browser: Browser) -> None:
    """The same, with the depths of some layers."""
    net = hostile(ALL)
    names = [str(node.name) for node in net.nodes]
    with quiet(browser, Session(net, classes=[*ALL, "none"])) as page:
        visit(page, names, every=len(names) // 5)


def visit(page: Page, names: list[str], every: int) -> None:
    """Look at the whole network, at some layers and one of their numbers, and at every panel."""
    assert shown(page, "#columns .card:not(.stack) .name") == ["input", *names]
    assert set(shown(page, "#bars .class")) <= {*ALL, "none"}
    for number in range(0, len(names), every):
        page.locator("#columns .card:not(.stack) .head").nth(number + 1).click()
        page.locator("#layer-map:focus").wait_for()
        page.keyboard.press("Enter")
        until_shown(page, "#layer-title span", names[number])
        until_shown(page, "#number-title .address", names[number] + "[")
    page.locator("#bars button").first.click()
    for name in page.locator("#tools [data-panel]").evaluate_all("all => all.map((one) => one.dataset.panel)"):
        page.locator(f"#tools [data-panel={name}]").click()
        page.locator(f"#panel-{name} > .body > *").first.wait_for()


def check_title(browser: Browser, name: str) -> None:
    """Open a page that is called so, with a hint that says so, on a network with an output that is called so."""
    session = Session(Network(4, [Linear(2)]), title=name, hint=name, classes=[name, "other"])
    with quiet(browser, session) as page:
        assert shown(page, "#title") == [name]
        spaces = r"[\0 \t\n\f\r]+"  # of which a tab makes one
        assert page.evaluate("document.title") == re.sub(spaces, " ", f"Pellucid: {name}").strip()
        assert shown(page, "#bars .class") == [name, "other"]


@pytest.mark.parametrize("name", FEW)
def test_a_page_that_is_called_so(browser: Browser, name: str) -> None:
    """The title, and the tab, have the name as it is."""
    check_title(browser, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(ALL) - set(FEW)))
def test_a_page_that_is_called_so_by_any_name(browser: Browser, name: str) -> None:
    """So with every one."""
    check_title(browser, name)


@pytest.mark.parametrize(
    "names", [pytest.param(PAYLOADS[::9], id="some"), pytest.param(PAYLOADS, id="all", marks=SLOW)]
)
def test_errors_that_say_so(browser: Browser, names: tuple[str, ...]) -> None:
    """A refusal whose words are taken from a file is shown as it is."""
    session = Session(Network(4, [Linear(2)]), images=np.ones((2, 4)))
    saying = ""

    def refuse(route: Route) -> None:
        said = {"error": dict.fromkeys(("where", "got", "expected", "fix"), saying)}
        route.fulfill(status=400, body=json.dumps(said))

    with quiet(browser, session, complaints=["Failed to load resource"]) as page:
        page.route("**/api/run", refuse)
        for saying in names:
            page.locator("#sample-on").click()
            until_shown(page, "#complaint", f"{saying}: got {saying}; expected {saying}. {saying}.")

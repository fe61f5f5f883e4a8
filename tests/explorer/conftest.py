"""Explorers to look at in a real browser, and a page that fails its test when anything goes wrong in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.train import data
from pellucid.train.digits import digits_network

from .every_kind import every_kind, photos

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


PATIENCE = 120_000  # milliseconds: a machine that does much else is slow, and not wrong


@dataclass(frozen=True)
class Explorer:
    """A served session.

    Args:
        session: what it is open on.
        address: where it is, token included.
    """

    session: Session
    address: str

    def open(self, page: Page, place: str = "") -> None:
        """Open the page at a place of its own, such as "#sample=0&layer=conv1[0,0,0]", and wait until it is ready."""
        page.goto(self.address + place)
        page.locator("body[data-ready]").wait_for()

    def go(self, page: Page, place: str) -> None:
        """Go to another place of a page that is open."""
        page.evaluate("place => { location.hash = place; }", place)


@pytest.fixture(scope="session")
def kinds() -> Iterator[Explorer]:
    """An explorer on a network with every kind of layer."""
    session = Session(every_kind(), images=photos())
    with serving(session) as address:
        yield Explorer(session, address)


@pytest.fixture(scope="session")
def digits() -> Iterator[Explorer]:
    """An explorer on the digits network, untrained, with real digits."""
    _, test = data.load("digits")
    session = Session(digits_network(), images=test.images, labels=test.labels, drawing=data.digits_drawing)
    with serving(session) as address:
        yield Explorer(session, address)


@contextmanager
def watched(browser: Browser, explorer: Explorer, refusals: bool = False, /, **how) -> Generator[Page, None, None]:
    """Open a context of the browser's; complaints of the page, and requests to anywhere else, fail the test.

    Args:
        browser: the browser.
        explorer: what is opened.
        refusals: the server may refuse what the page asks, which the browser notes as an error of its own.
        how: more about the context.
    """
    context = browser.new_context(**how)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    home = urlsplit(explorer.address).netloc
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"{request.failure}: {request.url}"))
    page.on("request", lambda request: wrong.append(request.url) if urlsplit(request.url).netloc != home else None)
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    yield page
    context.close()
    refused = tuple(f"Failed to load resource: the server responded with a status of {number}" for number in (400, 404))
    fine = ("net::ERR_ABORTED", *(refused if refusals else ()))
    assert [what for what in wrong if not what.startswith(fine)] == []  # a page that was left aborts


@pytest.fixture
def kinds_page(browser: Browser, kinds: Explorer) -> Iterator[Page]:
    """A fresh page for the network with every kind of layer."""
    with watched(browser, kinds) as page:
        yield page


@pytest.fixture
def digits_page(browser: Browser, digits: Explorer) -> Iterator[Page]:
    """A fresh page for the digits network."""
    with watched(browser, digits) as page:
        yield page

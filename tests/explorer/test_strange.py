"""Networks and numbers that are not as they should be, and a server that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import Network
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.layers import Conv2d, Flatten, Linear, ReLU

from .conftest import Explorer, watched
from .looking import until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


PAYLOAD = "<img src=x onerror=alert(1)>\"'&amp;</script><script>alert(2)</script>"


def test_names_stay_names(browser: Browser) -> None:
    """Whatever a file calls its layers and classes, it is shown as it is written, and none of it runs."""
    layers = [(PAYLOAD, Conv2d(2, 2)), ("nan", ReLU()), ("inf", Flatten()), ("a/b.c#&=%41", Linear(2))]
    net = Network((1, 3, 3), layers, classes=[PAYLOAD, "nan"])
    with serving(Session(net, title=PAYLOAD)) as address:
        explorer = Explorer(Session(net), address)
        with watched(browser, explorer) as page:
            explorer.open(page)
            assert page.title() == f"Pellucid: {PAYLOAD}"
            names = [PAYLOAD, "nan", "inf", "a/b.c#&=%41"]
            assert page.locator("#columns .name").all_text_contents() == ["input", *names]
            assert page.locator("#bars .class").all_text_contents() == [PAYLOAD, "nan"]
            for name in names:
                page.locator("#columns .head").nth(names.index(name) + 1).click()
                until(page, "name => document.querySelector('#layer-title span')?.textContent === name", name)
                link = page.url.split("#")[1]
                until(
                    page,
                    "name => document.querySelector('#number-title .address')?.textContent.startsWith(name + '[')",
                    name,
                )
                explorer.open(page, "#" + link)
                assert page.locator("#layer-title span").text_content() == name
            assert page.locator("img[src=x]").count() == 0


def test_numbers_that_are_none_are_shown(browser: Browser) -> None:
    """NaN and infinities are written as such, in maps and in sums."""
    net = Network((1, 2, 2), [Flatten(), Linear(2)])
    net.weights["linear1.weight"] = np.ones((2, 4))
    image = np.array([[[[np.nan, np.inf], [-np.inf, 1.0]]]], np.float32)
    session = Session(net, images=image)
    with serving(session) as address:
        explorer = Explorer(session, address)
        with watched(browser, explorer) as page:
            explorer.open(page, "#sample=0&number=linear1[0]")
            wait_for(page, "linear1[0]")
            assert page.locator("#number-title .value").text_content() == "NaN"
            shown = page.locator(".ranking .cell.read").all_text_contents()
            assert sorted(shown) == sorted(["NaN", "∞", "−∞", "1.000"])


def test_a_server_that_is_gone_is_said(digits: Explorer, page: Page) -> None:
    """When the explorer has ended, the page says so instead of standing still."""
    session = Session(digits.session.net)
    with serving(session) as address:
        Explorer(session, address).open(page)
    page.get_by_role("button", name="conv1, channel 1").click()
    page.locator("#complaint:has-text('The explorer: got no answer')").wait_for()

"""What the page shows when it is opened: every layer, its maps in their colours, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.train.digits import digits_network

from .conftest import Explorer, watched
from .looking import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_the_page_shows_the_network(digits: Explorer, digits_page: Page) -> None:
    """Every layer is a column with its name, kind, shape, rule, parameters, cost and field; bars name the classes."""
    page = digits_page
    digits.open(page)
    assert page.title() == "Pellucid: digits"
    assert "token" not in page.url
    columns = page.locator("#columns .card")
    assert columns.count() == 10
    conv = columns.nth(1).inner_text()
    for fact in ("conv1", "Conv2d", "16 × 8 × 8", "(8 + 2·1 − 3)/1 + 1 = 8", "160", "9 216", "3 × 3"):
        assert fact in conv.replace("\u2009", " ").replace("\n", " "), fact
    assert columns.nth(1).locator(".map").count() == 8
    columns.nth(1).get_by_role("button", name="Show 8 more of 8 maps of conv1").click()
    assert columns.nth(1).locator(".map").count() == 16
    assert page.locator("#bars li").count() == 10
    shares = [
        float(text) for text in page.locator("#bars .share").evaluate_all("all => all.map((n) => n.dataset.value)")
    ]
    scores = digits.session.scores(digits.session.run("sample-0"))
    assert scores is not None
    assert shares == scores.tolist()
    assert page.locator("#welcome").is_visible()
    assert page.locator("#depths").is_hidden()


def test_maps_are_drawn_with_their_values(digits: Explorer, digits_page: Page) -> None:
    """Blue is below zero and orange above: the strongest pixel of a map has the sign of its value."""
    page = digits_page
    digits.open(page)
    card = page.locator("#columns .card").nth(1)
    until(page, "document.querySelector('#columns .card:nth-child(2) canvas').width === 8")
    for channel in range(4):
        pixels = (
            card.locator(".map canvas")
            .nth(channel)
            .evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
        )
        red, blue = np.array(pixels).reshape(8, 8, 4)[..., (0, 2)].transpose(2, 0, 1).astype(int)
        values = digits.session.run("sample-0").trace["conv1"][channel]
        strongest = np.unravel_index(np.abs(values).argmax(), values.shape)
        assert (red[strongest] > blue[strongest]) == (values[strongest] > 0)


def test_the_range_of_colours_can_be_chosen(digits: Explorer, digits_page: Page) -> None:
    """The legend says over what the colours range: an own range for each map, each layer, or one for all."""
    page = digits_page
    digits.open(page, "#sample=0&layer=conv1[0,0,0]")
    values = digits.session.run("sample-0").trace
    high = page.locator("#ramp-high")
    assert float((high.text_content() or "").lstrip("+")) == pytest.approx(np.abs(values["conv1"]).max(), abs=1e-3)
    page.locator("input[value=network]").check(force=True)
    most = max(np.abs(value).max() for value in values.values())
    assert float((high.text_content() or "").lstrip("+")) == pytest.approx(most, abs=1e-3)
    page.locator("input[value=map]").check(force=True)
    assert high.text_content() == "+max"


@pytest.mark.parametrize("given", [False, True])
def test_what_is_not_trained_says_so(browser: Browser, given: bool) -> None:
    """A verdict of first values is marked as one; a network whose weights were given has no such mark."""
    net = digits_network()
    if given:
        net.weights["linear1.bias"] = np.arange(10)
    session = Session(net, images=np.ones((1, 1, 8, 8)))
    with serving(session) as address:
        explorer = Explorer(session, address)
        with watched(browser, explorer) as page:
            explorer.open(page)
            until(page, "document.querySelector('#verdict-of-network strong') !== null")
            marks = page.locator("#verdict-of-network small").all_text_contents()
            assert marks == ([] if given else ["untrained: its weights are first values"])

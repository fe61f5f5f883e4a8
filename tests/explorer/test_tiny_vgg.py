"""The network of CNN Explainer, opened from the file that its own page shows, with the ten pictures of that page.

There one sees nine products of one input channel, at two decimals. Here every sum is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import pellucid
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.images import read_image

from .conftest import Explorer, watched
from .looking import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CLASSES = (
    *("lifeboat", "ladybug", "pizza", "bell pepper", "school bus"),
    *("koala", "espresso", "red panda", "orange", "sport car"),
)
PICTURES = ["boat_1", "bug_1", "pizza_1", "pepper_1", "bus_1", "koala_1", "espresso_1", "panda_1", "orange_1", "car_1"]
PROBABILITIES = (0.8208, 0.9842, 0.9907, 0.7857, 0.9948, 0.9530, 0.8798, 0.9570, 0.9854, 0.9655)  # measured elsewhere


@pytest.fixture(scope="module")
def tiny(shared_data: Path) -> Iterator[Explorer]:
    """An explorer on it."""
    folder = shared_data / "cnn-explainer"
    net = pellucid.load(folder / "model.json")
    images = [read_image(folder / "img" / f"{name}.jpeg", (3, 64, 64)) for name in PICTURES]
    session = Session(net, images=np.stack(images), labels=range(10), classes=CLASSES, pictured=True)
    with serving(session) as address:
        yield Explorer(session, address)


@pytest.fixture
def page(browser: Browser, tiny: Explorer) -> Iterator[Page]:
    """A fresh page for it."""
    with watched(browser, tiny) as page:
        yield page


def test_each_of_its_ten_pictures_is_what_it_shows(tiny: Explorer, page: Page) -> None:
    """With the class's name, the probability that its own engine gives, and that this is right."""
    tiny.open(page)
    for number, (name, probability) in enumerate(zip(CLASSES, PROBABILITIES, strict=True)):
        if number:
            page.keyboard.press("n")
        page.locator(f"#verdict-of-network strong:text-is('{name}')").wait_for()
        share = page.locator(".best .share").get_attribute("data-value")
        assert share is not None
        assert float(share) == pytest.approx(probability, abs=2e-3)
        assert page.locator("#verdict-of-network .right").inner_text() == "✓ right"
        assert "scaled to 64 × 64; red, green, blue, from 0 to 1" in page.locator(".prepared").inner_text()


@pytest.mark.parametrize("sample", [0, 4, 9])
def test_a_score_is_followed_back_to_the_pixels_in_whole_sums(tiny: Explorer, page: Page, sample: int) -> None:
    """Every step is a click on a number of the sum before; every sum holds all channels, to the last product."""
    net = tiny.session.net
    tiny.open(page, f"#sample={sample}")
    page.locator(".best button").click()
    passed: list[str] = []
    for _ in range(2 * len(net.nodes)):
        page.locator("#number-title .address").wait_for()
        address = page.locator("#number-title .address").inner_text()
        layer, place = address.rstrip("]").split("[")
        passed.append(layer)
        if layer == str(net.inputs[0].name):
            break
        run = tiny.session.run_sample(sample)
        explanation = run.trace.explain(layer, tuple(int(axis) for axis in place.split(",")))
        shown = page.locator("#verdict [data-value]").evaluate_all("all => all.map((one) => Number(one.dataset.value))")
        assert shown[0] == pytest.approx(explanation.total, rel=1e-12, abs=1e-300)
        assert shown[1] == pytest.approx(float(explanation.value))
        if net.layers[layer].kind == "Conv2d":
            channels = net.node(layer).inputs[0].shape[0]
            assert len(explanation.terms) == 9 * channels
            if page.locator("#parts .more").count():
                page.locator("#parts .more").first.click()
            assert page.locator("#parts .part").count() == channels
        source = page.locator("#parts [data-go], #line [data-go]").first
        there = (source.get_attribute("data-go") or "").split(":")
        node = tiny.session.nodes[int(there[0])]
        source.click()
        wait_for(page, f"{node.name}[{there[1]}]")
    assert set(net.layers) - set(passed) == {"flatten"}  # a weighed place leads to the map that it was on
    assert passed[-1] == str(net.inputs[0].name)


def test_every_layer_says_more_than_at_home(tiny: Explorer, page: Page) -> None:
    """Parameters, multiply-adds, receptive field and the size's own sum stand on every column."""
    tiny.open(page)
    card = page.locator("#columns .card").nth(3).inner_text().replace("\u2009", "")
    assert card.startswith("conv_1_2")
    assert "(62 + 2·0 − 3)/1 + 1 = 60" in card
    assert "910" in card
    assert "3240000" in card
    assert "5 × 5" in card

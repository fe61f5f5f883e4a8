"""The panel shows what excites the open channel, and each image leads to itself, at the place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pellucid.explain import Excitation, excitations
from pellucid.explorer.answering import Query, answer
from pellucid.explorer.api import doors
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.train import data
from pellucid.train.digits import digits_network

from .conftest import Explorer, watched
from .looking import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ITEMS = "#panel-excites .excitations button"


@pytest.fixture(scope="module")
def learner() -> Iterator[Explorer]:
    """An explorer with data to learn from."""
    session = Session(digits_network(), data=data.load("digits"), drawing=data.digits_drawing)
    with serving(session) as address:
        yield Explorer(session, address)


@pytest.fixture
def page(browser: Browser, learner: Explorer) -> Iterator[Page]:
    """A fresh page for it."""
    with watched(browser, learner) as page:
        yield page


def best(explorer: Explorer, part: int, layer: str, channel: int) -> tuple[Excitation, ...]:
    """What Python finds."""
    found = excitations(explorer.session.net, data.load("digits")[part], layers=layer)
    return found[layer].channels[channel]


def shown(page: Page) -> list[str]:
    """What is said of each image."""
    page.locator(ITEMS).first.wait_for()
    return page.locator(ITEMS).evaluate_all("all => all.map((button) => button.getAttribute('aria-label'))")


def test_it_shows_what_excites_the_open_channel(learner: Explorer, page: Page) -> None:
    """The images that Python finds, with the receptive field marked in each; another channel has others."""
    learner.open(page, "#sample=0&layer=conv2[3,1,2]&panel=excites")
    for channel in (3, 7):
        learner.go(page, f"#sample=0&layer=conv2[{channel},1,2]&panel=excites")
        page.locator("#panel-excites .about", has_text=f"conv2, channel {channel}:").wait_for()
        expected = best(learner, 1, "conv2", channel)
        for said, one in zip(shown(page), expected, strict=True):
            assert said.startswith(f"sample {one.image}, ")
            assert f"conv2[{','.join(map(str, one.place))}] is " in said
            assert f"columns {one.columns.start} to {one.columns.stop - 1}" in said
    mark = page.locator(f"{ITEMS} .whole i").first.evaluate("mark => [mark.style.top, mark.style.height]")
    assert [float(share.rstrip("%")) for share in mark] == [expected[0].rows.start * 12.5, len(expected[0].rows) * 12.5]
    assert page.locator(f"{ITEMS} img").evaluate_all("all => all.every((image) => image.naturalWidth > 0)")


def test_a_sample_is_opened_at_the_place(learner: Explorer, page: Page) -> None:
    """By keyboard: Enter on an image shows that sample, and the layer at the number that excites the channel."""
    learner.open(page, "#sample=0&layer=conv1[2,1,1]&panel=excites")
    shown(page)
    page.locator(ITEMS).nth(1).focus()
    page.keyboard.press("Enter")
    one = best(learner, 1, "conv1", 2)[1]
    until(
        page,
        "hash => location.hash === hash",
        f"#sample={one.image}&layer=conv1[{','.join(map(str, one.place))}]&panel=excites",
    )
    page.locator("#layer-title", has_text="conv1").wait_for()
    assert page.locator(ITEMS).count() == 9  # the panel stays as it is


def test_training_images_too(learner: Explorer, page: Page) -> None:
    """Where there are data to learn from, these can be looked through; one of them is run, and is no sample."""
    learner.open(page, "#sample=5&layer=linear1[4]&panel=excites")
    assert all(said.startswith("sample ") for said in shown(page))
    page.locator("#panel-excites label", has_text="training images").click()
    page.locator(f"{ITEMS}[aria-label^='training image']").first.wait_for()
    expected = best(learner, 0, "linear1", 4)
    assert [said.split(",")[0] for said in shown(page)] == [f"training image {one.image}" for one in expected]
    page.locator(ITEMS).first.click()
    until(page, "!location.hash.includes('sample=') && location.hash.includes('layer=linear1[4]')")
    value = learner.session.run(learner.session.runs[-1]).trace["linear1"][4]
    assert abs(value - expected[0].value) <= 1e-5 * abs(expected[0].value)


def test_without_a_layer_it_says_what_to_do(digits: Explorer, digits_page: Page) -> None:
    """In the overview no channel is open; without data to learn from there is nothing to choose."""
    digits.open(digits_page, "#sample=0&panel=excites")
    digits_page.locator("#panel-excites .about", has_text="Open a layer").wait_for()
    assert digits_page.locator(ITEMS).count() == 0
    digits.go(digits_page, "#sample=0&layer=input[0,0,0]&panel=excites")
    assert len(shown(digits_page)) == 9
    assert digits_page.locator("#panel-excites [role=radiogroup]").is_hidden()


def test_every_kind_of_layer_has_an_answer(kinds: Explorer) -> None:
    """Maps and vectors of every kind of layer are looked through, and told with a box in the image."""
    asked = doors(kinds.session)
    for number, node in enumerate(kinds.session.nodes):
        status, told = answer(asked, "GET", "/api/excites", Query({"layer": str(number), "channel": "0"}))
        assert status == 200, told.content
        (best, *_) = json.loads(told.content)["found"]
        assert (len(best["place"]), best["place"][0]) == (len(node.shape), 0)
        assert 0 <= best["rows"][0] <= best["rows"][1] <= best["size"][0]

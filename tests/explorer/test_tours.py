"""Guided tours stay true: every stop is in the network, what it points at is in sight, its numbers are Python's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import Network
from pellucid.explain import Explanation, Trace, summarize
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.layers import Conv2d, Flatten, Linear
from pellucid.layers.node import Node
from pellucid.train import data
from pellucid.train.digits import train_digits

from .conftest import Explorer, watched
from .looking import focused, place, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOURS = {"convolution": 7, "activation": 6, "pooling": 5, "connected": 6, "dropout": 4, "network": 7}


@pytest.fixture(scope="module")
def trained() -> Iterator[Explorer]:
    """What `make explore` opens: the digits network, trained."""
    net, _, _, test = train_digits()
    session = Session(net, images=test.images, labels=test.labels, drawing=data.digits_drawing)
    with serving(session) as address:
        yield Explorer(session, address)


# Every fact that a tour may state, as Python has it: of a layer, or of the number at an address.


class Facts:
    """The network's facts about a layer, or about one number."""

    def __init__(self, session: Session, run: str, of: str) -> None:
        self.net, self.session, self.run = session.net, session, session.run(run)
        self.trace: Trace = self.run.trace
        name, _, index = of.partition("[")
        self.name, _, self.map = name.partition(", map ")
        self.index = tuple(map(int, re.findall(r"\d+", index)))

    @property
    def node(self) -> Node:
        """Its place in the network."""
        return next(node for node in self.session.nodes if node.name == self.name)

    @property
    def layer(self) -> Any:
        """The layer itself."""
        return self.node.layer

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what it gives."""
        return self.trace[self.name].shape

    @property
    def before(self) -> tuple[int, ...]:
        """The shape of what it reads."""
        return self.node.inputs[0].shape

    @property
    def row(self) -> Any:
        """The layer's line in the summary."""
        return next(layer for layer in summarize(self.net).layers if layer.name == self.name)

    @property
    def number(self) -> Explanation:
        """The arithmetic of the number."""
        return self.trace.explain(self.name, self.index)

    @property
    def values(self) -> np.ndarray:
        """One map."""
        return self.trace[self.name][int(self.map)]


def scores(facts: Facts) -> np.ndarray:
    """The shares of all classes."""
    found = facts.session.scores(facts.run)
    assert found is not None
    return found


ORACLE: dict[str, Callable[[Facts], float]] = {
    "axis 0": lambda facts: facts.shape[0],
    "axis 1": lambda facts: facts.shape[1],
    "axis 2": lambda facts: facts.shape[2],
    "numbers": lambda facts: math.prod(facts.shape),
    "parameters": lambda facts: facts.row.params,
    "parameters in all": lambda facts: summarize(facts.net).params,
    "multiply-adds in all": lambda facts: summarize(facts.net).macs,
    "weights a map": lambda facts: math.prod(facts.layer.kernel_size),
    "channels read": lambda facts: len({index[0] for index in facts.number.terms.index.tolist()}),
    "field": lambda facts: math.prod(
        min(size, most) for size, most in zip(facts.row.receptive_field, facts.net.inputs[0].shape[1:], strict=True)
    ),
    "jump": lambda facts: facts.row.field[0].jump,
    "times fewer": lambda facts: math.prod(facts.before[1:]) / math.prod(facts.shape[1:]),
    "count": lambda facts: len(facts.number.terms.value),
    "most": lambda facts: max(facts.number.terms.product, key=abs),
    "bias": lambda facts: facts.number.bias or 0,
    "total": lambda facts: facts.number.total,
    "value": lambda facts: facts.trace[facts.name][facts.index],
    "winner": lambda facts: max(facts.number.terms.value),
    "read": lambda facts: facts.number.terms.value[0],
    "strongest read": lambda facts: facts.number.terms.value[np.abs(facts.number.terms.product).argmax()],
    "place": lambda facts: facts.index[0],
    "share": lambda facts: scores(facts).max(),
    "rate": lambda facts: facts.layer.p,
    "scale": lambda facts: 1 / (1 - facts.layer.p),
    "kept": lambda facts: math.prod(facts.shape) * (1 - facts.layer.p),
    "grown": lambda facts: facts.trace[facts.name][facts.index] / (1 - facts.layer.p),
    "zeros": lambda facts: int((facts.values == 0).sum()),
    "map size": lambda facts: facts.values.size,
}
POINTED = """
() => {
  const all = [...document.querySelectorAll(".toured")];
  if (all.length !== 1 || !all[0].checkVisibility()) return `${all.length} are pointed at`;
  const box = all[0].getBoundingClientRect();
  const above = document.getElementById("tour").getBoundingClientRect().bottom;
  const inside = box.bottom > above + 20 && box.top < innerHeight - 20 && box.width > 0 && box.left < innerWidth;
  return inside || all[0].id === "samples" ? "" : `${all[0].id || all[0].className} is out of sight`;
}
"""


def at_stop(page: Page, tour: str, stop: int) -> None:
    """Wait until a stop is told."""
    page.locator(f"#tour:visible #tour-words[data-step='{stop}']").wait_for()
    until(page, "([tour, stop]) => location.hash.endsWith(`tour=${tour}&step=${stop}`)", [tour, stop + 1])


def check_stop(page: Page, session: Session, run: str) -> set[str]:
    """Require that the stop that is told is right; gives the kinds of its facts."""
    stated = page.locator("#tour-words [data-fact]").evaluate_all(
        "all => all.map((one) => [one.dataset.fact, one.dataset.of, Number(one.dataset.value), one.textContent])"
    )
    for kind, of, value, text in stated:
        wanted = ORACLE[kind](Facts(session, run, of))
        assert value == pytest.approx(wanted, rel=1e-12, abs=1e-300), (kind, of)
        assert text.strip()
    words = page.locator("#tour-words").evaluate(
        "node => [...node.childNodes].filter((part) => part instanceof Text).map((part) => part.data).join('')"
    )
    typed = re.findall(r"\d+", re.sub(r"“[^”]*”|float32|1 / \(1 − |\b0\b", "", words))
    assert typed == [], f"numbers that are typed in: {words}"
    until(page, f"({POINTED})() === ''")
    return {kind for kind, *_ in stated}


@pytest.mark.parametrize("sample", [0, pytest.param(7, marks=pytest.mark.slow)])
def test_every_stop_is_true(browser: Browser, trained: Explorer, sample: int) -> None:
    """Of each tour, every number at every stop is the network's, and what is pointed at is to be seen."""
    kinds: set[str] = set()
    with watched(browser, trained, viewport={"width": 1280, "height": 800}) as page:
        trained.open(page, f"#sample={sample}")
        offered = page.locator("#tours [data-tour]").evaluate_all("all => all.map((one) => one.dataset.tour)")
        assert offered == list(TOURS)
        for tour, stops in TOURS.items():
            page.locator(f"[data-tour={tour}]").click()
            for stop in range(stops):
                at_stop(page, tour, stop)
                assert page.locator("#tour-progress").text_content() == f"{stop + 1} of {stops}"
                kinds |= check_stop(page, trained.session, f"sample-{sample}")
                page.locator("#tour-on").click()
            page.locator("#tour").wait_for(state="hidden")
            assert "tour" not in place(page)
            assert page.locator(".toured").count() == 0
            while place(page) != f"sample={sample}":
                page.keyboard.press("Escape")
    assert kinds == set(ORACLE)


def test_a_tour_by_keyboard(trained: Explorer, page: Page) -> None:
    """Enter takes a tour, arrows go on and back, Escape leaves it where one is; the focus is never lost."""
    trained.open(page)
    page.locator("[data-tour=pooling]").focus()
    page.keyboard.press("Enter")
    at_stop(page, "pooling", 0)
    assert focused(page) == "next ›"
    page.keyboard.press("ArrowLeft")  # there is nothing before the first stop
    for stop in (1, 2):
        page.keyboard.press("ArrowRight")
        at_stop(page, "pooling", stop)
    for stop in (1, 0):
        page.keyboard.press("ArrowLeft")
        at_stop(page, "pooling", stop)
    assert focused(page) == "next ›"
    page.keyboard.press("Enter")
    at_stop(page, "pooling", 1)
    assert page.evaluate("document.body.dataset.depth") == "layer"
    page.keyboard.press("Escape")
    page.locator("#tour").wait_for(state="hidden")
    assert page.evaluate("document.body.dataset.depth") == "layer"
    page.locator("#layer-map:focus").wait_for()


def test_a_tour_that_is_left_at_the_top(trained: Explorer, page: Page) -> None:
    """Who leaves a tour at the whole network stands again where it began."""
    trained.open(page)
    page.locator("[data-tour=dropout]").click()
    at_stop(page, "dropout", 0)
    page.locator("#tour-leave").click()
    page.locator("[data-tour=dropout]:focus").wait_for()


def test_a_link_into_a_tour(browser: Browser, trained: Explorer) -> None:
    """An address with a tour and a step shows that stop, and the browser's own buttons go the way that was gone."""
    with watched(browser, trained) as page:
        trained.open(page, "#tour=convolution&step=2")
        at_stop(page, "convolution", 1)
        page.locator("#kernel.toured").wait_for()
        page.locator("#tour-on").click()
        at_stop(page, "convolution", 2)
        page.go_back()
        at_stop(page, "convolution", 1)
        page.locator("#kernel.toured").wait_for()


@pytest.mark.parametrize("link", ["#tour=nothing&step=1", "#tour=pooling&step=6", "#tour=pooling&step=999", "#step=2"])
def test_a_link_to_no_stop_shows_the_network(browser: Browser, trained: Explorer, link: str) -> None:
    """A tour or a stop that is not there is passed over."""
    with watched(browser, trained) as page:
        trained.open(page, link)
        until(page, "!location.hash.includes('tour')" if "tour" in link else "true")
        assert page.locator("#tour").is_hidden()
        assert page.evaluate("document.body.dataset.depth") == "overview"


def test_a_tour_follows_the_image(browser: Browser, trained: Explorer) -> None:
    """When another image is looked at, the stop's words are about that one."""
    with watched(browser, trained) as page:
        trained.open(page, "#sample=0&tour=network&step=4")
        at_stop(page, "network", 3)
        for sample in (1, 2):
            page.keyboard.press("n")
            name = trained.session.classes[int(trained.session.run_sample(sample).trace["linear1"].argmax())]
            until(page, "name => document.getElementById('tour-words').textContent.includes(`“${name}”`)", name)
            until(page, f"location.hash.includes('sample={sample}&')")
            check_stop(page, trained.session, f"sample-{sample}")


@pytest.mark.slow
def test_tours_on_any_network(browser: Browser, kinds: Explorer) -> None:
    """They are written for the digits, and can be taken on every network that has the layers."""
    with watched(browser, kinds) as page:
        kinds.open(page)
        for tour, stops in TOURS.items():
            kinds.go(page, f"#sample=0&tour={tour}")
            for stop in range(stops):
                at_stop(page, tour, stop)
                page.locator("#tour-on").click()
            page.locator("#tour").wait_for(state="hidden")
        assert page.locator("#complaint").is_hidden()


def test_only_tours_of_what_is_there_are_offered(browser: Browser) -> None:
    """A network without pools, activations or dropout has no tour of them."""
    session = Session(Network((1, 4, 4), [Conv2d(2, 3), Flatten(), Linear(2)]))
    with serving(session) as address:
        explorer = Explorer(session, address)
        with watched(browser, explorer) as page:
            explorer.open(page, "#tour=pooling&step=1")
            assert page.locator("#tours [data-tour]").evaluate_all("all => all.map((one) => one.dataset.tour)") == [
                "convolution",
                "connected",
                "network",
            ]
            assert page.locator("#tour").is_hidden()


def test_a_stop_fits_a_small_screen(browser: Browser, trained: Explorer) -> None:
    """On a telephone a stop's words and what they are about are on the screen together."""
    with watched(browser, trained, viewport={"width": 360, "height": 780}) as page:
        trained.open(page)
        for tour in ("convolution", "network"):
            for stop in range(TOURS[tour]):
                trained.go(page, f"#sample=0&tour={tour}&step={stop + 1}")
                at_stop(page, tour, stop)
                until(page, f"({POINTED})() === ''")
                assert page.evaluate("document.documentElement.scrollWidth") == 360

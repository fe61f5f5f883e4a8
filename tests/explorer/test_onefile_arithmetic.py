"""A page without a server says of every number what the server would say, to the last bit, in a real browser."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid.explorer
from pellucid import Input, Network
from pellucid.explorer import facts
from pellucid.explorer.onefile.contents import gathered
from pellucid.explorer.onefile.sightings import FORMULAS
from pellucid.explorer.session import Session
from pellucid.layers import REGISTRY, Conv2d, Flatten, Linear, MaxPool2d, ReLU
from pellucid.layers.base import Example

from .every_kind import every_kind, photos

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ROOM = Path(pellucid.explorer.__file__).parent
HOME = "http://scripts.test/"
MOST = 16  # numbers of a layer that are compared
EXAMPLES = [example for kind in REGISTRY.values() for example in kind.examples()]

OPEN = """
async ([pieces, runs]) => {
  const { open } = await import("/onefile/js/library.js");
  const { EmbeddedTransport } = await import("/onefile/js/transport.js");
  const transport = new EmbeddedTransport(await open((name) => pieces[name], runs));
  window.ask = async (path, params) => new TextDecoder().decode(await transport.get(path, params));
}
"""
ASK = "(questions) => Promise.all(questions.map(([path, params]) => window.ask(path, params)))"


@pytest.fixture(scope="module")
def scripts(browser: Browser) -> Iterator[Page]:
    """A page that can import the explorer's modules, each by itself, and nothing else."""

    def serve(route: Route) -> None:
        file = ROOM / route.request.url.removeprefix(HOME)
        if file.suffix == ".js" and file.is_file():
            route.fulfill(path=file, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", serve)
    page.goto(HOME)
    yield page
    context.close()


def carry(page: Page, session: Session, samples: list[int]) -> None:
    """Open in a page what a page on these samples carries."""
    made = gathered(session, samples, layers=None)
    assert made.left_out == []
    pieces = {"facts": made.facts, "weights": made.weights}
    page.evaluate(OPEN, [pieces | {f"run-{at}": run for at, run in enumerate(made.runs)}, len(made.runs)])


def some(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return places of a layer: all, or as many as are compared, the first and the last among them."""
    total = int(np.prod(shape))
    flat = np.unique(np.linspace(0, total - 1, min(total, MOST)).astype(int))
    return [tuple(int(at) for at in np.unravel_index(number, shape)) for number in flat]


def same(page: Page, session: Session, sample: int, tell: Callable[..., dict[str, Any]], path: str, name: str) -> None:
    """Hold what a page says of a layer's numbers against what Python says."""
    run = session.run_sample(sample)
    number = next(at for at, node in enumerate(session.nodes) if node.name == name)
    places = some(session.nodes[number].shape)
    asked = [
        [path, {"run": f"sample-{sample}", "layer": str(number), "index": ",".join(map(str, place))}]
        for place in places
    ]
    for place, said in zip(places, page.evaluate(ASK, asked), strict=True):
        wanted = json.loads(json.dumps(tell(run, name, place)))
        assert json.loads(said) == wanted, f"{name}{list(place)}"


@pytest.fixture(scope="module")
def kinds(scripts: Page) -> Session:
    """A session on the network with every kind of layer, two runs of which the page carries."""
    session = Session(every_kind(), images=photos(2))
    carry(scripts, session, [0, 1])
    return session


@pytest.mark.parametrize("name", [str(node.name) for node in every_kind().nodes])
def test_a_number_is_taken_apart_as_by_the_server(scripts: Page, kinds: Session, name: str) -> None:
    """Terms, products, totals, rounding, sums of channels and what follows: the same, in the second run too."""
    for sample in (0, 1):
        same(scripts, kinds, sample, facts.number, "/api/explain", name)


@pytest.mark.parametrize("name", [str(node.name) for node in every_kind().nodes])
def test_a_field_is_the_servers(scripts: Page, kinds: Session, name: str) -> None:
    """What a number depends on is the same box in every earlier layer, with the same status and channels."""
    same(scripts, kinds, 0, facts.field, "/api/field", name)


@pytest.mark.parametrize("name", [str(node.name) for node in every_kind().inputs + every_kind().nodes])
def test_what_a_number_reaches_is_the_servers(scripts: Page, kinds: Session, name: str) -> None:
    """What depends on a number is the same box in every later layer, from the pixels on."""
    same(scripts, kinds, 0, facts.reached, "/api/reached", name)


def test_every_example_of_every_layer(scripts: Page) -> None:
    """Whatever a layer's parameters are: its numbers and their fields are the server's."""
    for example in EXAMPLES:
        session = alone(example)
        carry(scripts, session, [0])
        name = str(session.net.nodes[0].name)
        same(scripts, session, 0, facts.number, "/api/explain", name)
        same(scripts, session, 0, facts.field, "/api/field", name)
        for given in session.net.inputs:
            same(scripts, session, 0, facts.reached, "/api/reached", str(given.name))


def alone(example: Example) -> Session:
    """Return a session on a network of one layer."""
    inputs = [Input(shape) for shape in example.shapes]
    net = Network(inputs if len(inputs) > 1 else inputs[0], example.layer(*inputs))
    random = np.random.default_rng(5)
    images = [random.normal(size=(1, *shape)).astype(np.float32) for shape in example.shapes]
    return Session(net, images=tuple(images) if len(images) > 1 else images[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e38, 1e-45])
def test_strange_numbers_are_the_servers(scripts: Page, bad: float) -> None:
    """NaN, infinities, what overflows and what is smaller than all normal numbers go through as in Python."""
    net = Network((1, 6, 6), [Conv2d(2, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(3)], seed=1)
    image = np.random.default_rng(0).normal(size=(1, 1, 6, 6)).astype(np.float32)
    image[0, 0, 2, 3] = bad
    image[0, 0, 5, 5] = -bad
    session = Session(net, images=image)
    carry(scripts, session, [0])
    for node in net.nodes:
        same(scripts, session, 0, facts.number, "/api/explain", str(node.name))


def test_of_very_many_terms_the_foremost_are_told(scripts: Page) -> None:
    """Of more terms than a page holds, the same are told as by the server: channels, places, or rows of one window."""
    random = np.random.default_rng(0)
    for shape, layers in (
        ((9000,), [Linear(2)]),
        ((12, 30, 30), [Conv2d(2, 30)]),
        ((1, 100, 101), [Conv2d(1, (100, 101))]),
    ):
        session = Session(Network(shape, layers), images=random.normal(size=(1, *shape)).astype(np.float32))
        carry(scripts, session, [0])
        same(scripts, session, 0, facts.number, "/api/explain", str(session.net.nodes[0].name))


def test_sums_are_rounded_once(scripts: Page) -> None:
    """Sums of numbers of all sizes are Python's math.fsum, ties and cancellation included."""
    random = np.random.default_rng(1)
    lists = [(random.normal(size=n) * 10.0 ** random.integers(-20, 20, n)).tolist() for n in range(1, 200)]
    lists += [[1e16, 1.0, -1e16], [1.0, 2.0**-53], [1.0, 2.0**-53, 2.0**-106], [1.0, -(2.0**-54), -(2.0**-108)], []]
    lists += [[*one, *(-x for x in one[::-1])] for one in lists]
    sums = scripts.evaluate(
        "async (lists) => { const { exactSum } = await import('/onefile/js/exact.js'); return lists.map(exactSum); }",
        lists,
    )
    assert [float(one) for one in sums] == [math.fsum(one) for one in lists]


def test_the_page_knows_the_formulas_that_are_left_to_it(scripts: Page) -> None:
    """What Python does not tell because the page computes it, the page computes."""
    known = scripts.evaluate(
        "async () => Object.keys((await import('/onefile/js/formulas.js')).FORMULAS)",
    )
    assert sorted(known) == sorted(FORMULAS)

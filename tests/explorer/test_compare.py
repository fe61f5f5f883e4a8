"""Two networks, or two engines, on the image that is shown: where they first differ, why, and the number itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pellucid import Network, compare
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.layers import LeakyReLU
from pellucid.train import data
from pellucid.train.digits import digits_network

from .conftest import Explorer, watched
from .looking import open_panel, place, until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def leaky(net: Network) -> Network:
    """The same network and weights, but for one activation that lets a fifth of what is negative through."""
    other = Network(net.inputs[0].shape, [(n, LeakyReLU(0.2) if n == "relu2" else a) for n, a in net.layers.items()])
    for name in net.weights:
        other.weights[name] = net.weights[name]
    return other


@pytest.fixture(scope="module")
def planted() -> Iterator[Explorer]:
    """The digits network, to be compared with one in which an activation was changed."""
    net = digits_network()
    _, test = data.load("digits")
    session = Session(net, images=test.images, labels=test.labels, other=leaky(net), engine="reference")
    with serving(session) as address:
        yield Explorer(session, address)


def rows(page: Page) -> list[list[str]]:
    """The table, line by line."""
    until(page, "document.querySelector('.comparison:not([aria-busy]) tbody tr') !== null")
    return page.locator(".comparison tbody tr").evaluate_all(
        "all => all.map((row) => [...row.children].map((cell) => cell.textContent))"
    )


def test_a_planted_difference_is_shown(browser: Browser, planted: Explorer) -> None:
    """The first layer that differs, its rule with the fix, all layers behind it, marks on columns, and the number."""
    net, other = planted.session.net, planted.session.other
    assert other is not None
    with watched(browser, planted) as page:
        planted.open(page, "#sample=3&panel=compare")
        found = compare(net, other, planted.session.image(3)[0])
        shown = rows(page)
        assert [line[0] for line in shown] == [layer.a for layer in found.layers]
        verdicts = {line[0]: line[4] for line in shown}
        assert (verdicts["conv2"], verdicts["relu2"], verdicts["pool2"]) == (
            "same",
            "differs, made here",
            "differs, passed on",
        )
        assert page.locator(".why h3").all_text_contents() == [f"First: relu2, by {found.layers[5].largest:.3g}"]
        assert page.locator(".why p").all_text_contents() == list(found.rules)
        assert page.locator(".comparison tr.first th").all_text_contents() == ["relu2"]
        marks = page.locator("#columns .card").evaluate_all(
            "all => all.map((card) => card.querySelector('.apart-mark')?.classList[1])"
        )
        assert marks == [layer.verdict for layer in found.layers]

        page.locator(".comparison tbody button", has_text="relu2").click()
        where = ",".join(map(str, found.layers[5].place or ()))
        wait_for(page, f"relu2[{where}]")
        assert place(page) == f"sample=3&number=relu2[{where}]&panel=compare"
        page.keyboard.press("n")  # another image is compared at once
        until(page, "document.querySelector('.why h3')?.textContent.startsWith('First: relu2') === true")
        page.locator("#tools [data-panel=compare]").click()
        assert page.locator(".apart-mark").count() == 0


def test_two_engines_are_compared(browser: Browser, digits: Explorer) -> None:
    """Without another network it is the same one on two engines; each difference is rounding, and that is said."""
    with watched(browser, digits) as page:
        digits.open(page)
        open_panel(page, "compare")
        shown = rows(page)
        assert {line[4] for line in shown} <= {"same", "rounding"}
        assert page.locator(".comparison .verdict").text_content() in (
            "On this image they are the same, number by number.",
            "On this image they are the same, but for rounding.",
        )
        assert page.get_by_label("B", exact=True).locator("option").all_text_contents() == ["the same network"]
        page.get_by_label("engine of A").select_option("reference")
        until(page, "document.querySelectorAll('.comparison [data-verdict=same]').length === 10")
        assert (page.locator(".comparison .verdict").text_content() or "").endswith("number by number.")


REFUSED = """
(why) => {
  const real = fetch;
  window.fetch = (to, how) => String(to).startsWith("/api/compare?")
    ? Promise.resolve(new Response(JSON.stringify({ error: why }), { status: 400 }))
    : real(to, how);
}
"""


def test_what_cannot_be_compared_says_why(browser: Browser, planted: Explorer) -> None:
    """What the server refuses stands in the panel."""
    with watched(browser, planted) as page:
        planted.open(page, "#sample=0")
        page.evaluate(REFUSED, {"where": "compare", "got": "this", "expected": "that", "fix": "do something"})
        page.locator("#tools [data-panel=compare]").click()
        page.locator(".comparison .refused:has-text('compare: got this; expected that. do something.')").wait_for()

"""What is open can be read as text: the network, a map's numbers, and what a number was made of, as Python has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import Network
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.layers import Conv2d

from .conftest import Explorer, watched
from .looking import open_panel, until, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROWS = "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"


def table(page: Page) -> list[list[str]]:
    """The table in the panel, head and lines."""
    return page.eval_on_selector_all("#panel-words tr", ROWS)


def number(text: str) -> float:
    """A number as the page writes it."""
    return float(text.replace("−", "-"))


def test_the_network_in_sentences(digits: Explorer, digits_page: Page) -> None:
    """Every layer has its sentence: what it is, what it reads, how many numbers it has; then what the network says."""
    digits.open(digits_page, "#sample=0&panel=words")
    digits_page.locator("#panel-words li").first.wait_for()
    said = digits_page.locator("#panel-words li").all_text_contents()
    assert len(said) == 10
    assert said[0] == "input is what goes in; it has 1 × 8 × 8 numbers."
    assert said[4] == "conv2, Conv2d(32, 3, padding=1), reads pool1 and has 32 × 4 × 4 numbers."
    scores = digits.session.scores(digits.session.run("sample-0"))
    assert scores is not None
    best = int(scores.argmax())
    until(
        digits_page,
        "said => document.querySelector('#panel-words p:last-child').textContent.startsWith(said)",
        f"It says “{best}” {100 * scores[best]:.1f} %, ",
    )


def test_a_map_in_numbers(digits: Explorer, digits_page: Page) -> None:
    """All numbers of the open map stand in a table with their rows and columns."""
    digits.open(digits_page, "#sample=0&layer=conv2[3,1,2]&panel=words")
    digits_page.keyboard.press("d")
    until(digits_page, "document.querySelectorAll('#panel-words td').length === 17")
    head, *lines = table(digits_page)
    assert head == ["", "0", "1", "2", "3"]
    assert [line[0] for line in lines] == ["0", "1", "2", "3"]
    shown = np.array([[np.float32(number(text)) for text in line[1:]] for line in lines])
    assert np.array_equal(shown, digits.session.run("sample-0").trace["conv2"][3])


@pytest.mark.parametrize("place", ["conv2[3,1,2]", "pool1[3,1,2]", "linear1[3]", "relu1[0,4,4]"])
def test_a_number_with_its_parts(digits: Explorer, digits_page: Page, place: str) -> None:
    """Every number that the open one was made of stands in a line, with its place, its weight and their product."""
    digits.open(digits_page)
    visit(digits, digits_page, f"#sample=0&number={place}")
    open_panel(digits_page, "words")
    digits_page.keyboard.press("d")
    name, index = place.rstrip("]").split("[")
    wanted = digits.session.run("sample-0").trace.explain(name, tuple(map(int, index.split(","))))
    until(
        digits_page,
        "said => document.querySelector('#panel-words caption')?.textContent === said",
        f"What {place} was made of",
    )
    _, *lines = table(digits_page)
    assert [number(line[1]) for line in lines] == pytest.approx(wanted.terms.value.tolist(), rel=1e-7)
    if wanted.terms.weight is not None:
        assert [number(line[3]) for line in lines] == wanted.terms.product.tolist()
    said = digits_page.locator("#panel-words p").last.text_content() or ""
    results = re.search(r"In float64 the result is (\S+); the engine's float32 is (\S+)\.$", said)
    assert results, said
    assert (number(results[1]), np.float32(number(results[2]))) == (wanted.total, np.float32(wanted.value))
    assert sum(line[0] == "padding" for line in lines) == int((~wanted.terms.inside).sum())


def test_of_a_large_map_a_part(browser: Browser) -> None:
    """Of a map too large to be read, the table has the part around the selected number."""
    session = Session(Network((1, 70, 90), [Conv2d(1, 1)]))
    with serving(session) as address:
        explorer = Explorer(session, address)
        with watched(browser, explorer) as page:
            explorer.open(page, "#sample=0&layer=conv1[0,69,40]&panel=words")
            page.locator("#panel-words caption").wait_for()
            head, *lines = table(page)
            assert (head[1], head[-1], lines[0][0], lines[-1][0]) == ("24", "55", "38", "69")
            caption = page.locator("#panel-words caption").text_content()
            assert caption == "conv1, channel 0, the part around row 69, column 40"

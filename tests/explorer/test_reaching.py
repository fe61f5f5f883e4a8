"""Two ways: what a number depends on in earlier layers, and what depends on it in later ones, is marked and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from .conftest import Explorer
from .looking import until, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

# For every column the outline on one of its maps, as shares of the map, and whether it is one of what is reached.
MARKS = """
() => Object.fromEntries([...document.querySelectorAll("#columns .card")].map((card) => {
  const mark = card.querySelector(".field:not([hidden])") ?? card.querySelector(".field");
  const { top, left, height, width } = mark.style;
  const box = [top, height, left, width].map((share) => Math.round(parseFloat(share) * 1000) / 1000);
  return [card.dataset.node, mark.hidden ? null : [mark.classList.contains("reached"), ...box]];
}))
"""


def box(mask: np.ndarray) -> list[float]:
    """Where the outline of a mask lies on a map, in percent: top, height, left, width."""
    rows, columns = (np.flatnonzero(mask.any(axis=(0, 2 - axis))) for axis in (0, 1))
    _, height, width = mask.shape
    parts = [
        (rows[0], height),
        (rows[-1] + 1 - rows[0], height),
        (columns[0], width),
        (columns[-1] + 1 - columns[0], width),
    ]
    return [round(100 * int(part) / of, 3) for part, of in parts]


@pytest.mark.parametrize("place", ["input[0,3,5]", "conv1[2,0,7]", "pool1[4,2,1]"])
def test_outlines_are_what_python_says(digits: Explorer, digits_page: Page, place: str) -> None:
    """Earlier layers have the receptive field, later ones, dashed, what is reached: both to the pixel."""
    name, _, rest = place.partition("[")
    index = tuple(int(part) for part in rest.rstrip("]").split(","))
    digits.open(digits_page, f"#sample=0&layer={place}")
    until(digits_page, "document.querySelector('.field.reached:not([hidden])') !== null")
    until(digits_page, "document.querySelector('#layer-reaches').textContent !== ''")
    shown: dict[str, Any] = digits_page.evaluate(MARKS)
    run = digits.session.run("sample-0").trace
    before, behind = run.receptive_masks(name, index), run.projective_masks(name, index)
    for number, node in enumerate(digits.session.nodes[:7]):
        layer = str(node.name)
        if layer == name:
            continue
        mask = before.get(layer, behind.get(layer))
        assert mask is not None
        assert shown[str(number)] == [layer in behind, *box(mask)]


def test_a_place_that_is_read_shows_what_it_reaches(digits: Explorer, digits_page: Page) -> None:
    """Point at a number of the map that a layer reads: the outputs that read it are said, and outlined."""
    page = digits_page
    digits.open(page, "#sample=0&layer=conv2[3,1,2]")
    wait_for(page, "conv2[3,1,2]")
    until(page, "document.querySelector('#layer-reaches').textContent.startsWith('conv2[3,1,2] reaches')")
    canvas = page.locator("#reads-map canvas")
    canvas.scroll_into_view_if_needed()
    area = canvas.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 1.5 / 6, area["y"] + area["height"] * 1.5 / 6)  # 4 x 4, padded by 1
    until(page, "document.querySelector('#layer-reaches').textContent.startsWith('pool1[')")
    said = page.locator("#layer-reaches").text_content() or ""
    channel = said.split("[")[1].split(",")[0]
    wanted = f"pool1[{channel},0,0] reaches rows 0 to 1, columns 0 to 1 of conv2; all of linear1."
    assert said == wanted
    assert page.locator("#columns .card[data-node='5'] .field.reached").first.is_visible()
    assert "layer=conv2[3,1,2]" in page.url.replace("%5B", "[").replace("%5D", "]")
    page.mouse.move(area["x"] - 30, area["y"] - 30)
    until(page, "document.querySelector('#layer-reaches').textContent.startsWith('conv2[3,1,2] reaches')")


def test_what_nothing_reads_says_so(digits: Explorer, digits_page: Page) -> None:
    """The network's own outputs are read by nobody."""
    digits.open(digits_page, "#sample=0&layer=linear1[3]")
    until(digits_page, "document.querySelector('#layer-reaches').textContent === 'Nothing reads linear1[3].'")

"""Why this class: the panel shows Python's numbers, over the image, for everyone."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page

from pellucid.explain import trace
from pellucid.explain.attribution import METHODS, Attribution
from pellucid.explorer.why import affordable

from .conftest import Explorer

ANSWER = "#panel-why .answer:not([hidden])"


def expected(explorer: Explorer, method: str, target) -> Attribution:
    """What Python says of sample 3."""
    net = explorer.session.net
    return trace(net, explorer.session.image(3)[0]).attribute(affordable(method, net), target)


def opened(explorer: Explorer, page: Page, place: str = "") -> None:
    """Open the panel on sample 3."""
    explorer.open(page, f"#sample=3{place}&panel=why")
    page.locator(ANSWER).wait_for()


WALK = """([rows, columns]) => {
  const image = document.querySelector("#panel-why .weighed");
  const press = (key) => image.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const said = [];
  for (let row = 0; row < rows; row += 1) press("ArrowUp");
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) press("ArrowLeft");
    for (let column = 0; column < columns; column += 1) {
      said.push(document.getElementById("why-cell").textContent);
      press("ArrowRight");
    }
    press("ArrowDown");
  }
  return said;
}"""


def walked(page: Page, rows: int, columns: int) -> np.ndarray:
    """The numbers that arrow keys have read out, row by row."""
    found: list[float] = []
    for at, words in enumerate(page.evaluate(WALK, [rows, columns])):
        place, _, rest = words.partition(": ")
        assert place == f"row {at // columns}, column {at % columns}"
        found.append(float(rest.split(";")[0].replace("\u2212", "-")))
    return np.array(found).reshape(rows, columns)


@pytest.mark.parametrize("method", METHODS)
def test_the_numbers_are_pythons(digits: Explorer, digits_page: Page, method: str) -> None:
    """Every pixel that the arrow keys read out, the strongest places and the score are what Python says."""
    opened(digits, digits_page)
    digits_page.locator("#digits").evaluate("button => button.click()")
    digits_page.locator("#why-target").select_option("7")
    digits_page.locator("#why-method").select_option(method)
    digits_page.locator(f"{ANSWER}[data-method='{method}'][data-target='7']").wait_for()
    right = expected(digits, method, 7)
    assert digits_page.locator("#panel-why .about").text_content() == METHODS[method].about
    np.testing.assert_allclose(walked(digits_page, 8, 8), right.map, rtol=1e-4, atol=1e-5)
    said = digits_page.locator("#panel-why .strongest button").evaluate_all(
        "all => all.map((button) => Number(button.dataset.value))"
    )
    assert said == pytest.approx([strong.value for strong in right.strongest()], rel=1e-4, abs=1e-5)
    story = digits_page.locator("#panel-why .said").inner_text()
    assert f"The score of 7, {right.address}, is " in story
    assert (f"The maps are those of {right.layer}." in story) == (right.layer is not None)
    assert ("An image of zeros has" in story) == (right.reference is not None)


def test_the_predicted_class_then_another_sample(digits: Explorer, digits_page: Page) -> None:
    """Without a choice it is the predicted class, and the panel follows the sample."""
    opened(digits, digits_page)
    net = digits.session.net
    for sample in (3, 4):
        best = int(net.predict(digits.session.image(sample)[0]).argmax())
        digits_page.locator(f"{ANSWER}[data-target='{best}']").wait_for()
        assert f"The score of {best}, linear1[{best}], is" in digits_page.locator("#panel-why .said").inner_text()
        digits_page.locator("#sample-on").click()


def test_the_number_that_is_open(digits: Explorer, digits_page: Page) -> None:
    """Any number can be asked about; where none is open the panel says what to do."""
    opened(digits, digits_page)
    digits_page.locator("#why-target").select_option("open")
    digits_page.locator("#panel-why .wait", has_text="Open a number of a layer").wait_for()
    digits.go(digits_page, "#sample=3&number=conv2[4,2,1]&panel=why")
    digits_page.locator("#panel-why .said", has_text="conv2[4,2,1] is").wait_for()
    right = expected(digits, "integrated gradients", ("conv2", (4, 2, 1)))
    first = digits_page.locator("#panel-why .strongest button").first
    assert float(first.get_attribute("data-value") or 0) == pytest.approx(right.strongest()[0].value, rel=1e-4)


def test_what_is_seen_is_said(digits: Explorer, digits_page: Page) -> None:
    """A strongest place leads to its pixel, the live region tells them all, and the slider changes what is seen."""
    opened(digits, digits_page)
    button = digits_page.locator("#panel-why .strongest button").nth(1)
    words = button.text_content() or ""
    button.focus()
    digits_page.keyboard.press("Enter")
    assert (digits_page.locator("#why-cell").text_content() or "").startswith(words)
    assert (digits_page.locator("#panel-why .under").text_content() or "").startswith(words)
    digits_page.locator("#live", has_text=words).wait_for(state="attached")
    slider = digits_page.locator("#why-strength")
    slider.focus()
    digits_page.keyboard.press("Home")
    seen = "all => all.map((canvas) => Number(getComputedStyle(canvas).opacity))"
    assert digits_page.locator("#panel-why .weighed canvas").evaluate_all(seen) == [1, 0]
    digits_page.keyboard.press("End")
    assert digits_page.locator("#panel-why .weighed canvas").evaluate_all(seen) == pytest.approx([0.35, 1])


def test_the_pointer_reads_pixels(digits: Explorer, digits_page: Page) -> None:
    """A pixel under the mouse is told like one under the keys."""
    opened(digits, digits_page)
    image = digits_page.locator("#panel-why .weighed")
    box = image.bounding_box()
    assert box is not None
    image.hover(position={"x": box["width"] * 2.5 / 8, "y": box["height"] * 6.5 / 8})
    assert (digits_page.locator("#why-cell").text_content() or "").startswith("row 6, column 2: ")


def test_an_input_is_no_question(digits: Explorer, digits_page: Page) -> None:
    """A pixel was given and not computed: the panel waits for a number, and is answered again by the next choice."""
    opened(digits, digits_page, "&number=pool1[0,0,0]")
    digits_page.locator("#why-target").select_option("open")
    digits_page.locator("#panel-why .said", has_text="pool1[0,0,0] is").wait_for()
    digits.go(digits_page, "#sample=3&layer=input[0,0,0]&panel=why")
    digits_page.locator("#panel-why .wait", has_text="Open a number of a layer").wait_for()
    digits_page.locator("#why-target").select_option("")
    digits_page.locator(ANSWER).wait_for()

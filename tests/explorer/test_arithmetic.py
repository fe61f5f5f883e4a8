"""The arithmetic on the screen is Python's, for every kind of layer: each number is read from the page and compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.explain import Explanation
from pellucid.layers import REGISTRY
from pellucid.layers.arithmetic import exact_sum

from .conftest import Explorer, watched
from .every_kind import every_kind

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = [str(node.name) for node in every_kind().nodes]

# Everything that the page says about the number, as it stands there: with all its digits.
READ = """
() => {
  const texts = (selector) => [...document.querySelectorAll("#number " + selector)].map((node) => node.textContent);
  const reads = (selector) => [...document.querySelectorAll("#number " + selector)].map((node) =>
    ({go: node.dataset.go, text: node.textContent, winner: node.classList.contains("winner")}));
  return {
    value: texts("#number-title .value")[0],
    verdict: texts("#verdict dd"),
    reads: reads(".cell.read"),
    padding: texts(".cell.padding").length,
    weights: texts(".cell.weight"),
    products: texts(".cell.product"),
    subtotals: texts(".subtotal"),
    sum: texts("#line .whole"),
    bias: texts(".cell.bias"),
    total: texts("#line .result.exact"),
    divisor: texts(".divisor"),
    symbols: [...document.querySelectorAll("#number .named")].filter((node) => node.querySelector(".symbol"))
      .map((node) => [node.querySelector("small").textContent, node.querySelector(".symbol").textContent]),
    exponentials: texts("td.number"),
    onward: reads("#onward button"),
    onwardValues: texts("#onward b"),
  };
}
"""


@pytest.fixture(scope="module")
def page(browser: Browser, kinds: Explorer) -> Iterator[Page]:
    """A page that shows all digits, and sums in the order of their terms."""
    with watched(browser, kinds, viewport={"width": 1440, "height": 900}) as page:
        kinds.open(page, "#sample=1&number=stem[0,0,0]")
        page.locator("#order").click()
        page.locator("#digits").click()
        yield page


def take_apart(page: Page, kinds: Explorer, name: str, index: tuple[int, ...]) -> tuple[dict[str, Any], Explanation]:
    """Have the page show a number in full; gives what it says, and what Python says."""
    explanation = kinds.session.run("sample-1").trace.explain(name, index)
    kinds.go(page, f"#sample=1&number={name}[{','.join(map(str, index))}]")
    page.locator(f"#number-title .address:text-is('{explanation.address}')").wait_for()
    while page.locator("#parts .more, #line .more").count():
        page.locator("#parts .more, #line .more").first.click()
    return page.evaluate(READ), explanation


def corners(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the first place, the last, and one between."""
    return sorted({tuple(0 for _ in shape), tuple(n - 1 for n in shape), tuple(n // 2 for n in shape)})


def numbers(texts: list[str]) -> list[float]:
    """Read numbers as the page writes them when it writes them in full."""
    return [float(text) for text in texts]


def singles(texts: list[str]) -> list[float]:
    """Read float32 numbers: the shortest decimal of each gives the same bits."""
    return [float(np.float32(text)) for text in texts]


@pytest.mark.parametrize("name", NAMES)
def test_the_arithmetic_on_screen_is_pythons(page: Page, kinds: Explorer, name: str) -> None:
    """All that was read and where, weights, products, sums, bias, divisor, result: the same to the last bit."""
    numbering = {str(node.name): number for number, node in enumerate(kinds.session.nodes)}
    for index in corners(kinds.session.net.shapes[name]):
        shown, wanted = take_apart(page, kinds, name, index)
        terms = wanted.terms
        assert singles([shown["value"]]) == [wanted.value]
        assert numbers(shown["verdict"][:1]) == [wanted.total]
        assert singles(shown["verdict"][1:2]) == [wanted.value]
        assert set(numbers(shown["total"])) == {wanted.total}

        inside = np.flatnonzero(terms.inside)
        places = [
            f"{numbering[wanted.inputs[terms.source[i]]]}:{','.join(map(str, terms.index[i].tolist()))}" for i in inside
        ]
        if not len(inside) and wanted.rule == "function":  # a constant that stands where nothing is read
            assert (shown["reads"], shown["padding"]) == ([], 0)
            assert shown["symbols"] == [["value", shown["total"][0]]]
            continue
        if terms.weight is None and len(terms) == 1:  # a formula may show its number more than once
            assert {(read["go"], *singles([read["text"]])) for read in shown["reads"]} == {
                (places[0], float(terms.value[0]))
            }
        else:
            assert [read["go"] for read in shown["reads"]] == places
            assert singles([read["text"] for read in shown["reads"]]) == terms.value[inside].tolist()
        assert shown["padding"] == len(terms) - len(inside)

        if terms.weight is not None:
            single = np.array_equal(
                terms.weight, terms.weight.astype(np.float32)
            )  # or a product of two kernels' weights
            assert (singles if single else numbers)(shown["weights"]) == terms.weight.tolist()
            assert numbers(shown["products"]) == terms.product.tolist()
            assert singles(shown["bias"]) == ([] if wanted.bias is None else [wanted.bias])
            assert numbers(shown["sum"]) == ([] if wanted.bias is None else [exact_sum(terms.product)])
            if terms.index.shape[1] == 3:
                channels = [terms.product[terms.index[:, 0] == channel] for channel in dict.fromkeys(terms.index[:, 0])]
                assert numbers(shown["subtotals"]) == [exact_sum(products) for products in channels]
        if wanted.rule == "max":
            assert [read["winner"] for read in shown["reads"]] == terms.used[inside].tolist()
        assert shown["divisor"] == ([] if wanted.divisor is None else [f"÷ {wanted.divisor:g}"])
        symbols = {symbol.replace("−", "-"): float(text) for symbol, text in shown["symbols"]}
        assert symbols == dict(wanted.numbers)
        if wanted.rule in ("share", "log share"):
            assert numbers(shown["exponentials"]) == terms.product.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_what_becomes_of_a_number_is_true(page: Page, kinds: Explorer, name: str) -> None:
    """Every number that is said to follow reads the one before it, and has the value that the engine gave it."""
    trace = kinds.session.run("sample-1").trace
    for index in corners(kinds.session.net.shapes[name]):
        shown, _ = take_apart(page, kinds, name, index)
        before = (name, index)
        for step, text in zip(shown["onward"], shown["onwardValues"], strict=True):
            node, place = step["go"].split(":")
            layer, at = str(kinds.session.nodes[int(node)].name), tuple(int(i) for i in place.split(","))
            reader = trace.explain(layer, at)
            read = zip(reader.terms.source.tolist(), reader.terms.index.tolist(), strict=True)
            assert before in [(reader.inputs[source], tuple(where)) for source, where in read]
            assert singles([text]) == [reader.value]
            before = (layer, at)


def test_every_kind_of_layer_is_shown(kinds: Explorer) -> None:
    """The network of these tests forgets no kind that there is."""
    shown = {layer.kind for layer in kinds.session.net.layers.values()}
    assert shown == set(REGISTRY)


@pytest.mark.parametrize(
    ("name", "index", "words"),
    [
        ("pool1", (0, 0, 0), "The largest of 4 numbers passes."),
        ("pool1", (0, 0, 0), "Padding never wins."),
        ("pool2", (0, 0, 0), "Divided by 9: the 5 places of padding count, as zeros."),
        ("dropout2", (3,), "The network is not being trained here, so the number passes unchanged."),
        ("flatten1", (3,), "The number of pool3 takes another place; its value stays."),
        ("add1", (0, 1, 2), "The branches meet: their numbers at the same place are added."),
        ("pool5", (3,), "The sum of 36 numbers, divided by 36."),
    ],
)
def test_the_rule_is_said_in_words(page: Page, kinds: Explorer, name: str, index: tuple[int, ...], words: str) -> None:
    """What numbers alone do not show is said: who can win, what a mean is divided by, what dropout does here."""
    take_apart(page, kinds, name, index)
    assert words in (page.locator("#line").text_content() or "")


def test_padding_is_not_a_number(page: Page, kinds: Explorer) -> None:
    """Padding is drawn as padding, cannot be followed, and its weight is shown."""
    shown, wanted = take_apart(page, kinds, "stem", (0, 0, 0))
    assert shown["padding"] == 15  # 5 of 9 places in each of 3 channels
    assert len(shown["weights"]) == len(wanted.terms) == 27
    assert page.locator("#parts .cell.padding").first.text_content() == "pad"
    assert page.locator("#parts .cell.padding[data-go]").count() == 0


def test_a_pixel_is_the_end_of_the_way(page: Page, kinds: Explorer) -> None:
    """A number of the input is shown with its value, and the page says that it was given."""
    kinds.go(page, "#sample=1&number=photo[2,3,4]")
    page.locator("#number-title .address:text-is('photo[2,3,4]')").wait_for()
    value = page.locator("#number-title .value").text_content() or ""
    assert np.float32(value) == kinds.session.run("sample-1").trace["photo"][2, 3, 4]
    assert "it was given, not computed" in (page.locator("#line").text_content() or "")


def test_few_digits_are_the_same_numbers_rounded(page: Page, kinds: Explorer) -> None:
    """With few digits each number is near the full one, and nothing else changes."""
    full, _ = take_apart(page, kinds, "linear1", (2,))
    page.locator("#digits").click()
    few, _ = take_apart(page, kinds, "linear1", (2,))
    page.locator("#digits").click()
    for key in ("weights", "products"):
        short = [float(text.replace("−", "-")) for text in few[key]]
        assert short == pytest.approx(numbers(full[key]), rel=0.5, abs=1e-3)
        assert max(len(text) for text in few[key]) <= 7

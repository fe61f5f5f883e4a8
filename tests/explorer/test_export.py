"""What is looked at can be taken away: drawings that open by themselves, pictures, tables as Python writes them."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pellucid import Input, Network
from pellucid.explain import summarize
from pellucid.explorer import Session, write_page
from pellucid.explorer.server import serving
from pellucid.layers import Add, BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Upsample
from pellucid.train import data
from pellucid.train.digits import digits_network

from .conftest import Explorer, watched
from .looking import NUMBERS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ALLOWED = {"svg", "title", "g", "rect", "line", "path", "text", "image", "clipPath"}
SVG = "{http://www.w3.org/2000/svg}"
ODD = "a|b_c*d`e\\f&g%h#i$j{k}l~m^n<o>--p"
PLACE = "#sample=3&number=conv2[3,2,2]&panel=export"


@pytest.fixture(scope="module")
def odd() -> Iterator[Explorer]:
    """An explorer on a network with branches, odd names and a title that would be a path."""
    x = Input((3, 12, 10), name="picture")
    a = BatchNorm2d()(Conv2d(4, (3, 1), padding=(1, 0))(x, name=ODD), name="=SUM(A1)")
    joined = Add()(a, Conv2d(4, 1)(x, name='b,"c"'), name="+1")
    net = Network(x, Linear(1200)(Flatten()(Upsample(2)(ReLU()(joined)))), name="../<b>über</b> net")
    session = Session(net)
    with serving(session) as address:
        yield Explorer(session, address)


def saved(page: Page, label: str) -> tuple[str, bytes]:
    """Press a button that saves a file; gives the file's name and what is in it."""
    with page.expect_download() as download:
        page.locator(f"#panel-export button[aria-label='{label}']").click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def drawing(content: bytes) -> ElementTree.Element:
    """An SVG, read by a parser of XML; what could load or run anything fails the test."""
    root = ElementTree.fromstring(content)
    assert root.tag == f"{SVG}svg"
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ALLOWED
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if name.endswith("href"):
                assert value.startswith("data:image/png;base64,")
            assert "url(" not in value or re.fullmatch(r"url\(#within-\d+\)", value)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert (width, height) == (float(root.attrib["width"]), float(root.attrib["height"]))
    return root


def texts(root: ElementTree.Element) -> list[str]:
    """All texts of a drawing."""
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_a_number_is_drawn_with_all_of_its_arithmetic(digits: Explorer, digits_page: Page) -> None:
    """The drawing holds every number that the page shows of it, as text; controls are left out."""
    digits.open(digits_page, PLACE)
    digits_page.locator("#parts .cell").first.wait_for()
    name, content = saved(digits_page, "SVG: The number conv2[3,2,2]")
    assert name == "digits-conv2-3-2-2-sample-3.svg"
    root = drawing(content)
    said = texts(root)
    shown = digits_page.locator("#parts .cell").all_text_contents()
    assert len(shown) > 50
    assert set(shown) <= set(said)
    assert "conv2[3,2,2]" in " ".join(said)
    assert not {"in order", "full precision"} & set(said)
    assert root.findtext(f"{SVG}title") == "The number conv2[3,2,2], digits, conv2[3,2,2], sample-3"


def test_a_layer_is_drawn_with_its_window(digits: Explorer, digits_page: Page) -> None:
    """Maps are cells with their numbers as text, and the window is marked in what is read."""
    digits.open(digits_page, "#sample=3&layer=conv2[3,2,2]&panel=export")
    name, content = saved(digits_page, "SVG: The layer at conv2[3,2,2]")
    assert name == "digits-conv2-3-2-2-layer-sample-3.svg"
    root = drawing(content)
    values = digits.session.run_sample(3).trace["conv2"][3].ravel()
    said = texts(root)
    numbers = [float(text.replace("−", "-")) for text in said if re.fullmatch(r"−?\d*\.?\d+", text)]
    for value in values.tolist():
        assert min(abs(number - value) for number in numbers) <= 0.05
    thick = [box for box in root.iter(f"{SVG}rect") if box.get("stroke-width") == "2.5" and box.get("fill") == "none"]
    assert thick
    assert "‹ back" not in said


def test_the_network_is_drawn_whole(digits: Explorer, digits_page: Page) -> None:
    """All columns, those scrolled out of sight too, with their maps as pictures, and the lines between them."""
    digits_page.set_viewport_size({"width": 500, "height": 700})
    digits.open(digits_page, PLACE)
    digits_page.locator("#parts .cell").first.wait_for()
    root = drawing(saved(digits_page, "SVG: The network")[1])
    said = texts(root)
    assert {str(node.name) for node in digits.session.nodes} <= set(said)
    assert len(list(root.iter(f"{SVG}image"))) == digits_page.locator("#flow canvas:visible").count()
    assert list(root.iter(f"{SVG}path"))
    column = drawing(saved(digits_page, "SVG: The column conv2")[1])
    assert texts(column)[:2] == ["conv2", "Conv2d"]
    assert 0 < len(list(column.iter(f"{SVG}image"))) < len(list(root.iter(f"{SVG}image")))


def test_pictures_are_twice_as_sharp(digits: Explorer, digits_page: Page) -> None:
    """A PNG has two pixels for each of the drawing's, and is not empty."""
    digits.open(digits_page, PLACE)
    digits_page.locator("#parts .cell").first.wait_for()
    place = "conv2[3,2,2]"
    for view in ("The network", "The column conv2", f"The layer at {place}", f"The number {place}"):
        root = drawing(saved(digits_page, f"SVG: {view}")[1])
        name, content = saved(digits_page, f"PNG: {view}")
        picture = Image.open(io.BytesIO(content))
        assert name.endswith(".png")
        assert picture.size == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))
        colours = picture.convert("RGB").getcolors(1 << 24)
        assert colours is not None
        assert len(colours) > 20


def test_every_arithmetic_can_be_drawn(digits: Explorer, digits_page: Page) -> None:
    """A number of each kind becomes a drawing that says its name."""
    for where in NUMBERS:
        digits.open(digits_page, f"{where}&panel=export")
        place = where.split("=")[-1]
        digits_page.locator("#number-title", has_text=place).wait_for()
        said = texts(drawing(saved(digits_page, f"SVG: The number {place}")[1]))
        assert place in " ".join(said), where


def test_tables_are_those_of_python(browser: Browser, odd: Explorer) -> None:
    """What the page writes of the network is, sign by sign, what `net.summary()` writes; the name is one for files."""
    summary = summarize(odd.session.net)
    with watched(browser, odd) as page:
        odd.open(page, "#panel=export")
        for label, suffix, written in (
            ("LaTeX", "tex", summary.latex()),
            ("Markdown", "md", summary.markdown()),
            ("CSV", "csv", summary.csv()),
        ):
            name, content = saved(page, f"{label}: the table of all layers")
            assert name == f"b-ber-b-net-layers.{suffix}"
            assert content.decode() == written


def test_the_link_is_copied(browser: Browser, digits: Explorer) -> None:
    """The link is the address of the place, without a secret."""
    with watched(browser, digits, permissions=["clipboard-read", "clipboard-write"]) as page:
        digits.open(page, PLACE)
        page.locator("#panel-export button[aria-label='Copy: the link']").click()
        page.locator("#panel-export [role=status]", has_text="copied").wait_for()
        link = page.evaluate("navigator.clipboard.readText()")
        assert link == page.url == page.locator("#panel-export code").text_content()
        assert link.endswith("/#sample=3&number=conv2[3,2,2]&panel=export")


def test_where_nothing_may_be_copied_it_is_selected(digits: Explorer, digits_page: Page) -> None:
    """Where the browser keeps its clipboard to itself, the link stands selected, and it says what to press."""
    digits.open(digits_page, PLACE)
    digits_page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    digits_page.locator("#panel-export button[aria-label='Copy: the link']").click()
    digits_page.locator("#panel-export [role=status]", has_text="press Ctrl+C").wait_for()
    assert digits_page.evaluate("getSelection().toString()") == digits_page.url


def test_only_what_is_open_can_be_drawn(digits: Explorer, digits_page: Page) -> None:
    """In the overview there is the network, in a layer its column and its number too."""
    digits.open(digits_page, "#sample=0&panel=export")
    assert digits_page.locator("#panel-export dt").all_text_contents() == [
        "The network", "The table of all layers", "A link to this place",
    ]  # fmt: skip
    digits.go(digits_page, "#sample=0&layer=pool1[0,0,0]&panel=export")
    digits_page.locator("#panel-export dt", has_text="The column pool1").wait_for()
    assert digits_page.locator("#panel-export dt").count() == 6


def test_a_page_by_itself_exports_too(browser: Browser, tmp_path: Path) -> None:
    """The page that is one file saves drawings, pictures and tables from disk, with nobody to ask."""
    net = digits_network()
    _, test = data.load("digits")
    path = tmp_path / "page.html"
    write_page(Session(net, images=test.images[:2]), path)
    context = browser.new_context(offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri() + "#sample=1&number=conv2[3,2,2]&panel=export")
    page.locator("#parts .cell").first.wait_for()
    said = texts(drawing(saved(page, "SVG: The number conv2[3,2,2]")[1]))
    assert set(page.locator("#parts .cell").all_text_contents()) <= set(said)
    assert Image.open(io.BytesIO(saved(page, "PNG: The layer at conv2[3,2,2]")[1])).size[0] > 200
    assert saved(page, "CSV: the table of all layers")[1].decode() == summarize(net).csv()
    assert wrong == []
    context.close()

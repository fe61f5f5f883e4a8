"""The page that is one file: it opens from disk with the network off, runs nothing but itself, and tells on nobody."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from server.payloads import PAYLOADS, UNPRINTABLE, hostile, noticed, watch

from pellucid import Input, Network
from pellucid.errors import ExplorerError, UnknownNameError
from pellucid.explorer import Session, write_page
from pellucid.explorer.onefile.document import document
from pellucid.explorer.onefile.scripts import joined
from pellucid.layers import Add, Conv2d, Flatten, Linear, ReLU
from pellucid.train import data
from pellucid.train.digits import digits_network

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def digits_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page on the digits network and twenty digits."""
    _, test = data.load("digits")
    path = tmp_path_factory.mktemp("page") / "digits.html"
    assert write_page(Session(digits_network(), images=test.images, labels=test.labels), path) == []
    return path


@contextmanager
def offline(browser: Browser, path: Path, place: str = "", **how) -> Generator[Page, None, None]:
    """Open a page from disk in a browser without a network; whatever should not happen fails the test."""
    context = browser.new_context(offline=True, **how)
    page = context.new_page()
    wrong = watch(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri() + place)
    page.locator("body[data-ready]").wait_for()
    yield page
    wrong += noticed(page)
    beyond = [url for url in asked if not url.startswith("data:") and url.split("#")[0] != path.as_uri()]
    context.close()
    assert (wrong, beyond) == ([], [])


def test_it_shows_all_depths_offline(browser: Browser, digits_page: Path) -> None:
    """Columns, a layer, a number with all its digits, what becomes of it, and the way back to the pixels."""
    with offline(browser, digits_page) as page:
        assert page.locator("#columns .card").count() == 10
        page.locator(".card[data-node='4'] .map").first.click()
        page.locator("#layer-title", has_text="conv2").wait_for()
        page.locator("#number-title .address", has_text="conv2[0,").wait_for()
        page.locator("#digits").click()
        assert "." in (page.locator("#verdict dd").first.text_content() or "")
        page.locator("#parts .cell.read").first.click()
        page.locator("#number-title .address", has_text="pool1[").wait_for()
        assert page.locator("#trail button").count() == 1
        assert page.locator("i.field:visible").count() > 0
        assert page.locator("#complaint").is_hidden()


def test_it_is_left_and_found_again_by_its_address(browser: Browser, digits_page: Path) -> None:
    """A link into it shows the same number of the same image; back and Escape lead back; the theme is remembered."""
    with offline(browser, digits_page, "#sample=3&number=linear1[7]", color_scheme="dark") as page:
        page.locator("#number-title .address:text-is('linear1[7]')").wait_for()
        assert page.locator("#sample-number").input_value() == "3"
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.keyboard.press("t")
        assert page.locator("html").get_attribute("data-theme") == "light"
        page.keyboard.press("n")
        page.wait_for_url("**/digits.html#sample=4&number=linear1[7]*")
        page.reload()
        page.locator("body[data-ready]").wait_for()
        page.locator("#number-title .address:text-is('linear1[7]')").wait_for()
        assert page.locator("#sample-number").input_value() == "4"
        assert page.locator("html").get_attribute("data-theme") == "light"


def test_what_takes_a_server_is_not_offered(browser: Browser, digits_page: Path) -> None:
    """Nothing is there to draw on, to time or to train with."""
    with offline(browser, digits_page) as page:
        assert page.locator(".draw, .pad, input[value=time]").count() == 0
        panels = page.locator("#tools button").evaluate_all("buttons => buttons.map((one) => one.dataset.panel)")
        assert {"table", "export"} <= set(panels)
        assert {"change", "train", "compare", "why", "excites"}.isdisjoint(panels)


def test_it_fits_a_telephone(browser: Browser, digits_page: Path) -> None:
    """At 360 pixels nothing is wider than the window."""
    with offline(browser, digits_page, "#number=conv1[0,3,3]", viewport={"width": 360, "height": 740}) as page:
        page.locator("#number-title .address:text-is('conv1[0,3,3]')").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_digits_page_is_small(digits_page: Path) -> None:
    """With twenty digits in it the page is smaller than 1.5 MB."""
    assert digits_page.stat().st_size < 1_500_000


def test_its_policy_lets_nothing_in(digits_page: Path) -> None:
    """Only the script and the style whose hashes it names are used, nothing is fetched, and no address is in it."""
    text = digits_page.read_text(encoding="utf-8")
    policy = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', text)
    script = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy == [
        f"default-src 'none'; script-src '{sha256(script[0])}'; style-src '{sha256(style[0])}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    ]
    assert (len(script), len(style)) == (1, 1)
    assert text.index("Content-Security-Policy") < text.index("<style>") < text.index("<script")
    assert len(re.findall(r"<script", text)) == len(re.findall(r"</script", text)) == 1 + 2 + 20
    own = re.sub(r'<script type="text/plain"[^>]*>[A-Za-z0-9+/=]*</script>', "", text)
    found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"')]*", own)
    assert [address for address in found if "www.w3.org/" not in address] == []
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', own) == []


def sha256(text: str) -> str:
    """Return a hash as policies write it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_names_are_text(browser: Browser, tmp_path: Path) -> None:
    """Whatever layers, classes and network are called: nothing runs, nothing is fetched, and the names can be read."""
    names = [*PAYLOADS, *UNPRINTABLE]
    path = tmp_path / "hostile.html"
    net = hostile(names)
    write_page(Session(net), path)
    assert "alert(1)" not in path.read_text(encoding="utf-8")
    with offline(browser, path, "#panel=table&number=linear1[0]") as page:
        assert page.locator("#title").text_content() == names[0]
        shown = page.locator("#panel-table tbody th").all_text_contents()
        assert [name for name in PAYLOADS if not set(name) & set("[]") and name not in shown] == []
        bars = page.locator("#bars li").all_text_contents()
        assert len(bars) > 5
        assert [bar for bar in bars if not any(name in bar for name in [*names, "none"])] == []
        assert names[0] in (page.locator("#number-title").text_content() or "")
        assert page.locator("main script, main img, main iframe, main style, main form").count() == 0


def test_endless_names_are_carried(browser: Browser, tmp_path: Path) -> None:
    """A name of ten million characters with the end of a script in it makes no other page of it."""
    name = "</script><!--\u2028" + "x" * 10_000_000
    net = Network((1, 2, 2), [Conv2d(1, 1), ReLU(), Flatten(), Linear(2)], classes=[name, "b"], name="long")
    path = tmp_path / "long.html"
    write_page(Session(net), path)
    assert path.stat().st_size < 3_000_000
    with offline(browser, path) as page:
        assert len(page.locator("#bars").text_content() or "") > 10_000_000


def test_it_tells_on_nobody(tmp_path: Path) -> None:
    """Neither the home folder nor the user's name is in it, in its letters or in what they hold."""
    home = tmp_path / "home-of-ada" / "adalovelace"
    home.mkdir(parents=True)
    net = Network((1, 3, 3), [Conv2d(2, 3), Flatten(), Linear(2)])
    net.save(home / "net.safetensors")
    env = {**os.environ, "HOME": str(home), "USER": "adalovelace", "LOGNAME": "adalovelace", "USERNAME": "adalovelace"}
    command = [sys.executable, "-m", "pellucid", "page", str(home / "net.safetensors"), "-o", "page.html"]
    subprocess.run(command, check=True, cwd=home, env=env, capture_output=True)
    text = (home / "page.html").read_text(encoding="utf-8")
    pieces = re.findall(r'id="carried-[^"]*">([A-Za-z0-9+/=]*)<', text)
    whole = text.encode() + b"".join(gzip.decompress(base64.b64decode(piece)) for piece in pieces)
    assert len(pieces) == 3
    assert [
        word for word in (b"adalovelace", b"home-of-ada", b"/home", str(Path.home()).encode()) if word in whole
    ] == []


# What is left out


def test_layers_that_do_not_fit_are_left_out_and_say_so(browser: Browser, tmp_path: Path) -> None:
    """With little room the outputs come first, then layers from the image on; the others keep their facts."""
    net = Network((1, 8, 8), [Conv2d(4, 3), ReLU(), Conv2d(4, 3), ReLU(), Flatten(), Linear(3)], seed=0)
    path = tmp_path / "part.html"
    left = write_page(Session(net), path, most=2_500)
    assert left == ["relu1", "conv2", "relu2", "flatten1"]
    with offline(browser, path, "#number=linear1[1]") as page:
        page.locator("#number-title .address:text-is('linear1[1]')").wait_for()
        assert page.locator(".card .absent").all_text_contents() == ["not in this page"] * 3
        page.evaluate("() => { location.hash = '#number=conv2[0,0,0]'; }")
        page.locator("#complaint", has_text="without this layer's numbers").wait_for()


def test_named_layers_are_in_it_whatever_their_size(browser: Browser, tmp_path: Path) -> None:
    """What was asked for by name is there, with what it reads; a name that is no layer's is refused."""
    session = Session(digits_network())
    path = tmp_path / "named.html"
    left = write_page(session, path, layers=["conv2"], most=1)
    assert len(left) == 8
    with offline(browser, path, "#number=conv2[1,2,3]") as page:
        page.locator("#number-title .address:text-is('conv2[1,2,3]')").wait_for()
    with pytest.raises(UnknownNameError, match="did you mean 'conv2'"):
        write_page(session, path, layers=["conv3"])


# How it is put together


@pytest.mark.parametrize(
    ("modules", "wrong"),
    [
        ({"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}, "an import of itself"),
        ({"a.js": 'import { b } from "./b.js";\n'}, "an import of b.js"),
        ({"a.js": 'import b from "./b.js";\n', "b.js": ""}, "import b from"),
        ({"a.js": "export let b = 1;\n"}, "export let b"),
        ({"a.js": "export default 1;\n"}, "export default 1"),
    ],
)
def test_modules_that_cannot_be_joined_are_named(modules: dict[str, str], wrong: str) -> None:
    """Circles, and forms of import and export that the page does not use, are refused before a page is written."""
    with pytest.raises(ExplorerError, match=wrong):
        joined(modules, "a.js")


def test_pieces_are_letters() -> None:
    """What could end the element that carries it is refused."""
    with pytest.raises(ExplorerError, match="base64"):
        document("onefile/js/page.js", {"facts": "</script>"})


def test_several_inputs(browser: Browser, tmp_path: Path) -> None:
    """A network with two inputs is carried whole."""
    a, b = Input((2, 3, 3), name="a"), Input((2, 3, 3), name="b")
    net = Network([a, b], Linear(2)(Flatten()(Add()(a, b))))
    images = tuple(np.ones((2, 2, 3, 3), np.float32) * k for k in (1, 2))
    write_page(Session(net, images=images), tmp_path / "two.html")
    with offline(browser, tmp_path / "two.html", "#sample=1&number=add1[0,1,2]") as page:
        page.locator("#number-title .value[data-value='3']").wait_for()

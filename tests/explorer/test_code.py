"""Beside every layer: its code in three frameworks' words, ready to copy, and its traps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pellucid import Network
from pellucid.errors import ParameterError
from pellucid.explain import traps
from pellucid.formats import code

from .conftest import Explorer, watched
from .every_kind import every_kind
from .looking import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = [str(node.name) for node in every_kind().nodes][::4]


def show(page: Page, explorer: Explorer, name: str, depth: str = "layer") -> None:
    """Go to a layer, and wait until its own code is there."""
    place = ",".join("0" for _ in explorer.session.net.shapes[name])
    explorer.go(page, f"#sample=0&{depth}={name}[{place}]")
    until(page, "name => document.querySelector('#code').dataset.layer === name", name)
    page.locator("#code").wait_for()


READ = """
() => ({
  shown: ["torch", "keras", "numpy"].map((dialect) => {
    document.getElementById(`code-${dialect}`).click();
    return [document.getElementById("code-lines").textContent, !document.getElementById("code-copy").hidden];
  }),
  traps: [...document.querySelectorAll("#traps li")].map((one) => [...one.children].map((part) => part.textContent)),
  back: document.getElementById("code-torch").click(),
})
"""


def written(net: Network, dialect: str, name: str) -> list[object]:
    """The text that is to be shown, and whether it can be copied."""
    try:
        return [code(net, dialect, layer=name).rstrip("\n"), True]
    except ParameterError as lacks:
        return [f"There are no words for it: {lacks.got}.", False]


def test_every_kinds_code_and_traps_are_pythons(browser: Browser, kinds: Explorer) -> None:
    """What stands beside a layer is what `net.code` and `traps` say, in every framework's words."""
    net = kinds.session.net
    with watched(browser, kinds) as page:
        kinds.open(page, "#sample=0")
        assert page.locator("#code").is_hidden()
        for name in NAMES:
            show(page, kinds, name)
            told = page.evaluate(READ)
            assert told["shown"] == [written(net, dialect, name) for dialect in ("torch", "keras", "numpy")]
            assert told["traps"] == [[trap.title, trap.text] for trap in traps(net, name)]


@pytest.mark.parametrize("depth", ["layer", "number"])
def test_code_is_there_at_both_depths(digits: Explorer, digits_page: Page, depth: str) -> None:
    """Open a layer or take a number of it apart: its code is beside it; of what is given there is none."""
    digits.open(digits_page)
    show(digits_page, digits, "conv2", depth)
    assert "conv2 = nn.Conv2d(16, 32, 3, padding=1)" in (digits_page.locator("#code-lines").text_content() or "")
    assert digits_page.locator("#code").is_visible()
    digits.go(digits_page, f"#sample=0&{depth}=input[0,0,0]")
    digits_page.locator("#code").wait_for(state="hidden")


def test_frameworks_are_turned_by_keys(digits: Explorer, digits_page: Page) -> None:
    """The tabs are one stop of Tab; the arrow keys turn to the next, round the end, and the choice stays."""
    page = digits_page
    digits.open(page)
    show(page, digits, "conv1")
    page.locator("#code-torch").focus()
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        seen.append(page.locator("#code-tabs [aria-selected=true]").text_content())
        assert page.locator("#code-tabs [tabindex='0']").all_text_contents() == [seen[-1]]
        assert page.evaluate("document.activeElement.textContent") == seen[-1]
    assert seen == ["Keras", "NumPy", "PyTorch", "NumPy"]
    show(page, digits, "linear1")
    assert "x @ w" in (page.locator("#code-lines").text_content() or "")


def test_copying_says_so(browser: Browser, digits: Explorer) -> None:
    """The lines are on the clipboard, as they are; a screen reader hears that they are."""
    with watched(browser, digits, permissions=["clipboard-read", "clipboard-write"]) as page:
        digits.open(page)
        show(page, digits, "pool1")
        page.locator("#code-keras").click()
        page.locator("#code-copy").click()
        until(page, "document.querySelector('#live').textContent === 'Copied: pool1 in Keras.'")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == code(digits.session.net, "keras", layer="pool1")


def test_without_a_clipboard_the_lines_are_selected(digits: Explorer, digits_page: Page) -> None:
    """Where the browser does not let the page copy, everything is selected, and that is said."""
    page = digits_page
    digits.open(page)
    show(page, digits, "pool1")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.locator("#code-copy").click()
    until(page, "document.querySelector('#live').textContent.startsWith('The code is selected')")
    assert page.evaluate("getSelection().toString()").strip() == page.locator("#code-lines").inner_text().strip()

"""How fast the explorer is: until its page can be used, from a tap to the arithmetic, from a stroke to the answer."""

from __future__ import annotations

import math
import re
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Page

TAPS = 100
STROKES = 40
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

# Times every answer in the page itself: from the event to the frame in which what it changed has been painted.
STOPWATCH = """
({event, target, changed}) => {
  window.times = [];
  let start = null;
  document.querySelector(target).addEventListener(event, (e) => { start = e.timeStamp; }, true);
  new MutationObserver(() => {
    if (start === null) return;
    const began = start;
    start = null;
    requestAnimationFrame(() => {
      const {port1, port2} = new MessageChannel();
      port1.onmessage = () => window.times.push(performance.now() - began);
      port2.postMessage(null);
    });
  }).observe(document.querySelector(changed), {childList: true, subtree: true, characterData: true});
}
"""


def measure(browser_executable: str | Path) -> dict[str, Any]:
    """Return milliseconds, measured in Chromium on the digits network.

    Args:
        browser_executable: the path of a Chromium.

    Returns:
        `interactive`: from opening the address to a page that can be used, the median of five times;
        `tap_median`, `tap_worst`: from a tap on a unit to its arithmetic on the screen, of `taps` taps on all layers;
        `stroke_median`, `stroke_worst`: from a stroke of the pen to the network's answer, of `strokes`.
    """
    from playwright.sync_api import sync_playwright

    from pellucid.explorer.server import serving
    from pellucid.explorer.session import Session
    from pellucid.train import data
    from pellucid.train.digits import train_digits

    net, _, _, test = train_digits()
    session = Session(net, images=test.images, labels=test.labels, drawing=data.digits_drawing)
    with serving(session) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(browser_executable), args=list(FLAGS))
        page = browser.new_context(viewport={"width": 1440, "height": 900}, has_touch=True).new_page()
        interactive = [_open(page, address) for _ in range(5)]
        taps = _taps(page, {str(node.name): node.shape for node in net.nodes})
        strokes = _strokes(page)
        browser.close()
    return {
        "interactive": statistics.median(interactive),
        "tap_median": statistics.median(taps),
        "tap_worst": max(taps),
        "taps": len(taps),
        "stroke_median": statistics.median(strokes),
        "stroke_worst": max(strokes),
        "strokes": len(strokes),
    }


def _open(page: Page, address: str) -> float:
    page.goto(address)
    ready = page.locator("body[data-ready]")
    ready.wait_for()
    return float(ready.get_attribute("data-ready") or "nan")


def _taps(page: Page, layers: dict[str, tuple[int, ...]]) -> list[float]:
    """Open every layer and tap units of it, by touch: a mouse would show the arithmetic before it clicks."""
    random = np.random.default_rng(0)
    page.evaluate(STOPWATCH, {"event": "click", "target": "#layer-map", "changed": "#number-title"})
    made = 0
    for left, (layer, shape) in zip(range(len(layers), 0, -1), layers.items(), strict=True):
        page.locator(f"#columns .card:has(.name:text-is('{layer}')) .head").tap()
        page.locator(f"#number-title .address:has-text('{layer}[')").wait_for()
        page.locator("#layer-map").scroll_into_view_if_needed()
        for _ in range((TAPS - made) // left):
            tap_another(page, shape, random)
            made += 1
            wait_for_answer(page, made)
    return page.evaluate("window.times")


def tap_another(page: Page, shape: tuple[int, ...], random: np.random.Generator) -> None:
    """Tap a unit of the open layer that is not the one that is shown."""
    address = page.locator("#number-title .address").inner_text()
    shown = tuple(int(place) for place in re.findall(r"\d+", address[address.rindex("[") :]))
    if len(shape) == 3:
        rows, columns = shape[1:]
    else:  # a vector is laid out in lines
        columns = 1 if shape[0] <= 12 else min(256, 2 ** math.ceil(math.log2(math.sqrt(shape[0]))))
        rows = math.ceil(shape[0] / columns)
    here = shown[1:] if len(shape) == 3 else divmod(shown[0], columns)
    row, column = here
    while (row, column) == tuple(here):
        row, column = (int(random.integers(size)) for size in (rows, columns))
    box = page.locator("#layer-map canvas").bounding_box()
    assert box is not None
    page.touchscreen.tap(
        box["x"] + (column + 0.5) / columns * box["width"], box["y"] + (row + 0.5) / rows * box["height"]
    )


def wait_for_answer(page: Page, count: int) -> None:
    """Wait until so many answers were timed; Playwright's own way needs an eval, which the page forbids."""
    for _ in range(2000):
        if page.evaluate("window.times.length") >= count:
            return
        page.wait_for_timeout(5)
    raise RuntimeError(f"the page gave no answer number {count}")


def _strokes(page: Page) -> list[float]:
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator(".draw").tap()
    page.evaluate(STOPWATCH, {"event": "pointermove", "target": ".sheet", "changed": "#bars"})
    sheet = page.locator(".sheet").bounding_box()
    assert sheet is not None
    page.mouse.move(sheet["x"] + 40, sheet["y"] + 20)
    page.mouse.down()
    for stroke in range(STROKES):
        page.mouse.move(sheet["x"] + 40 + stroke % 9 * 7, sheet["y"] + 20 + stroke * 2.5)
        wait_for_answer(page, stroke + 1)
    page.mouse.up()
    return page.evaluate("window.times")

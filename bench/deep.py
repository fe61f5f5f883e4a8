"""How fast the explorer is on a deep network: ResNet-50 on 224 x 224 pixels, and how much memory its tab takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .clicks import FLAGS, STOPWATCH, tap_another, wait_for_answer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TAPS_EACH = 4
WALK = 60  # layers that are opened, spread over the network, before the memory is read

# Notes when every map that is in sight has been painted for the first time.
PAINTED = """
const look = () => {
  const maps = [...document.querySelectorAll('#columns .map')].filter((map) => {
    const {left, right, top, bottom} = map.getBoundingClientRect();
    return right > 0 && left < innerWidth && bottom > 0 && top < innerHeight;
  });
  if (maps.length > 0 && maps.every((map) => map.firstElementChild.width > 1)) window.painted = performance.now();
  else requestAnimationFrame(look);
};
addEventListener('DOMContentLoaded', look);
"""


def measure_deep(browser_executable: str | Path) -> dict[str, Any]:
    """Return milliseconds and MiB, measured in Chromium on ResNet-50 with an image of noise.

    Args:
        browser_executable: the path of a Chromium.

    Returns:
        `paint`: from the run's answer until all maps in sight are painted, and `interactive`, from opening the address,
        run included; `clicks`: from each tap on a unit to its arithmetic on the screen; `unfolds`: from each tap on a
        folded stage to its columns; `memory`: of the tab's process, its share of shared memory included.
    """
    from playwright.sync_api import sync_playwright

    from pellucid.explorer.server import serving
    from pellucid.explorer.session import Session
    from pellucid.zoo import resnet50

    session = Session(resnet50())
    layers = {str(node.name): node.shape for node in session.net.nodes}
    with serving(session) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(browser_executable), args=list(FLAGS))
        page = browser.new_context(viewport={"width": 1440, "height": 900}, has_touch=True).new_page()
        page.add_init_script(PAINTED)
        page.goto(address)
        page.locator("body[data-ready]").wait_for()
        interactive = float(page.locator("body").get_attribute("data-ready") or "nan")
        paint = _until_painted(page)
        unfolds = _unfolds(page)
        clicks = _clicks(page, layers)
        memory = _memory(browser)
        browser.close()
    return {"interactive": interactive, "paint": paint, "clicks": clicks, "unfolds": unfolds, "memory": memory}


def _until_painted(page: Page) -> float:
    """Return milliseconds from the run's answer to the first sight of all maps on the screen."""
    while not page.evaluate("window.painted ?? 0"):
        page.wait_for_timeout(20)
    answered = "performance.getEntriesByType('resource').find((one) => one.name.endsWith('/api/run')).responseEnd"
    return float(page.evaluate(f"window.painted - {answered}"))


def _unfolds(page: Page) -> list[float]:
    page.evaluate(STOPWATCH, {"event": "click", "target": "#columns", "changed": "#columns"})
    stages = page.locator("#columns .stack").evaluate_all("all => all.map((stage) => stage.dataset.node)")
    for made, node in enumerate(stages, start=1):
        page.locator(f"#columns .stack[data-node='{node}'] .head").first.tap()
        wait_for_answer(page, made)
    return page.evaluate("window.times")


def _clicks(page: Page, layers: dict[str, tuple[int, ...]]) -> list[float]:
    """Open layers from the first to the last, and tap units of each."""
    random = np.random.default_rng(0)
    names = list(layers)
    chosen = [names[at] for at in np.linspace(0, len(names) - 1, WALK).astype(int)]
    page.evaluate("window.times = []")
    page.evaluate(STOPWATCH, {"event": "click", "target": "#layer-map", "changed": "#number-title"})
    made = 0
    for name in chosen:
        place = ",".join("0" for _ in layers[name])
        page.evaluate("place => { location.hash = place; }", f"#sample=0&layer={name}[{place}]")
        page.locator(f"#number-title .address:text-matches('^{re.escape(name)}\\\\[')").wait_for()
        page.locator("#layer-map").scroll_into_view_if_needed()
        for _ in range(TAPS_EACH):
            tap_another(page, layers[name], random)
            made += 1
            wait_for_answer(page, made)
    return page.evaluate("window.times")


def _memory(browser: Browser) -> float | None:
    """Return MiB of the largest of the browser's processes that draw pages, or None where the system does not tell."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    sizes: list[float] = []
    for process in processes:
        told = Path(f"/proc/{int(process['id'])}/smaps_rollup")
        if process["type"] == "renderer" and told.exists():
            (kilobytes,) = re.findall(r"^Pss:\s+(\d+)", told.read_text("ascii"), re.MULTILINE)
            sizes.append(int(kilobytes) / 1024)
    return max(sizes, default=None)

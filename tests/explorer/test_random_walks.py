"""Random walks: whatever anybody clicks and presses, in whatever order, the page complains of nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import Network, zoo
from pellucid.explorer.server import serving
from pellucid.explorer.session import Session
from pellucid.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU

from .conftest import Explorer, watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

STEPS = 15
FEW, MANY = 20, 200
KEYS = (
    *("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Enter", "Escape", "Tab", "Shift+Tab", "PageUp", "PageDown"),
    *("n", "p", "d", "t", "Home", "End", " "),
)
# What can be clicked; buttons that open a file dialog, train or leave the page are left out.
CONTROLS = (
    "#columns .head, #columns .fold, #columns .map, #columns .more, #view label, #view button, #bars button, "
    "#doors button, #number [data-go], #number .more, #trail button, #back, #order, #digits, #theme, #samples button, "
    "#reads-strip button, #channel-turn button, .legend label, #tools [data-panel]"
)


def small() -> Session:
    """A chain with three images."""
    layers = [Conv2d(4, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(3)]
    images = np.random.default_rng(0).random((3, 1, 8, 8), np.float32)
    return Session(Network((1, 8, 8), layers), images=images)


def branching(name: str, size: int) -> Session:
    """A deep network of the zoo on a small picture."""
    return Session(zoo.NETWORKS[name](10, input_shape=(3, size, size)))


SESSIONS: dict[str, Callable[[], Session]] = {
    "a chain": small,
    "residual": lambda: branching("resnet20", 16),
    "inception": lambda: branching("googlenet", 32),
    "squeeze-and-excite": lambda: branching("mobilenet_v3_small", 32),
}


@pytest.fixture(scope="module", params=list(SESSIONS))
def explorer(request: pytest.FixtureRequest) -> Iterator[Explorer]:
    """An explorer on one of several networks."""
    session = SESSIONS[request.param]()
    with serving(session) as address:
        yield Explorer(session, address)


def walk(explorer: Explorer, page: Page, seed: int) -> None:
    """Do one thing after another; a seed that fails is printed with what was done."""
    chance = random.Random(seed)
    done: list[str] = []
    explorer.open(page)
    try:
        for _ in range(STEPS):
            step(explorer, page, chance, done)
            assert page.locator("#complaint").is_hidden(), page.locator("#complaint").inner_text()
    except Exception:
        print(f"seed {seed}: {done}")
        raise


def step(explorer: Explorer, page: Page, chance: random.Random, done: list[str]) -> None:
    """Click, press a key, point, go back or forward, or reload."""
    what = chance.choices(("click", "key", "point", "back", "forward", "reload"), (40, 35, 15, 5, 3, 2))[0]
    if what == "key":
        key = chance.choice(KEYS)
        done.append(key)
        page.keyboard.press(key)
    elif what == "point":
        done.append("point")
        page.mouse.move(chance.randrange(1280), chance.randrange(800))
    elif what == "reload":
        done.append("reload")
        page.reload()
        page.locator("body[data-ready]").wait_for()
    elif what in ("back", "forward"):
        done.append(what)
        move = page.go_back if what == "back" else page.go_forward
        move(wait_until="commit")
        if not page.url.startswith("http"):  # before the first page there was none
            explorer.open(page)
        page.locator("body[data-ready]").wait_for()
    else:
        number = chance.random()
        done.append(page.evaluate(CLICK, [CONTROLS, number]))
        page.wait_for_timeout(chance.choice((0, 0, 30)))


# Clicks one of the controls that are shown, and says which.
CLICK = """([controls, number]) => {
  const shown = [...document.querySelectorAll(controls)].filter((one) => one.offsetParent !== null && !one.disabled
    && !one.querySelector?.('input[value=yours]'));
  const one = shown[Math.floor(number * shown.length)];
  one?.click();
  return one ? `click ${one.id || one.className} ${one.textContent.slice(0, 20)}` : 'nothing';
}"""


def walks(browser: Browser, explorer: Explorer, seeds: range) -> None:
    """Walk once for each seed; what the console says, and requests that fail, fail too."""
    for seed in seeds:
        print(f"seed {seed}")
        with watched(browser, explorer, viewport={"width": 1280, "height": 800}) as page:
            walk(explorer, page, seed)


def test_a_few_random_walks(browser: Browser, explorer: Explorer) -> None:
    """Five on each network."""
    walks(browser, explorer, range(FEW // len(SESSIONS)))


@pytest.mark.slow
def test_many_random_walks(browser: Browser, explorer: Explorer) -> None:
    """Fifty on each network."""
    walks(browser, explorer, range(1000, 1000 + MANY // len(SESSIONS)))

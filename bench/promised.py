"""The figures that Pellucid promises its users: start, opening, the first minute's network, the explorer's page."""

from __future__ import annotations

import shutil
import statistics

from .clicks import measure
from .deep import WALK, measure_deep
from .digits import learn
from .onefile import page_bytes
from .opening import opening
from .overhead import overhead
from .startup import import_seconds, served_seconds
from .torch_opening import torch_opening

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
Row = tuple[str, str, str]  # what, promised, measured


def promised(seeds: int, browser: str | None) -> list[Row]:
    """Measure the figures, a row each.

    Args:
        seeds: trainings of the digits network.
        browser: the path of a Chromium; None is the one on PATH.
    """
    return [*_startup(), *opening(), *torch_opening(), *_learning(seeds), *_one_file(), *_page(browser), *overhead()]


def _startup() -> list[Row]:
    served = served_seconds()
    return [
        ("`import pellucid`, beyond starting Python", "< 250 ms", f"{import_seconds() * 1000:.0f} ms"),
        (
            "`pellucid explore`: from the shell, training included, to the page",
            "< 3 s",
            f"{served.seconds:.1f} s",
        ),
    ]


def _learning(seeds: int) -> list[Row]:
    learned = learn(seeds)
    found = f"{learned.worst:.1%} at worst of {seeds} seeds"
    return [
        ("digits network: right on the test split (360 images)", ">= 97 %", found),
        (
            "digits network: its training",
            "< 1 s",
            f"{learned.median_seconds:.1f} s",
        ),
    ]


def _one_file() -> list[Row]:
    size = f"{page_bytes() / 1e6:.2f} MB"
    return [("`pellucid page`: one file with the digits network and twenty digits", "< 1.5 MB", size)]


def _page(browser: str | None) -> list[Row]:
    path = browser or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        return [("the page in Chromium", "-", "not measured: no Chromium on this machine")]
    found = measure(path)
    tap = f"{found['tap_median']:.0f} ms median, {found['tap_worst']:.0f} ms worst of {found['taps']}"
    stroke = f"{found['stroke_median']:.0f} ms median, {found['stroke_worst']:.0f} ms worst of {found['strokes']}"
    deep = measure_deep(path)
    clicks = f"{statistics.median(deep['clicks']):.0f} ms median, {max(deep['clicks']):.0f} ms worst"
    unfolds = f"{statistics.median(deep['unfolds']):.0f} ms median, {max(deep['unfolds']):.0f} ms worst"
    memory = "not measured: this system does not tell" if deep["memory"] is None else f"{deep['memory']:.0f} MiB"
    return [
        ("page: from opening its address until it can be used", "< 1 s", f"{found['interactive']:.0f} ms"),
        ("page: from a tap on any number to its arithmetic on the screen", "< 50 ms", tap),
        ("page: from a stroke of the pen to the network's answer", "< 50 ms", stroke),
        ("ResNet-50: from the run's answer until its maps are on the screen", "< 2 s", f"{deep['paint'] / 1000:.2f} s"),
        (
            "ResNet-50: from a tap on any number to its arithmetic on the screen",
            "< 150 ms",
            f"{clicks} of {len(deep['clicks'])}, in {WALK} layers",
        ),
        (
            "ResNet-50: from a tap on a folded stage to its columns",
            "< 150 ms",
            f"{unfolds} of {len(deep['unfolds'])}",
        ),
        ("ResNet-50: memory of the tab after all that", "< 500 MB", memory),
    ]

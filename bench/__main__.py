"""Measure the figures that Pellucid promises, in one run, and write them to docs/benchmarks.md."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from .clicks import measure
from .digits import learn
from .machine import describe
from .startup import import_seconds, served_seconds

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Run the measurements and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="trainings of the digits network")
    parser.add_argument("--browser", help="the path of a Chromium; by default the one on PATH")
    parser.add_argument("--print", action="store_true", help="print the page instead of writing it")
    options = parser.parse_args()
    rows = [*_startup(), *_learning(options.seeds), *_page(options.browser)]
    text = _text(rows)
    print(text)
    if not options.print:
        PAGE.write_text(text, encoding="utf-8")


Row = tuple[str, str, str]  # what, promised, measured


def _startup() -> list[Row]:
    served = served_seconds()
    return [
        ("`import pellucid`, beyond starting Python", "< 250 ms", f"{import_seconds() * 1000:.0f} ms"),
        (
            "`pellucid explore`: from the shell, training included, to the page",
            "< 15 s",
            f"{served.seconds:.1f} s",
        ),
    ]


def _learning(seeds: int) -> list[Row]:
    learned = learn(seeds)
    found = f"{learned.worst:.1%} at worst of {seeds} seeds"
    return [
        ("digits network: right on the test split (360 images)", ">= 97 %", found),
        (
            "digits network: its training on the reference engine",
            "-",
            f"{learned.median_seconds:.1f} s",
        ),
    ]


def _page(browser: str | None) -> list[Row]:
    path = browser or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        return [("the page in Chromium", "-", "not measured: no Chromium on this machine")]
    found = measure(path)
    tap = f"{found['tap_median']:.0f} ms median, {found['tap_worst']:.0f} ms worst of {found['taps']}"
    stroke = f"{found['stroke_median']:.0f} ms median, {found['stroke_worst']:.0f} ms worst of {found['strokes']}"
    return [
        ("page: from opening its address until it can be used", "< 1 s", f"{found['interactive']:.0f} ms"),
        ("page: from a tap on any number to its arithmetic on the screen", "< 50 ms", tap),
        ("page: from a stroke of the pen to the network's answer", "< 50 ms", stroke),
    ]


def _text(rows: list[Row]) -> str:
    table = "\n".join(f"| {what} | {promised} | {measured} |" for what, promised, measured in rows)
    return (
        "# Measured\n\n"
        "Written by `make bench`; nothing here is typed by hand. Times are of one machine, which others use too: read\n"
        "them as orders of magnitude.\n\n"
        f"| what | promised | measured |\n| --- | --- | --- |\n{table}\n\n"
        f"{describe()}.\n"
    )


if __name__ == "__main__":
    main()

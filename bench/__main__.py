"""Measure the figures that Pellucid promises, and itself beside its peers, and write or renew docs/benchmarks.md."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from .compare import ROUNDS, compare
from .machine import Moment, describe, moment, usable_cores
from .own import own
from .page import Figures, Written
from .peak import peak
from .peers import PEERS
from .promised import promised
from .reading import read
from .works import WORKS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
PARTS = ("promised", "works", "own")


def main() -> None:
    """Run the measurements and write the page; what is not measured stays as it is on the page."""
    options = _options()
    anew = options.print or options.whole or not PAGE.exists()
    page = Written() if anew else read(PAGE.read_text(encoding="utf-8"))
    when, others = moment(), None
    if "promised" in options.only:
        page.promised = Figures(promised(options.seeds, options.browser), when)
    if "works" in options.only:
        counts = options.threads or [count for count in (2, 1) if count <= len(usable_cores())]
        works, most, began = [WORKS[name] for name in options.works or WORKS], peak(), Moment.now()
        for count in counts:
            for found in compare(works, options.peers, count, options.rounds):
                page.renew(found, most, when)
        ended = Moment.now()
        others = began.others(ended) if began and ended else None
    if "own" in options.only:
        page.own = Figures(own(options.peers), when)
    packages = tuple(package for peer in options.peers for package in PEERS[peer].packages)
    page.runs[when] = describe(packages, others)
    print(page.text())
    if not options.print:
        PAGE.write_text(page.text(), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", type=_names(PARTS), help=f"renew only these parts of the page: {', '.join(PARTS)}")
    parser.add_argument("--works", type=_names(WORKS), help=f"only these works' rows, of {', '.join(WORKS)}")
    parser.add_argument("--peers", type=_names(PEERS), default=list(PEERS), help=f"only these, of {', '.join(PEERS)}")
    parser.add_argument("--threads", type=_counts, help="numbers of threads; by default 2 and 1")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often everybody has a turn")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of the digits network")
    parser.add_argument("--browser", help="the path of a Chromium; by default the one on PATH")
    parser.add_argument("--print", action="store_true", help="print what is measured, and leave the page as it is")
    options = parser.parse_args()
    if options.works and options.only and "works" not in options.only:
        parser.error(f"--works and --only {','.join(options.only)}: no work is measured")
    options.whole = not (options.only or options.works or options.threads)
    if len(options.peers) < len(PEERS) and not (options.whole or options.print):
        parser.error("--peers renews only some rows of a work, whose ratios belong together: print it with --print")
    options.only = options.only or (["works"] if options.works else list(PARTS))
    return options


def _names(known: Iterable[str]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return names

    return chosen


def _counts(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()

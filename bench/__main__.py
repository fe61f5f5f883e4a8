"""Measure the figures that Pellucid promises, and itself beside its peers, in one run; write docs/benchmarks.md."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from .compare import ROUNDS, compare
from .machine import Moment, usable_cores
from .own import own
from .page import page
from .peak import peak
from .peers import PEERS
from .promised import promised
from .works import WORKS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Run the measurements and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--works", type=_names(WORKS), help=f"only these, of {', '.join(WORKS)}")
    parser.add_argument("--peers", type=_names(PEERS), default=list(PEERS), help=f"only these, of {', '.join(PEERS)}")
    parser.add_argument("--threads", type=_counts, help="numbers of threads; by default 2 and 1")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often everybody has a turn")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of the digits network")
    parser.add_argument("--browser", help="the path of a Chromium; by default the one on PATH")
    parser.add_argument("--print", action="store_true", help="print the page instead of writing it")
    options = parser.parse_args()
    whole = not options.works
    if not whole and not options.print:
        parser.error("--works measures a part of the page: print it with --print")
    works = [WORKS[name] for name in options.works or WORKS]
    counts = options.threads or [count for count in (2, 1) if count <= len(usable_cores())]
    began = Moment.now()
    found = [one for count in counts for one in compare(works, options.peers, count, options.rounds)]
    ended = Moment.now()
    others = began.others(ended) if began and ended else None
    rows = promised(options.seeds, options.browser) if whole else []
    text = page(rows, found, own(options.peers) if whole else [], options.peers, peak(), others)
    print(text)
    if not options.print:
        PAGE.write_text(text, encoding="utf-8")


def _names(known: Mapping[str, object]) -> Callable[[str], list[str]]:
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

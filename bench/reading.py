"""Reads docs/benchmarks.md back, so that what is not measured anew stays on it word for word."""

from __future__ import annotations

import re
from typing import cast

from .page import Cells, Figures, Written
from .promised import Row

MOMENT = re.compile(r"\d{4}-\d\d-\d\d")


def read(text: str) -> Written:
    """Return the page that a text of `Written.text` tells: `read(page.text()).text() == page.text()`."""
    page, heading = Written(), ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("Measured ") and line.endswith("."):
            _figures_of(page, heading).when = line[len("Measured ") : -1]
        elif line.startswith("| ") and not line.startswith("| ---"):
            _row(page, heading, tuple(cell.strip() for cell in line[1:-1].split("|")))
        elif line.startswith("- ") and heading == "Settings that were tried":
            name, threads, told = line[2:].split(", ", 2)
            page.tried.setdefault(f"{name}, {threads}", []).append(told)
        elif line.startswith("- "):
            when, told = line[2:].split(": ", 1)
            page.runs[when] = told
    return page


def _figures_of(page: Written, heading: str) -> Figures:
    return page.own if heading == "The engine's other figures" else page.promised


def _row(page: Written, heading: str, cells: Cells) -> None:
    """Put a table's row where it belongs; heads of tables, and what is told again at a glance, are written anew."""
    if cells[0] in ("what", "their time / ours"):
        return
    if re.fullmatch(r"\d+ threads?", heading):
        if MOMENT.match(cells[-1]):
            page.details.setdefault(heading, []).append(cells)
    elif heading.startswith("Our share"):
        page.shares.append(cells)
    else:
        _figures_of(page, heading).rows.append(cast("Row", cells))

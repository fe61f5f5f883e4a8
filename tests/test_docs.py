"""The documentation is held to the code: its examples run, its links lead somewhere, and it forgets nothing public."""

from __future__ import annotations

import doctest
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if page.exists()]
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)

CONTINUES = re.compile(r"\.\.\.( |$)").match  # a line that goes on with an example's source


def name_of(page: Path) -> str:
    """The page's path from the project's root."""
    return str(page.relative_to(ROOT))


# Examples


def examples(text: str) -> list[doctest.Example]:
    """Every `>>>` example of a page, told the line it stands on.

    An output lasts to the next example or to the end of the block, blank lines included.
    """
    found: list[doctest.Example] = []
    for fence in FENCE.finditer(text):
        lines = fence["body"].splitlines()
        first_line = text.count("\n", 0, fence.start("body"))
        starts = [n for n, line in enumerate(lines) if line.startswith(">>> ")]
        for start, end in itertools.pairwise([*starts, len(lines)]):
            source = [lines[start], *itertools.takewhile(CONTINUES, lines[start + 1 : end])]
            wanted = "\n".join(lines[start + len(source) : end]).rstrip().splitlines()
            block = "\n".join([*source, *(line or "<BLANKLINE>" for line in wanted)]) + "\n"
            (example,) = doctest.DocTestParser().get_examples(block)
            example.lineno = first_line + start
            found.append(example)
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_example_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom, in one namespace, each example gives what the page shows."""
    monkeypatch.chdir(tmp_path)
    text = page.read_text("utf-8")
    test = doctest.DocTest(examples(text), {"__name__": "__main__"}, name_of(page), str(page), 0, text)
    report: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert failed == 0, "".join(report)

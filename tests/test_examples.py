"""The scripts under examples/: each runs, and prints what its header promises."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((ROOT / "examples").rglob("*.py"))
PROMISE = "It prints"


def promised(script: Path) -> list[str]:
    """The lines that a script's header says it prints: what is indented below "It prints"."""
    header = ast.get_docstring(ast.parse(script.read_text("utf-8"))) or ""
    _, _, after = header.partition(PROMISE)
    return [line.strip() for line in after.splitlines() if line.startswith("    ")]


def missing(lines: list[str], printed: str) -> list[str]:
    """The promised lines that are not printed in that order."""
    place, absent = 0, []
    for line in lines:
        found = printed.find(line, place)
        if found < 0:
            absent.append(line)
        else:
            place = found + len(line)
    return absent


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_prints_what_its_header_promises(script: Path, tmp_path: Path) -> None:
    """Run from any folder, a script ends well, warns of nothing, and prints the promised lines in their order."""
    lines = promised(script)
    assert lines, f"the header of {script.name} has no indented lines below {PROMISE!r}"
    done = subprocess.run(
        [sys.executable, "-W", "error", script], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert missing(lines, done.stdout) == []


def test_a_broken_promise_is_seen() -> None:
    """A line that is not printed, or is printed too early, is missing."""
    assert missing(["one", "two"], "zero\none\ntwo\n") == []
    assert missing(["one", "three"], "one\ntwo\n") == ["three"]
    assert missing(["two", "one"], "one\ntwo\n") == ["one"]


def test_the_articles_blocks_all_have_a_script() -> None:
    """Every exercise of the article under tests/article is a script under examples/article too."""
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "article").glob("test_*.py")}
    assert tests == {path.stem for path in (ROOT / "examples" / "article").glob("*.py")}

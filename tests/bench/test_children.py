"""A peer's process answers, tells what fails, and stands still while others are measured."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bench.children import Child, ChildError, children
from bench.compare import definition
from bench.ratios import disagreement
from bench.works import WORKS

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="peers are bound to cores as Linux does it"
)


def comes_to_rest(child: Child) -> bool:
    """Whether Linux says T, stopped, of the process; a signal takes a moment to arrive."""
    for _ in range(1000):
        if Path(f"/proc/{child.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T":
            return True
        time.sleep(0.01)
    return False


def test_a_child_answers_and_stands_still_in_between() -> None:
    """Its result is the definitions'; a time is a number of seconds; threads of its own cannot spin on."""
    work = WORKS["lenet-1"]
    with children(["pellucid"], 1) as started:
        child = started["pellucid"]
        (setting,) = child.ask("settings", work.name)
        assert disagreement(child.ask("make", work.name, setting), definition(work)) is None
        assert child.ask("time", 0.0) > 0
        assert comes_to_rest(child)
        child.ask("drop")
        with pytest.raises(ChildError, match=r"^AssertionError"):
            child.ask("time", 0.0)
    assert child.process.returncode is not None


def test_a_child_that_ends_says_why() -> None:
    """Its last words are the error."""
    with (
        children(["nobody"], 1) as started,
        pytest.raises(ChildError, match=r"^the process ended: KeyError: 'nobody'$"),
    ):
        started["nobody"].ask("settings", "lenet-1")

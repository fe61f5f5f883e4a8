"""ONNX's own test cases, all of them: those that pass, and those that do not open, each with its reason.

The list is `conformance.json`; `make golden` writes it anew. Values here have a batch along their first axis, so that
what mixes it with others is no network; numbers are float32, whatever type a case gives them.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import pytest
from onnx_cases import all_cases, content, outcome, small_cases

LIST = Path(__file__).with_name("conformance.json")


def test_every_case_of_onnx_passes_or_has_its_reason() -> None:
    """A case that is new, one that fails, and one that opens though it is said not to, are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # how the cases are calculated
        cases = all_cases()
    found = {name: outcome(case) for name, case in cases.items()}
    passing = sorted(name for name, reason in found.items() if not reason)
    if os.environ.get("PELLUCID_GOLDEN") == "write":
        reasons: dict[str, list[str]] = {}
        for name, reason in sorted(found.items()):
            if reason:
                reasons.setdefault(reason, []).append(name)
        listed = {"passing": passing, "excluded": dict(sorted(reasons.items()))}
        LIST.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    excluded = {name: reason for reason, names in listed["excluded"].items() for name in names}
    assert set(found) == {*listed["passing"], *excluded}
    assert passing == listed["passing"]


def test_a_wrong_number_would_be_noticed() -> None:
    """A case whose stored answer is another fails: the comparison can tell."""
    (case,) = (case for case in small_cases() if case.name == "test_operator_concat2")
    assert outcome(case) == ""
    sets = [(inputs, [array + 0.01 for array in outputs]) for inputs, outputs in content(case)[1]]
    with pytest.raises(AssertionError, match="test_operator_concat2"):
        outcome(case, sets)

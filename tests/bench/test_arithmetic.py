"""A comparison's arithmetic: agreement, ratios, turns."""

from __future__ import annotations

import os

import numpy as np
import pytest

from bench.compare import fastest
from bench.machine import Moment
from bench.page import milliseconds
from bench.ratios import Ratio, disagreement
from bench.rounds import interleaved


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    """A round in which the machine was busy for both does not count more than another."""
    ratio = Ratio.of([2.0, 40.0, 3.0, 8.0, 5.0], [1.0, 10.0, 1.0, 1.0, 1.0])
    assert (ratio.low, ratio.median, ratio.high) == (3.0, 4.0, 5.0)


def test_everybody_has_a_turn_in_each_round_and_each_round_another_begins() -> None:
    """Nobody always follows the same neighbour."""
    turns: list[str] = []

    def turn(name: str) -> float:
        turns.append(name)
        return float(len(turns))

    times = interleaved({name: lambda name=name: turn(name) for name in "abc"}, 3)
    assert "".join(turns) == "abcbcacab"
    assert times == {"a": [1.0, 6.0, 8.0], "b": [2.0, 4.0, 9.0], "c": [3.0, 5.0, 7.0]}


def test_nobody_takes_turns_in_silence() -> None:
    """Without anybody there is nothing to measure."""
    assert interleaved({}, 3) == {}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([1.0, -4.0], None),
        ([1.0, -4.0003], None),
        ([1.0, -4.0005], "its result differs by 1.2e-04 of the largest number, more than 1e-04"),
        ([1.0, float("nan")], "its result differs by nan of the largest number, more than 1e-04"),
        ([1.0], "its result has shape (1,), expected (2,)"),
    ],
)
def test_results_agree_up_to_the_tolerance_of_the_largest_number(found: list[float], why: str | None) -> None:
    """What 16-bit floats or a wrong layer would give is refused, and so is NaN."""
    assert disagreement(np.array(found), np.array([1.0, -4.0])) == why


def test_the_fastest_setting_is_measured() -> None:
    """It is the one that took the least time."""
    assert fastest({"slow": 2.0, "fast": 1.0, "middling": 1.5}) == "fast"


def test_times_have_three_digits() -> None:
    """From microseconds to seconds, in one unit."""
    assert [milliseconds(s) for s in (0.0000152, 0.00015, 0.00241, 0.0415, 1.5)] == [
        "0.0152 ms",
        "0.150 ms",
        "2.41 ms",
        "41.5 ms",
        "1,500 ms",
    ]


def test_the_share_of_others_is_what_neither_we_nor_idleness_took() -> None:
    """Of 10 seconds all cores were busy for 6 a core, and we for 4 of these."""
    cores = os.cpu_count() or 1
    began, ended = Moment(100.0, 50.0, 7.0), Moment(110.0, 50.0 + 6 * cores, 7.0 + 4 * cores)
    assert began.others(ended) == pytest.approx(0.2)

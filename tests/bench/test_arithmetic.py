"""A comparison's arithmetic: agreement, ratios, turns, and how they are told."""

from __future__ import annotations

import os

import numpy as np
import pytest

from bench.compare import Comparison, fastest
from bench.machine import Moment
from bench.page import details, milliseconds, overview, score, shares
from bench.ratios import Ratio, disagreement
from bench.rounds import interleaved
from bench.works import WORKS


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


def compared() -> Comparison:
    """One work with a win that meets its target, a win that misses it, a loss without a target, and a failure."""
    return Comparison(
        WORKS["lenet-1"],
        2,
        times={"pellucid": [0.001], "torch": [0.016], "keras": [0.002], "openvino": [0.0005]},
        settings={"pellucid": "native", "torch": "eager", "keras": "XLA", "openvino": "latency"},
        failures={"ncnn": ["default: no such file"]},
    )


def test_the_page_tells_wins_losses_and_failures_alike() -> None:
    """Each has its row, with the target and whether it is met."""
    title = "| LeNet-5 28x28, forward, batch 1 |"
    rows = details([compared()]).splitlines()[2:]
    assert rows == [
        f"{title} Pellucid | 1.00 ms |  |  | native |",
        f"{title} PyTorch | 16.0 ms | 16.00 (16.00 to 16.00) | >= 15: met | eager |",
        f"{title} Keras/TensorFlow | 2.00 ms | 2.00 (2.00 to 2.00) | >= 30: missed | XLA |",
        f"{title} OpenVINO | 0.500 ms | 0.50 (0.50 to 0.50) |  | latency |",
        f"{title} ncnn | failed |  |  | default: no such file |",
    ]
    assert score([compared()]) == "Faster in 2 of 3 comparisons, slower in 1; targets met: 1 of 2.\n"
    seen = overview([compared()], ["pellucid", "torch", "openvino", "ncnn"]).splitlines()[-1]
    assert seen == f"{title} 1.00 ms | **16.00** | 0.50 |  |"


def test_shares_of_the_peak_count_the_definitions_operations() -> None:
    """416,520 multiply-adds in a millisecond are 0.83 GFLOP/s, 42 % of two cores that can 1 GFLOP/s each."""
    assert shares([compared()], 1e9).splitlines()[-1].endswith("| 2 | 1 GFLOP/s | 42% |")

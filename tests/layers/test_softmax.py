"""Logarithms of softmax on paper, beside PyTorch's where probabilities would be 0, and how they are told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ShapeError
from pellucid.layers import LogSoftmax, Softmax
from pellucid.layers.base import Cost, Run

INF, NAN = math.inf, math.nan


def test_log_softmax_on_paper() -> None:
    """Logits ln 1, ln 2, ln 5 give the logarithms of an eighth, a quarter, five eighths, however far shifted."""
    for shift in (0, 1000, -1000):
        x = np.log([1, 2, 5]) + shift
        np.testing.assert_allclose(forward(LogSoftmax(), x), np.log([1 / 8, 2 / 8, 5 / 8]), rtol=1e-12)


def test_its_gradient_on_paper() -> None:
    """A gradient loses the probability's part of the sum of all: 4, 0 and 8 less 12 times 1, 2 and 5 eighths."""
    (found,) = backward(LogSoftmax(), [4, 0, 8], np.log([1, 2, 5])).inputs
    np.testing.assert_allclose(found, [4 - 1.5, -3, 8 - 7.5], rtol=1e-12)


def test_what_probabilities_lose() -> None:
    """A probability that is 0 in float32 has a logarithm."""
    x = np.array([[0, 200]], np.float32)
    assert Softmax().forward(x, w={}, run=Run())[0, 0] == 0
    assert LogSoftmax().forward(x, w={}, run=Run()).tolist() == [[-200, 0]]


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_along_any_axis(axis: int) -> None:
    """Along the axis the exponentials sum to 1."""
    x = np.random.default_rng(1).standard_normal((3, 5, 2))
    np.testing.assert_allclose(np.exp(forward(LogSoftmax(axis), x)).sum(axis=axis), 1, rtol=1e-12)


def test_numbers_that_are_told() -> None:
    """The largest logit, the number's distance from it, the sum of exponentials and its logarithm are told."""
    told = LogSoftmax().explain((0,), doubles([[math.log(2), math.log(6)]]), w={}, run=Run())
    assert (told.rule, told.formula) == ("log share", "x - max - log(sum(exp(x - max)))")
    logs = {"max": math.log(6), "x - max": -math.log(3), "sum": 4 / 3, "log(sum)": math.log(4 / 3)}
    assert told.numbers == pytest.approx(logs)
    assert told.total == pytest.approx(math.log(0.25))
    assert told.terms.product == pytest.approx([1 / 3, 1])


def test_nan_and_infinity() -> None:
    """NaN or +inf among the logits, or -inf alone, makes all NaN, as in PyTorch; one -inf is a probability of 0."""
    for x in ([0, NAN], [0, INF], [-INF, -INF]):
        assert np.isnan(forward(LogSoftmax(), x)).all()
    assert forward(LogSoftmax(), [0, -INF]).tolist() == [0, -INF]


def test_cost() -> None:
    """A comparison, three additions and an exponential a number, and one logarithm a sum."""
    assert LogSoftmax().cost((10,)) == Cost(compares=10, adds=30, specials=11)
    assert LogSoftmax(-1).cost((2, 3, 5)) == Cost(compares=30, adds=90, specials=36)


def test_an_axis_that_is_not_there() -> None:
    """An axis that the input lacks is refused."""
    Refusal(
        lambda: LogSoftmax(2).shape_of((2, 3), name="last"),
        ShapeError,
        "LogSoftmax 'last'",
        "axis 2 of input (2, 3)",
        "an axis from 0 to 1",
        "count axes without the batch",
    ).check()

"""Activations at the points where their definitions turn: zero, infinities, NaN, numbers too large for exp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import Layer, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from pellucid.layers.base import Cost, Run
from pellucid.window import Window

INF, NAN = math.inf, math.nan
POINTS = [-INF, -1000, -2, -0.0, 0.0, 3, 1000, INF, NAN]


@pytest.mark.parametrize(
    ("layer", "values", "slopes"),
    [
        (ReLU(), [0, 0, 0, 0, 0, 3, 1000, INF, NAN], [0, 0, 0, 0, 0, 1, 1, 1, 0]),
        (LeakyReLU(0.5), [-INF, -500, -1, 0, 0, 3, 1000, INF, NAN], [0.5, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 0.5]),
        (
            Tanh(),
            [-1, -1, -0.9640275800758169, 0, 0, 0.9950547536867305, 1, 1, NAN],
            [0, 0, 1 - 0.9640275800758169**2, 1, 1, 1 - 0.9950547536867305**2, 0, 0, NAN],
        ),
        (
            Sigmoid(),
            [0, 0, 0.11920292202211755, 0.5, 0.5, 0.9525741268224334, 1, 1, NAN],
            [0, 0, 0.11920292202211755 * 0.8807970779778823, 0.25, 0.25, 0.045176659730912, 0, 0, NAN],
        ),
    ],
)
def test_values_and_slopes(layer: Layer, values: list[float], slopes: list[float]) -> None:
    """Values and slopes at -inf, far and near negatives, both zeros, positives, inf and NaN."""
    np.testing.assert_allclose(forward(layer, POINTS), values, rtol=1e-14, atol=0)
    found = backward(layer, np.ones(9), POINTS).inputs[0]
    np.testing.assert_allclose(found, slopes, rtol=1e-12, atol=0)
    for place, (value, point) in enumerate(zip(values, POINTS, strict=True)):
        told = layer.explain((place,), doubles([POINTS]), w={}, run=Run())
        assert told.total == pytest.approx(value, rel=1e-14, abs=0, nan_ok=True)
        assert told.terms.value == pytest.approx(point, nan_ok=True)


@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(), Tanh(), Sigmoid(), Softmax()])
def test_float32_stays_float32(layer: Layer) -> None:
    """Numbers keep their type, and stay finite at the ends of float32's range."""
    x = np.array([[-3e38, -1e-38, 0, 1e-38, 3e38]], np.float32)
    with np.errstate(over="ignore"):  # softmax's shift may overflow to -inf, whose exponential is 0
        y = layer.forward(x, w={}, run=Run())
    assert y.dtype == np.float32
    assert np.isfinite(y).all()
    assert layer.backward(y, x, y=y, w={}, run=Run()).inputs[0].dtype == np.float32


def test_formulas_name_their_numbers() -> None:
    """The formula is told, and the parameters in it by symbol."""
    told = LeakyReLU(0.3).explain((0,), doubles([[-2]]), w={}, run=Run())
    assert (told.formula, told.numbers, told.total) == ("x if x > 0 else slope * x", {"slope": 0.3}, -0.6)
    assert ReLU().explain((0,), doubles([[-2]]), w={}, run=Run()).numbers == {}


def test_slopes_default_to_pytorchs() -> None:
    """LeakyReLU's slope is PyTorch's 0.01; Keras's 0.3 is asked for; any finite slope is one, negative too."""
    assert LeakyReLU().negative_slope == 0.01
    assert forward(LeakyReLU(-1), [-2, 2]).tolist() == [2, 2]


# Softmax


def test_softmax_on_paper() -> None:
    """Logits ln 1, ln 2, ln 5 give an eighth, a quarter, five eighths, however far they are shifted."""
    for shift in (0, 1000, -1000):
        x = np.log([1, 2, 5]) + shift
        np.testing.assert_allclose(forward(Softmax(), x), [1 / 8, 2 / 8, 5 / 8], rtol=1e-12)
    assert forward(Softmax(), [0, -INF]).tolist() == [1, 0]


def test_softmax_gradient_on_paper() -> None:
    """With probabilities 1/2 and 1/2 and gradient (1, 0): 1/2 * (1 - 1/2) and 1/2 * (0 - 1/2)."""
    assert backward(Softmax(), [1, 0], [3, 3]).inputs[0].tolist() == [0.25, -0.25]


@pytest.mark.parametrize(("axis", "same_as"), [(0, 0), (1, 1), (2, 2), (-1, 2), (-2, 1), (-3, 0)])
def test_softmax_axes(axis: int, same_as: int) -> None:
    """Axes count without the batch, from either end; along the chosen one probabilities sum to 1."""
    x = np.arange(24.0).reshape(2, 3, 4) % 5
    y = forward(Softmax(axis), x)
    np.testing.assert_allclose(y.sum(axis=same_as), 1, rtol=1e-12)
    told = Softmax(axis).explain((1, 2, 3), x[None], w={}, run=Run())
    assert len(told.terms) == x.shape[same_as]
    assert told.total == pytest.approx(y[1, 2, 3], rel=1e-12)
    place = [1, 2, 3]
    for i, index in enumerate(told.terms.index.tolist()):
        place[same_as] = i
        assert index == place


def test_softmax_tells_its_numbers() -> None:
    """The largest logit, the number's own exponential and the sum are told, as the formula uses them."""
    told = Softmax().explain((0,), doubles([[math.log(2), math.log(6)]]), w={}, run=Run())
    assert told.formula == "exp(x - max) / sum(exp(x - max))"
    assert told.numbers == pytest.approx({"max": math.log(6), "exp(x - max)": 1 / 3, "sum": 4 / 3})
    assert told.total == pytest.approx(0.25)


def test_softmax_of_nan_and_infinity() -> None:
    """NaN or +inf among the logits, or -inf alone, has no probabilities: all are NaN, as in PyTorch."""
    for x in ([0, NAN], [0, INF], [-INF, -INF]):
        assert np.isnan(forward(Softmax(), x)).all()


@pytest.mark.parametrize(
    ("axis", "shape", "windows"),
    [
        (0, (3, 4, 5), (Window(1), Window(1))),
        (-3, (3, 4, 5), (Window(1), Window(1))),
        (1, (3, 4, 5), (None, Window(1))),
        (-1, (3, 4, 5), (Window(1), None)),
        (0, (7,), (None, None)),
    ],
)
def test_softmax_windows(axis: int, shape: tuple[int, ...], windows: object) -> None:
    """A unit of a softmax over channels reads one place of the maps; any other reads along rows or columns."""
    assert Softmax(axis).windows(shape) == windows


def test_costs() -> None:
    """Each number costs what its formula says."""
    assert ReLU().cost((2, 3, 4)) == Cost(compares=24)
    assert LeakyReLU().cost((2, 3, 4)) == Cost(compares=24, muls=24)
    assert Tanh().cost((2, 3, 4)) == Cost(specials=24)
    assert Sigmoid().cost((2, 3, 4)) == Cost(specials=24, adds=24, muls=24)
    assert Softmax().cost((10,)) == Cost(compares=10, adds=20, specials=10, muls=10)


AXIS = "a whole number, -2147483647 to 2147483647"
ANY: Any = Softmax
REFUSED = [
    Refusal(lambda: ANY("0"), ParameterError, "Softmax", "axis='0'", AXIS, "give a whole number"),
    Refusal(lambda: ANY(None), ParameterError, "Softmax", "axis=None", AXIS, "give a whole number"),
    Refusal(lambda: ANY(-1.5), ParameterError, "Softmax", "axis=-1.5", AXIS, "give a whole number"),
    Refusal(lambda: ANY(True), ParameterError, "Softmax", "axis=True", AXIS, "give a whole number"),
    *(
        Refusal(
            lambda axis=axis: Softmax(axis).shape_of((2, 3)),
            ShapeError,
            "Softmax",
            f"axis {axis} of input (2, 3)",
            "an axis from 0 to 1",
            "count axes without the batch",
        )
        for axis in (2, -3)
    ),
    Refusal(
        lambda: LeakyReLU(INF),
        ParameterError,
        "LeakyReLU",
        "negative_slope=inf",
        "a finite number",
        "give a number in that range",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Axes that are no whole numbers or that the input lacks, and slopes without end, are refused."""
    refusal.check()

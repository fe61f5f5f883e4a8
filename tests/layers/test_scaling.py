"""Slopes, factors and numbers to add that vary along some axes: on paper, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import PReLU, Scale
from pellucid.layers.base import Cost, Run
from pellucid.layers.initializers import Weight

X = [[[-1, 2], [-3, 4]], [[5, -6], [0, -0.0]]]  # (2, 2, 2)


def test_prelu_on_paper() -> None:
    """Negative numbers are multiplied with their channel's slope; zeros and positive ones stay."""
    assert forward(PReLU(), X, weight=[10, 100]).tolist() == [[[-10, 2], [-30, 4]], [[5, -600], [0, 0]]]
    assert forward(PReLU(()), X, weight=[10]).tolist() == [[[-10, 2], [-30, 4]], [[5, -60], [0, 0]]]
    assert forward(PReLU(2), X, weight=[10, 100]).tolist() == [[[-10, 2], [-30, 4]], [[5, -600], [0, 0]]]
    every = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    assert forward(PReLU((0, 1, 2)), X, weight=every).tolist() == [[[-1, 2], [-9, 4]], [[5, -36], [0, 0]]]
    assert forward(PReLU(), [-2, 3], weight=[10, 100]).tolist() == [-20, 3]


def test_prelus_gradients_on_paper() -> None:
    """The gradient passes times 1 or the slope; a slope's is what its negative numbers are, times theirs."""
    found = backward(PReLU(), np.ones((2, 2, 2)), X, weight=[10, 100])
    assert found.inputs[0].tolist() == [[[10, 1], [10, 1]], [[1, 100], [100, 100]]]  # at 0 the slope, as in PyTorch
    assert found.weights["weight"].tolist() == [-4, -6]
    assert backward(PReLU(()), np.ones((2, 2, 2)), X, weight=[10]).weights["weight"].tolist() == [-10]
    assert backward(PReLU((1, 2)), np.ones((2, 2, 2)), X, weight=[[1, 2], [3, 4]]).weights["weight"].tolist() == [
        [-1, -6],
        [-3, 0],
    ]


def test_prelu_follows_ieee() -> None:
    """NaN stays, and infinities have their slope."""
    assert forward(PReLU(()), [-math.inf, math.inf], weight=[0.5]).tolist() == [-math.inf, math.inf]
    assert np.isnan(forward(PReLU(()), [math.nan], weight=[0.5])).all()


def test_prelu_is_told() -> None:
    """The slope that is told is the one of the number's own place."""
    told = PReLU((0, 2)).explain((1, 0, 1), doubles([X]), w={"weight": doubles([[1, 2], [3, 4]])}, run=Run())
    assert (told.rule, told.formula) == ("function", "x if x > 0 else slope * x")
    assert (told.numbers, told.total, told.terms.value.tolist()) == ({"slope": 4}, -24, [-6])


def test_scale_on_paper() -> None:
    """Each number is multiplied with its channel's factor, and its channel's number is added."""
    w: dict[str, Any] = {"weight": [10, 100], "bias": [1, -1]}
    assert forward(Scale(), X, **w).tolist() == [[[-9, 21], [-29, 41]], [[499, -601], [-1, -1]]]
    assert forward(Scale(shift=False), X, weight=[10, 100]).tolist() == [[[-10, 20], [-30, 40]], [[500, -600], [0, 0]]]
    assert forward(Scale(1, scale=False), X, bias=[1, -1]).tolist() == [[[0, 3], [-4, 3]], [[6, -5], [-1, -1]]]
    assert forward(Scale(()), [1, 2], weight=[10], bias=[1]).tolist() == [11, 21]


def test_scales_gradients_on_paper() -> None:
    """The input's gradient is multiplied with the factor; factor and number have one only where they are trained."""
    w: dict[str, Any] = {"weight": [10, 100], "bias": [1, -1]}
    grad = np.ones((2, 2, 2))
    found = backward(Scale(trainable=True), grad, X, **w)
    assert found.inputs[0].tolist() == [[[10, 10], [10, 10]], [[100, 100], [100, 100]]]
    assert {name: of.tolist() for name, of in found.weights.items()} == {"weight": [2, -1], "bias": [4, 4]}
    fixed = backward(Scale(), grad, X, **w)
    assert fixed.inputs[0].tolist() == found.inputs[0].tolist()
    assert fixed.weights == {}


def test_scale_is_told() -> None:
    """The formula has what there is, with the numbers of the place."""
    x, w = doubles([X]), {"weight": doubles([10, 100]), "bias": doubles([1, -1])}
    told = Scale().explain((1, 0, 1), x, w=w, run=Run())
    assert (told.formula, told.numbers, told.total) == ("x * weight + bias", {"weight": 100, "bias": -1}, -601)
    told = Scale(shift=False).explain((1, 0, 1), x, w=w, run=Run())
    assert (told.formula, told.numbers, told.total) == ("x * weight", {"weight": 100}, -600)
    told = Scale(scale=False).explain((1, 0, 1), x, w=w, run=Run())
    assert (told.formula, told.numbers, told.total) == ("x + bias", {"bias": -1}, -7)


def test_weights_and_costs() -> None:
    """Weights have the sizes of their axes, or one number; constants are no parameters."""
    assert PReLU((0, 2)).weights((3, 5, 7)) == {"weight": Weight((3, 7), "prelu")}
    assert PReLU((), weight_init="zeros").weights((3, 5, 7)) == {"weight": Weight((1,), "zeros")}
    fixed = {"weight": Weight((3,), "ones", trainable=False), "bias": Weight((3,), "zeros", trainable=False)}
    assert Scale().weights((3, 5, 7)) == fixed
    assert Scale(scale=False, trainable=True).weights((3,)) == {"bias": Weight((3,), "zeros")}
    assert PReLU().cost((3, 5, 7)) == Cost(compares=105, muls=105)
    assert Scale().cost((3, 5, 7)) == Cost(muls=105, adds=105)
    assert Scale(scale=False).cost((3, 5, 7)) == Cost(adds=105)


def test_shown_as_written() -> None:
    """No axes are shown as none; the default is left out."""
    assert [repr(Scale(axes)) for axes in ((0,), (), 1, (0, 2))] == [
        "Scale()",
        "Scale(axes=())",
        "Scale(axes=1)",
        "Scale(axes=(0, 2))",
    ]


ANY: Any = PReLU
REFUSED = [
    *(
        Refusal(
            lambda axes=axes: ANY(axes),
            ParameterError,
            "PReLU",
            f"axes={axes}",
            "axes, each once, in rising order",
            "write for instance (0, 2)",
        )
        for axes in ((1, 0), (0, 0))
    ),
    Refusal(lambda: ANY(-1), ParameterError, "PReLU", "axes=-1", "a whole number, 0 to 2147483647", "use 0 or more"),
    Refusal(
        lambda: Scale(scale=False, shift=False),
        ParameterError,
        "Scale",
        "scale=False and shift=False",
        "one of them, or both",
        "leave the layer out",
    ),
    *(
        Refusal(
            lambda layer=layer: layer.shape_of((5, 3)),
            ShapeError,
            layer.kind,
            "axes (1, 2) of input (5, 3)",
            "axes from 0 to 1",
            "count axes without the batch",
        )
        for layer in (PReLU((1, 2)), Scale((1, 2)))
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Axes twice, out of order or that the input lacks, and a scale that does nothing, are refused."""
    refusal.check()

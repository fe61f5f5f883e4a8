"""Curves and gates where their definitions turn, saturate or end: numbers worked out with 40 digits, and by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError
from pellucid.layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    Clip,
    HardSigmoid,
    HardSwish,
    Layer,
    Mish,
    ReLU6,
    SiLU,
    Softplus,
    Softsign,
)
from pellucid.layers.base import Cost, Run

INF, NAN = math.inf, math.nan
POINTS = [-INF, -1000, -2, -0.0, 0.0, 3, 1000, INF, NAN]
SELU_LOW = -1.7580993408473768  # scale * alpha, the depth to which negative numbers sink
SCALE = 1.0507009873554805
LN2 = 0.6931471805599453


@pytest.mark.parametrize(
    ("layer", "values"),
    [
        (ReLU6(), [0, 0, 0, 0, 0, 3, 6, 6, NAN]),
        (Clip(-1, 2), [-1, -1, -1, 0, 0, 2, 2, 2, NAN]),
        (Clip(min=-1), [-1, -1, -1, 0, 0, 3, 1000, INF, NAN]),
        (Clip(max=2), [-INF, -1000, -2, 0, 0, 2, 2, 2, NAN]),
        (ELU(0.5), [-0.5, -0.5, -0.43233235838169365, 0, 0, 3, 1000, INF, NAN]),
        (CELU(2), [-2, -2, -1.2642411176571154, 0, 0, 3, 1000, INF, NAN]),
        (SELU(), [SELU_LOW, SELU_LOW, -1.520166468595695, 0, 0, 3.1521029620664415, 1000 * SCALE, INF, NAN]),
        (GELU(), [0, 0, -0.045500263896358414, 0, 0, 2.9959503059051097, 1000, INF, NAN]),
        (GELU("tanh"), [0, 0, -0.045402305912224981, 0, 0, 2.996362607918227, 1000, INF, NAN]),
        (SiLU(), [NAN, 0, -0.23840584404423511, 0, 0, 2.8577223804672997, 1000, INF, NAN]),
        (HardSigmoid(), [0, 0, 1 / 6, 0.5, 0.5, 1, 1, 1, NAN]),
        (HardSigmoid(alpha=0.2), [0, 0, 0.1, 0.5, 0.5, 1, 1, 1, NAN]),
        (HardSwish(), [NAN, 0, -1 / 3, 0, 0, 3, 1000, INF, NAN]),
        (Softplus(), [0, 0, 0.1269280110429725, LN2, LN2, 3.0485873515737421, 1000, INF, NAN]),
        (Softplus(beta=2), [0, 0, 0.0090749639589048702, LN2 / 2, LN2 / 2, 3.0012378425688652, 1000, INF, NAN]),
        (Softplus(threshold=2), [0, 0, 0.1269280110429725, LN2, LN2, 3, 1000, INF, NAN]),
        (Mish(), [NAN, 0, -0.25250148269570886, 0, 0, 2.9865350049679573, 1000, INF, NAN]),
        (Softsign(), [NAN, -1000 / 1001, -2 / 3, 0, 0, 0.75, 1000 / 1001, NAN, NAN]),
    ],
    ids=str,
)
def test_values(layer: Layer, values: list[float]) -> None:
    """Values at -inf, far and near negatives, both zeros, positives, inf and NaN, which the explanation says too."""
    found = forward(layer, POINTS)
    np.testing.assert_allclose(found, values, rtol=1e-13, atol=1e-300)
    for place, value in enumerate(found):
        with np.errstate(invalid="ignore"):
            told = layer.explain((place,), doubles([POINTS]), w={}, run=Run())
        assert told.total == pytest.approx(value, rel=1e-15, abs=0, nan_ok=True)


@pytest.mark.parametrize(
    ("layer", "slopes"),
    [
        (ReLU6(), [0, 0, 0, 0, 1, 0]),
        (Clip(-1, 2), [0, 0, 1, 1, 0, 0]),
        (ELU(0.5), [0, 0.067667641618306346, 0.5, 0.5, 1, 1]),
        (CELU(2), [0, 0.36787944117144232, 1, 1, 1, 1]),
        (SELU(), [0, 0.23793287225168182, -SELU_LOW, -SELU_LOW, SCALE, SCALE]),
        (GELU(), [0, -0.085231801078196897, 0.5, 0.5, 1.0119456472041839, 1]),
        (GELU("tanh"), [0, -0.086099256623618382, 0.5, 0.5, 1.0115841666309697, 1]),
        (SiLU(), [0, -0.090784248784895479, 0.5, 0.5, 1.0881041060151696, 1]),
        (HardSigmoid(), [0, 1 / 6, 1 / 6, 1 / 6, 0, 0]),
        (HardSwish(), [0, -1 / 6, 0.5, 0.5, 1, 1]),
        (Softplus(), [0, 0.11920292202211756, 0.5, 0.5, 0.95257412682243322, 1]),
        (Softplus(beta=2), [0, 0.017986209962091558, 0.5, 0.5, 0.99752737684336523, 1]),
        (Mish(), [0, -0.10835509242039394, 0.6, 0.6, 1.0211069109294438, 1]),
        (Softsign(), [1 / 1001**2, 1 / 9, 1, 1, 1 / 16, 1 / 1001**2]),
    ],
    ids=str,
)
def test_slopes(layer: Layer, slopes: list[float]) -> None:
    """Slopes at far and near negatives, at both zeros, and at near and far positives, where they flatten out."""
    found = backward(layer, np.ones(6), POINTS[1:7]).inputs[0]
    np.testing.assert_allclose(found, slopes, rtol=1e-12, atol=1e-200)


@pytest.mark.parametrize(
    ("layer", "points", "slopes"),
    [
        (ReLU6(), [0, 6], [0, 0]),
        (Clip(-1, 2), [-1, 2], [1, 1]),
        (HardSigmoid(), [-3, 3], [0, 0]),
        (HardSwish(), [-3, 3], [0, 1]),
        (Softplus(threshold=2), [2, 2.0000001], [0.8807970779778824, 1]),
    ],
    ids=str,
)
def test_slopes_at_corners(layer: Layer, points: list[float], slopes: list[float]) -> None:
    """At a corner the slope is PyTorch's: 0 at the ends of ReLU6, 1 at the bounds of Clip."""
    np.testing.assert_allclose(backward(layer, [1, 1], points).inputs[0], slopes, rtol=1e-14)


@pytest.mark.parametrize(
    "layer",
    [
        *(ReLU6(), Clip(-1, 1), ELU(), CELU(), SELU(), GELU(), GELU("tanh"), SiLU(), HardSigmoid(), HardSwish()),
        *(Softplus(), Mish(), Softsign()),
    ],
    ids=str,
)
def test_float32_stays_float32(layer: Layer) -> None:
    """Numbers and slopes keep their type, and values are finite at the ends of float32's range."""
    x = np.array([[-3e38, -1e-38, 0, 1e-38, 3e38]], np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # GELU by tanh has no slope there, in PyTorch either
        y = layer.forward(x, w={}, run=Run())
        slope = layer.backward(np.ones_like(x), x, y=y, w={}, run=Run()).inputs[0]
    assert y.dtype == slope.dtype == np.float32
    assert np.isfinite(y).all()


def test_formulas_name_their_numbers() -> None:
    """The formula is told with the numbers in it; that of Clip says the bounds that there are."""

    def told(layer: Layer) -> tuple[str, Any]:
        found = layer.explain((0,), doubles([[-2]]), w={}, run=Run())
        return found.formula, found.numbers

    assert told(Clip(-1, 2)) == ("min(max(x, low), high)", {"low": -1, "high": 2})
    assert told(Clip(min=-1)) == ("max(x, low)", {"low": -1})
    assert told(Clip(max=2)) == ("min(x, high)", {"high": 2})
    assert told(Clip()) == ("x", {})
    assert told(ELU(0.5)) == ("x if x > 0 else alpha * (exp(x) - 1)", {"alpha": 0.5})
    assert told(GELU()) == ("x * (1 + erf(x / sqrt(2))) / 2", {})
    assert told(HardSigmoid(alpha=0.2)) == ("max(0, min(1, alpha * x + beta))", {"alpha": 0.2, "beta": 0.5})


def test_costs() -> None:
    """Each number costs what its formula says."""
    shape = (2, 3, 5)
    assert ReLU6().cost(shape) == Clip(0, 6).cost(shape) == Cost(compares=60)
    assert (Clip(min=0).cost(shape), Clip().cost(shape)) == (Cost(compares=30), Cost())
    assert ELU().cost(shape) == SELU().cost(shape) == Cost(compares=30, specials=30, adds=30, muls=30)
    assert GELU().cost(shape) == Cost(specials=30, adds=30, muls=90)
    assert SiLU().cost(shape) == Cost(specials=30, adds=30, muls=60)
    assert HardSigmoid().cost(shape) == Cost(muls=30, adds=30, compares=60)
    assert HardSwish().cost(shape) == Cost(muls=60, adds=30, compares=60)
    assert Softplus().cost(shape) == Cost(specials=60, adds=30, muls=60, compares=30)
    assert Mish().cost(shape) == Cost(specials=90, adds=30, muls=30)
    assert Softsign().cost(shape) == Cost(adds=30, muls=30)


ANY: Any = GELU
REFUSED = [
    Refusal(lambda: Clip(2, 1), ParameterError, "Clip", "min=2 above max=1", "min at most max", "exchange them"),
    Refusal(lambda: ELU(INF), ParameterError, "ELU", "alpha=inf", "a finite number", "give a number in that range"),
    Refusal(
        lambda: CELU(0),
        ParameterError,
        "CELU",
        "alpha=0",
        "a finite number above 0",
        "use a small number such as 1e-5",
    ),
    Refusal(
        lambda: Softplus(beta=-1),
        ParameterError,
        "Softplus",
        "beta=-1",
        "a finite number above 0",
        "use a small number such as 1e-5",
    ),
    Refusal(lambda: ANY("erf"), ParameterError, "GELU", "approximate='erf'", "one of 'none', 'tanh'", "use 'none'"),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Bounds out of order, parameters without end or not above 0, and unknown words are refused."""
    refusal.check()

"""Pools of lengths on windows that can be checked on paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import LpPool2d
from pellucid.layers.base import Cost, Run

PAIR = [[[3, -4]]]


@pytest.mark.parametrize(
    ("power", "wanted"), [(1, 7), (2, 5), (3, (27 + 64) ** (1 / 3)), (0.5, (3**0.5 + 2) ** 2), (60, 4.000000002)]
)
def test_lengths_of_a_pair(power: float, wanted: float) -> None:
    """Sizes count, not signs: 3 and -4 have length 7, 5, ..., and in the end the larger size."""
    assert forward(LpPool2d(power, (1, 2)), PAIR).item() == pytest.approx(wanted, rel=1e-9)


def test_windows_and_padding() -> None:
    """Windows slide as those of other pools do; padding is zeros, and a window of nothing else has length 0."""
    x = [[[3, 4, 0, 12], [0, 0, 5, 0]]]
    assert forward(LpPool2d(2, 2), x).tolist() == [[[5, 13]]]
    assert forward(LpPool2d(2, (1, 2), stride=1, padding=((0, 0), (1, 0))), x)[0, 0].tolist() == [3, 5, 4, 12]
    assert forward(LpPool2d(2, (1, 2), stride=(1, 3), padding="same"), x)[0].tolist() == [[5, 12], [0, 0]]
    assert forward(LpPool2d(1, (1, 2), dilation=(1, 2), stride=1), x)[0, 0].tolist() == [3, 16]
    assert forward(LpPool2d(1, (2, 3), ceil_mode=True), x).tolist() == [[[12, 12]]]
    assert forward(LpPool2d(1, 1, stride=2, padding=2), [[[7]]])[0].tolist() == [[0, 0, 0], [0, 7, 0], [0, 0, 0]]


def test_gradients_on_paper() -> None:
    """The slope of a length is x / y, of a sum of sizes the sign; a window of zeros has none."""
    assert backward(LpPool2d(2, (1, 2)), [[[10]]], PAIR).inputs[0].tolist() == [[[6, -8]]]
    assert backward(LpPool2d(1, (1, 2)), [[[10]]], PAIR).inputs[0].tolist() == [[[10, -10]]]
    for power in (0.5, 1, 2, 3):
        assert backward(LpPool2d(power, (1, 2)), [[[10]]], [[[0, 0]]]).inputs[0].tolist() == [[[0, 0]]]


def test_too_small_for_float32_is_no_nan() -> None:
    """Where a square is too small for float32 the length is 0; its gradient stays a number."""
    x = np.full((1, 1, 1, 2), 1e-30, np.float32)
    layer, one = LpPool2d(2, (1, 2)), np.ones((1, 1, 1, 1), np.float32)
    y = layer.forward(x, w={}, run=Run())
    assert y.item() == 0
    assert np.isfinite(layer.backward(one, x, y=y, w={}, run=Run()).inputs[0]).all()


def test_the_explanation_is_a_root() -> None:
    """The window, each size to the power, and the root of their sum; padding is among the places."""
    told = LpPool2d(2, (1, 3), padding=((0, 0), (1, 0))).explain((0, 0, 0), doubles([PAIR]), w={}, run=Run())
    assert (told.rule, told.formula, told.numbers) == ("root", "sum(|x| ** p) ** (1 / p)", {"p": 2})
    assert (told.terms.product.tolist(), told.terms.inside.tolist()) == ([0, 9, 16], [False, True, True])
    assert told.total == 5


def test_nan_stays_in_its_windows() -> None:
    """NaN and infinities reach the windows that hold them, and no other."""
    found = forward(LpPool2d(2, (1, 2)), [[[1, math.nan, 3, 4, -math.inf, 1]]])[0, 0]
    assert np.isnan(found).tolist() == [True, False, False]
    assert found[1:].tolist() == [5, math.inf]


def test_cost() -> None:
    """A power for each place of each window, one addition fewer, and a root."""
    assert LpPool2d(2, 3).cost((2, 6, 6)) == Cost(adds=8 * 8, specials=8 * 10)


ANY: Any = LpPool2d
REFUSED = [
    *(
        Refusal(lambda given=given: ANY(*given), ParameterError, "LpPool2d", got, expected, fix)
        for given, got, expected, fix in [
            ((2,), "no kernel_size", "norm_type, kernel_size", "give kernel_size"),
            ((0, 2), "norm_type=0", "a finite number above 0", "use a small number such as 1e-5"),
            ((math.inf, 2), "norm_type=inf", "a finite number", "give a number in that range"),
        ]
    ),
    Refusal(
        lambda: LpPool2d(2, 3).shape_of((1, 2, 5)),
        ShapeError,
        "LpPool2d",
        "input (1, 2, 5): kernel 3 spans 3; 2 places + padding 0 + 0 = 2",
        "at least 3 places, padding included",
        "use a smaller kernel, a larger input, or 1 more padding",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.got)
def test_refused(refusal: Refusal) -> None:
    """Powers of 0 and windows that do not fit are refused."""
    refusal.check()

"""Local response norm: which channels are in the sum, by hand, the even sizes above all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError
from pellucid.layers import LocalResponseNorm
from pellucid.layers.base import Cost, Run


def norm(size: int, **named: Any) -> LocalResponseNorm:
    """A norm that divides by 1 + the sum of squares."""
    given: Any = {"alpha": size, "beta": 1, "k": 1, **named}
    return LocalResponseNorm(size, **given)


@pytest.mark.parametrize(
    ("layer", "divisors"),
    [
        (norm(1), [2, 5, 10, 17]),
        (norm(3), [6, 15, 30, 26]),  # 1+4, 1+4+9, 4+9+16, 9+16
        (norm(2), [2, 6, 14, 26]),  # PyTorch: the channel before, and its own
        (norm(2, extra="after"), [6, 14, 26, 17]),  # ONNX: its own, and the channel after
        (norm(4), [6, 15, 31, 30]),  # PyTorch: two before, one after
        (norm(4, extra="after"), [15, 31, 30, 26]),  # ONNX: one before, two after
        (norm(9), [31, 31, 31, 31]),  # wider than all channels
    ],
    ids=repr,
)
def test_the_neighbours(layer: LocalResponseNorm, divisors: list[int]) -> None:
    """Channels 1, 2, 3, 4 are divided by 1 + the squares around each; beyond the ends there is nothing."""
    x = doubles([1, 2, 3, 4])
    assert forward(layer, x).tolist() == (x / divisors).tolist()
    assert forward(layer, x[:, None, None] * np.ones((1, 2, 3)))[:, 1, 2].tolist() == (x / divisors).tolist()


def test_all_numbers_of_the_formula() -> None:
    """3 / (2 + 8 / 2 * (1 + 9 + 4))^0.5 with the sum's mean over the size, not over the channels that are there."""
    layer = LocalResponseNorm(3, alpha=12, beta=0.5, k=8)
    assert forward(layer, [1, 3, 2])[1] == 3 / 8  # 8 + 12 / 3 * 14 = 64
    assert forward(layer, [1, 3])[1] == pytest.approx(3 / math.sqrt(48), rel=1e-15)
    told = layer.explain((1,), doubles([[1, 3, 2]]), w={}, run=Run())
    assert told.numbers == {"x": 3, "k": 8, "alpha": 12, "size": 3, "sum": 14, "beta": 0.5}
    assert (told.rule, told.formula, told.total) == ("normal", "x / (k + alpha / size * sum) ** beta", 3 / 8)
    assert (told.terms.value.tolist(), told.terms.product.tolist()) == ([1, 3, 2], [1, 9, 4])


def test_gradients_on_paper() -> None:
    """Of y = x / (1 + x^2 + n^2) at x = 1, n = 2: own slope (1 + 5 - 2) / 36, and -2 n x / 36 for the neighbour."""
    found = backward(norm(2), [0, 36], [2, 1]).inputs[0]
    assert found.tolist() == pytest.approx([-2 * 2 * 1, 1 + 5 - 2], rel=1e-14)
    mirrored = backward(norm(2, extra="after"), [36, 0], [1, 2]).inputs[0]
    assert mirrored.tolist() == pytest.approx([4, -4], rel=1e-14)


def test_nan_stays_with_its_neighbours() -> None:
    """NaN reaches the channels whose windows hold it, and no other; so does the gradient's."""
    x = doubles([1, 1, math.nan, 1, 1, 1])
    assert np.isnan(forward(norm(3), x)).tolist() == [False, True, True, True, False, False]
    assert np.isnan(backward(norm(3), [0, 0, math.nan, 0, 0, 0], np.ones(6)).inputs[0]).tolist() == [
        *(False, True, True, True, False, False),
    ]


def test_reads_are_the_neighbours_that_are_there() -> None:
    """A unit reads its window of channels at its own place, cut at the ends."""
    mask = np.zeros((5, 1, 2), np.bool_)
    mask[4, 0, 1] = True
    (read,) = norm(4).reads(mask, mask.shape)
    assert np.argwhere(read).tolist() == [[2, 0, 1], [3, 0, 1], [4, 0, 1]]
    (read,) = norm(4, extra="after").reads(mask, mask.shape)
    assert np.argwhere(read).tolist() == [[3, 0, 1], [4, 0, 1]]


def test_cost() -> None:
    """A square, a factor, a division and a power for each number; additions for the channels that are there."""
    assert norm(3).cost((4, 2, 5)) == Cost(adds=10 * (2 + 3 + 3 + 2), muls=120, specials=40)


ANY: Any = LocalResponseNorm
REFUSED = [
    Refusal(
        lambda given=given, named=named: ANY(*given, **named), ParameterError, "LocalResponseNorm", got, wanted, fix
    )
    for given, named, got, wanted, fix in [
        ((), {"k": 2}, "no size", "size", "give size"),
        ((0,), {}, "size=0", "a whole number, 1 to 2147483647", "use 1 or more"),
        ((3,), {"alpha": -1}, "alpha=-1", "a finite number", "give a number in that range"),
        ((3,), {"k": -0.5}, "k=-0.5", "a finite number", "give a number in that range"),
        ((3,), {"beta": math.nan}, "beta=nan", "a finite number", "give a number in that range"),
        ((4,), {"extra": "left"}, "extra='left'", "one of 'before', 'after'", "use 'before'"),
        (
            (3, 1e-4),
            {},
            "2 values without names: 3, 0.0001",
            "size; all others by name",
            "name the others, and leave the input's channels out: they are inferred",
        ),
    ]
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.got)
def test_refused(refusal: Refusal) -> None:
    """A norm of no channels, and powers of what may be negative, are refused when the layer is made."""
    refusal.check()

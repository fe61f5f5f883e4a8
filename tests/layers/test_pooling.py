"""Pooling against published figures, and numbers that can be checked on paper: winners, divisors, borders."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import AvgPool2d, MaxPool2d
from pellucid.layers.base import Cost, Run

FIGURE = [[[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]]
MOST = 2**31 - 1


def test_figures_of_the_guide() -> None:
    """The figures of Dumoulin and Visin's guide: 3x3 windows at stride 1, averaged and maximal."""
    average = forward(AvgPool2d(3, stride=1), FIGURE)[0]
    wanted = [[1.6667, 1.6667, 1.6667], [1, 1.2222, 1.7778], [1.1111, 0.7778, 1.3333]]
    np.testing.assert_allclose(average, wanted, rtol=0, atol=5e-5)  # the figures print four decimals
    assert forward(MaxPool2d(3, stride=1), FIGURE)[0].tolist() == [[3, 3, 3], [3, 3, 3], [3, 2, 3]]


def test_the_stride_is_the_windows_by_default() -> None:
    """Windows lie side by side unless a stride is given, as in PyTorch and Keras; what is left over is left out."""
    x = [[[1, 2, 9], [3, 4, 9], [9, 9, 9]]]
    assert forward(MaxPool2d(2), x).tolist() == [[[4]]]
    assert forward(AvgPool2d(2), x).tolist() == [[[2.5]]]
    assert forward(MaxPool2d((1, 2)), x).tolist() == [[[2], [4], [9]]]
    assert MaxPool2d(2) == MaxPool2d(2, stride=None) != MaxPool2d(2, stride=2)


# The maximum


def test_padding_never_wins() -> None:
    """Where all is negative the largest of the map wins, never the padding, on every kind of border."""
    for padding in (1, "same", ((1, 0), (0, 1))):
        assert (forward(MaxPool2d(2, stride=1, padding=padding), np.full((1, 3, 3), -7.0)) == -7).all()
    assert (forward(MaxPool2d(2, stride=2, ceil_mode=True), np.full((1, 3, 3), -7.0)) == -7).all()


def test_the_first_of_equals_wins() -> None:
    """Of equal values the first, row by row, gets the whole gradient and is the one that an explanation marks."""
    x = [[[1, 5, 0], [5, 5, 0], [0, 0, 0]]]
    found = backward(MaxPool2d(2, stride=1), [[[1, 10], [100, 1000]]], x)
    assert found.inputs[0].tolist() == [[[0, 11, 0], [100, 1000, 0], [0, 0, 0]]]
    told = MaxPool2d(2, stride=1).explain((0, 0, 1), doubles([x]), w={}, run=Run())
    assert told.terms.index[told.terms.used].tolist() == [[0, 0, 1]]
    assert (told.rule, told.total) == ("max", 5)


def test_nan_wins() -> None:
    """NaN wins every window that holds it, whatever else is there, and no other window; it gets the gradient."""
    x = [[[math.inf, 1, 1], [1, math.nan, 1], [1, 1, 1], [2, 2, 2]]]
    found = forward(MaxPool2d(2, stride=1), x)[0]
    assert np.isnan(found).tolist() == [[True, True], [True, True], [False, False]]
    assert found[2].tolist() == [2, 2]
    grads = backward(MaxPool2d(2, stride=1), np.ones((1, 3, 2)), x).inputs[0][0]
    assert grads.tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0], [1, 1, 0]]
    told = MaxPool2d(2, stride=1).explain((0, 0, 0), doubles([x]), w={}, run=Run())
    assert np.isnan(told.total)
    assert told.terms.index[told.terms.used].tolist() == [[0, 1, 1]]


def test_a_window_of_minus_infinity() -> None:
    """Where all of a window is -inf its first place wins, not the padding, which is no place."""
    layer, x = MaxPool2d(3, stride=2, padding=1), np.full((1, 3, 3), -math.inf)
    assert (forward(layer, x) == -math.inf).all()
    assert backward(layer, [[[1, 10], [100, 1000]]], x).inputs[0].tolist() == [[[1, 10, 0], [100, 1000, 0], [0, 0, 0]]]
    told = layer.explain((0, 1, 0), x[None], w={}, run=Run())
    assert told.total == -math.inf
    assert told.terms.index[told.terms.used].tolist() == [[0, 1, 0]]


def test_a_zeros_sign_does_not_count() -> None:
    """-0.0 and 0.0 are equal: the first wins."""
    assert backward(MaxPool2d((1, 2)), [[[1]]], [[[-0.0, 0.0]]]).inputs[0].tolist() == [[[1, 0]]]


def test_dilation() -> None:
    """Taps stand `dilation` apart; what lies between them is not read."""
    x = [[[1, 9, 2, 9, 3]]]
    assert forward(MaxPool2d((1, 3), dilation=2), x).tolist() == [[[3]]]
    assert forward(MaxPool2d((1, 2), stride=1, dilation=(1, 3)), x).tolist() == [[[9, 9]]]
    told = MaxPool2d((1, 3), dilation=2).explain((0, 0, 0), doubles([x]), w={}, run=Run())
    assert told.terms.index[:, 2].tolist() == [0, 2, 4]


# The average


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (AvgPool2d(2, stride=1, padding=1), [[1, 1, 0], [1, 1, 0], [0, 0, 0]]),
        (AvgPool2d(2, stride=1, padding=1, count_include_pad=False), [[4, 2, 0], [2, 1, 0], [0, 0, 0]]),
        (AvgPool2d(2, stride=1, padding="same"), [[1, 0], [0, 0]]),
        (AvgPool2d(3, stride=1, padding="same", count_include_pad=True), [[1, 1], [1, 1]]),
        (AvgPool2d(3, stride=1, padding=1, count_include_pad=False), [[1, 1], [1, 1]]),
        (AvgPool2d(3, stride=2, padding=1, ceil_mode=True), [[4 / 9, 0], [0, 0]]),
        (AvgPool2d(2, stride=2, padding=((1, 0), (1, 0)), ceil_mode=True), [[1, 0], [0, 0]]),
        (AvgPool2d((2, 1), stride=(2, 1), padding=((1, 0), (0, 0)), ceil_mode=True), [[2, 0], [0, 0]]),
    ],
)
def test_divisors(layer: AvgPool2d, wanted: list[list[float]]) -> None:
    """A window is divided by what counts: padding that was asked for if it may, never "same"'s, never an overhang."""
    assert forward(layer, [[[4, 0], [0, 0]]])[0].tolist() == wanted


def test_onnx_window_that_would_start_in_the_padding() -> None:
    """ONNX's averagepool_2d_ceil_last_window_starts_on_pad: one window of nine places, padding counted."""
    found = forward(AvgPool2d(3, stride=3, padding=1, ceil_mode=True), [[[0.8580, 0.0786], [0.2692, 0.1537]]])
    assert found.shape == (1, 1, 1)
    assert found[0, 0, 0] == pytest.approx(1.3595 / 9, rel=1e-12)


def test_overhang_is_not_counted() -> None:
    """Rounding up, the last window holds one place of the map: the overhang beside it is no divisor."""
    layer = AvgPool2d((1, 2), ceil_mode=True)
    assert forward(layer, [[[2, 4, 6]]]).tolist() == [[[3, 6]]]
    assert backward(layer, [[[1, 1]]], [[[2, 4, 6]]]).inputs[0].tolist() == [[[0.5, 0.5, 1]]]
    told = layer.explain((0, 0, 1), doubles([[[[2, 4, 6]]]]), w={}, run=Run())
    assert (told.divisor, told.total, told.rule) == (1, 6, "mean")
    assert told.terms.inside.tolist() == [True, False]


def test_infinities_stay_in_their_windows() -> None:
    """NaN and infinity reach the windows that read them and no other."""
    found = forward(AvgPool2d((1, 2), stride=1), [[[math.nan, 1, 1, math.inf, 1]]])[0, 0]
    assert np.isnan(found).tolist() == [True, False, False, False]
    assert found[1:].tolist() == [1, math.inf, math.inf]


# Both


def test_costs() -> None:
    """A maximum of k places takes k - 1 comparisons, a mean k - 1 additions and a division."""
    assert MaxPool2d((3, 2)).cost((4, 9, 8)) == Cost(compares=4 * 3 * 4 * 5)
    assert AvgPool2d((3, 2)).cost((4, 9, 8)) == Cost(adds=4 * 3 * 4 * 5, muls=4 * 3 * 4)


def test_defaults_are_pytorchs() -> None:
    """No padding, rounding down, and padding counts in an average; Keras's way is count_include_pad=False."""
    common = {"kernel_size": (2, 2), "stride": None, "padding": ((0, 0), (0, 0)), "ceil_mode": False}
    assert MaxPool2d(2).config() == common | {"dilation": (1, 1)}
    assert AvgPool2d(2).config() == common | {"count_include_pad": True}


def test_counting_padding_can_fill_whole_windows() -> None:
    """When padding counts as zeros, a window of nothing else has a value: 0."""
    assert forward(AvgPool2d(1, padding=1), [[[5]]]).tolist() == [[[0, 0, 0], [0, 5, 0], [0, 0, 0]]]


A_COUNT = f"a whole number, 1 to {MOST}"
POOLS: list[Any] = [MaxPool2d, AvgPool2d]
REFUSED = [
    *(
        Refusal(make, ParameterError, kind.__name__, got, expected, fix)
        for kind in POOLS
        for make, got, expected, fix in [
            (lambda kind=kind: kind(0), "kernel_size=0", A_COUNT, "use 1 or more"),
            (lambda kind=kind: kind(2, stride=0), "stride=0", A_COUNT, "use 1 or more"),
            (lambda kind=kind: kind(2, stride=2.0), "stride=2.0", A_COUNT, "give a whole number"),
            (lambda kind=kind: kind(2, padding=-1), "padding=-1", f"a whole number, 0 to {MOST}", "use 0 or more"),
            (lambda kind=kind: kind(2, ceil_mode=1), "ceil_mode=1", "True or False", "give True or False"),
        ]
    ),
    Refusal(
        lambda: MaxPool2d(2, padding=2).shape_of((1, 4, 4)),
        ShapeError,
        "MaxPool2d",
        "padding (2, 2) around 4 rows: output row 0 reads only padding",
        "windows that read at least one place of the input; kernel 2 spans 2",
        "use at most 1 padding at each end, or a larger input",
    ),
    Refusal(
        lambda: AvgPool2d(1, padding=((0, 0), (0, 3)), count_include_pad=False).shape_of((1, 4, 4), name="late"),
        ShapeError,
        "AvgPool2d 'late'",
        "padding (0, 3) around 4 columns: output column 4 reads only padding",
        "windows that read at least one place of the input; kernel 1 spans 1",
        "use at most 0 padding at each end, or a larger input",
    ),
    Refusal(
        lambda: MaxPool2d(2, dilation=3, stride=1, padding=((3, 1), (0, 0))).shape_of((1, 1, 4)),
        ShapeError,
        "MaxPool2d",
        "padding (3, 1) around 1 rows: output row 1 reads only padding",
        "windows that read at least one place of the input; kernel 2 spans 4",
        "use at most 2 padding at each end, or a larger input",
    ),
    Refusal(
        lambda: MaxPool2d(3).shape_of((1, 2, 9)),
        ShapeError,
        "MaxPool2d",
        "input (1, 2, 9): kernel 3 spans 3; 2 places + padding 0 + 0 = 2",
        "at least 3 places, padding included",
        "use a smaller kernel, a larger input, or 1 more padding",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Impossible parameters are refused when the layer is made, windows without a value when it meets a shape."""
    refusal.check()


def test_huge_geometry_is_only_reckoned() -> None:
    """The largest kernels and paddings are checked by arithmetic: no array of their size is made."""
    assert MaxPool2d(MOST, padding="same").shape_of((1, 4, 4)) == (1, 1, 1)
    assert AvgPool2d(1, stride=1, padding=MOST).shape_of((1, 4, 4)) == (1, 2 * MOST + 4, 2 * MOST + 4)
    with pytest.raises(ShapeError, match="reads only padding"):
        MaxPool2d(2, dilation=MOST, padding=MOST).shape_of((1, 4, 4))

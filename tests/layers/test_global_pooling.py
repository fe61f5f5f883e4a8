"""Global and adaptive pools on maps that can be checked on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import AdaptiveAvgPool2d, AdaptiveMaxPool2d, GlobalAvgPool2d, GlobalMaxPool2d, Layer
from pellucid.layers.base import Cost, Run

X = [[[1, 2, 3], [4, 5, 6]], [[0, 0, 0], [0, 0, 12]]]


def test_whole_maps() -> None:
    """A map becomes its mean, or its largest value; two axes of length 1 stay if asked for."""
    assert forward(GlobalAvgPool2d(), X).tolist() == [3.5, 2]
    assert forward(GlobalMaxPool2d(), X).tolist() == [6, 12]
    assert forward(GlobalAvgPool2d(keepdims=True), X).tolist() == [[[3.5]], [[2]]]
    assert forward(GlobalMaxPool2d(keepdims=True), X).tolist() == [[[6]], [[12]]]


@pytest.mark.parametrize("keepdims", [False, True])
def test_gradients_of_whole_maps(keepdims: bool) -> None:
    """A mean shares its gradient among all places; a maximum gives it to its first winner."""
    grad = doubles([6, 12]).reshape((2, 1, 1) if keepdims else (2,))
    shared = backward(GlobalAvgPool2d(keepdims), grad, X).inputs[0]
    assert shared.tolist() == [[[1, 1, 1], [1, 1, 1]], [[2, 2, 2], [2, 2, 2]]]
    won = backward(GlobalMaxPool2d(keepdims), grad, [[[7, 9], [9, 1]], [[math.nan, 9], [9, math.nan]]]).inputs[0]
    assert won.tolist() == [[[0, 6], [0, 0]], [[12, 0], [0, 0]]]


def test_explanations_of_whole_maps() -> None:
    """A mean names every place of its map and their number; a maximum marks its winner."""
    mean = GlobalAvgPool2d().explain((1,), doubles([X]), w={}, run=Run())
    assert (mean.rule, mean.divisor, mean.total, len(mean.terms)) == ("mean", 6, 2, 6)
    assert set(mean.terms.index[:, 0]) == {1}
    most = GlobalMaxPool2d().explain((0,), doubles([X]), w={}, run=Run())
    assert (most.rule, most.total, most.terms.index[most.terms.used].tolist()) == ("max", 6, [[0, 1, 2]])


def test_parts_that_share_places() -> None:
    """PyTorch's 0..4 in three parts: means of 0-1, 1-3 and 3-4; the places shared collect both gradients."""
    layer = AdaptiveAvgPool2d((1, 3))
    assert forward(layer, [[[0, 1, 2, 3, 4]]]).tolist() == [[[0.5, 2, 3.5]]]
    found = backward(layer, [[[2, 3, 4]]], [[[0, 1, 2, 3, 4]]]).inputs[0]
    assert found.tolist() == [[[1, 1 + 1, 1, 1 + 2, 2]]]
    told = layer.explain((0, 0, 1), doubles([[[[0, 1, 2, 3, 4]]]]), w={}, run=Run())
    assert (told.terms.index[:, 2].tolist(), told.divisor, told.total) == ([1, 2, 3], 3, 2)


def test_largest_of_parts_that_share_places() -> None:
    """Of 0, 9, 9, 3, 4 in three parts the first 9 wins twice, and collects both gradients; NaN wins always."""
    layer, x = AdaptiveMaxPool2d((1, 3)), [[[0, 9, 9, 3, 4]]]
    assert forward(layer, x).tolist() == [[[9, 9, 4]]]
    assert backward(layer, [[[2, 3, 4]]], x).inputs[0].tolist() == [[[0, 2 + 3, 0, 0, 4]]]
    told = layer.explain((0, 0, 1), doubles([x]), w={}, run=Run())
    assert (told.rule, told.terms.index[:, 2].tolist(), told.terms.used.tolist()) == (
        *("max", [1, 2, 3]),
        [True, False, False],
    )
    spoiled = forward(layer, [[[0, 9, math.nan, 3, 4]]])[0, 0]
    assert (spoiled[[0, 2]].tolist(), math.isnan(spoiled[1])) == ([9, 4], True)
    assert forward(AdaptiveMaxPool2d(None), X).tolist() == X


def test_parts_of_any_number() -> None:
    """One part is the whole map, None is the map itself, and more parts than places repeat places."""
    assert forward(AdaptiveAvgPool2d(1), X).tolist() == [[[3.5]], [[2]]]
    assert forward(AdaptiveAvgPool2d(None), X).tolist() == X
    assert forward(AdaptiveAvgPool2d((1, 4)), [[[1, 2]]]).tolist() == [[[1, 1, 2, 2]]]
    assert AdaptiveAvgPool2d(None).output_shape((2, 5, 7)) == (2, 5, 7)


def test_nan_stays_in_its_parts() -> None:
    """NaN and infinity reach the parts that read them and no other, forward and backward."""
    x = np.ones((1, 4, 4))
    x[0, 0, 0], x[0, 3, 3] = math.nan, math.inf
    found = forward(AdaptiveAvgPool2d(2), x)[0]
    assert np.isnan(found[0, 0])
    assert found.ravel()[1:].tolist() == [1, 1, math.inf]
    grads = backward(AdaptiveAvgPool2d(2), [[[math.inf, 4], [4, 4]]], np.ones((1, 4, 4))).inputs[0][0]
    assert grads.tolist() == [[math.inf, math.inf, 1, 1], [math.inf, math.inf, 1, 1], [1] * 4, [1] * 4]


def test_costs() -> None:
    """A mean of n takes n - 1 additions and a division, a maximum n - 1 comparisons; shared places count twice."""
    assert GlobalAvgPool2d().cost((5, 3, 4)) == Cost(adds=5 * 11, muls=5)
    assert GlobalMaxPool2d().cost((5, 3, 4)) == Cost(compares=5 * 11)
    assert AdaptiveMaxPool2d((1, 3)).cost((2, 1, 5)) == Cost(compares=2 * (2 + 3 + 2 - 3))
    assert AdaptiveAvgPool2d((1, 3)).cost((2, 1, 5)) == Cost(adds=2 * (2 + 3 + 2 - 3), muls=2 * 3)


REFUSED = [
    *(
        Refusal(
            lambda layer=layer: layer.shape_of((7,)),
            ShapeError,
            layer.kind,
            "input (7,): 1 axes",
            "maps of shape (channels, height, width)",
            "put it before Flatten",
        )
        for layer in (GlobalAvgPool2d(), GlobalMaxPool2d(), AdaptiveAvgPool2d(2), AdaptiveMaxPool2d(2))
    ),
    Refusal(
        lambda: AdaptiveAvgPool2d(0),
        ParameterError,
        "AdaptiveAvgPool2d",
        "output_size=0",
        "a whole number, 1 to 2147483647",
        "use 1 or more",
    ),
    Refusal(
        lambda: GlobalAvgPool2d(1),  # pyright: ignore[reportArgumentType]
        ParameterError,
        "GlobalAvgPool2d",
        "keepdims=1",
        "True or False",
        "give True or False",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where} {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """Only maps can be pooled, into one part or more."""
    refusal.check()


@pytest.mark.parametrize("layer", [GlobalAvgPool2d(), GlobalMaxPool2d()])
def test_units_read_whole_maps(layer: Layer) -> None:
    """A unit of a global pool has no window: it reads its whole map."""
    assert layer.windows((3, 4, 5)) == (None, None)

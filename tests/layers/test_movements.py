"""Layers that pad, resize and move numbers, on paper: which number comes from where, and where its gradient goes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import backward, doubles, forward

from pellucid.layers import ChannelShuffle, Layer, Pad2d, Permute, PixelShuffle, Reshape, Slice, Upsample, ZeroPad2d
from pellucid.layers.base import Run

ROW = [[[1, 2, 3]]]  # one map of one row
MAP = [[[1, 2], [3, 4]]]


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (ZeroPad2d(((0, 0), (2, 1))), [0, 0, 1, 2, 3, 0]),
        (Pad2d(((0, 0), (2, 1)), value=-1), [-1, -1, 1, 2, 3, -1]),
        (Pad2d(((0, 0), (2, 1)), mode="reflect"), [3, 2, 1, 2, 3, 2]),
        (Pad2d(((0, 0), (2, 1)), mode="replicate"), [1, 1, 1, 2, 3, 3]),
        (Pad2d(((0, 0), (2, 1)), mode="circular"), [2, 3, 1, 2, 3, 1]),
    ],
    ids=str,
)
def test_padding_of_a_row(layer: Layer, wanted: list[float]) -> None:
    """Two places before and one behind: a constant, the mirror, the edge, or the other end."""
    assert forward(layer, ROW).tolist() == [[wanted]]


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (ZeroPad2d(((0, 0), (2, 1))), [4, 8, 16]),
        (Pad2d(((0, 0), (2, 1)), mode="reflect"), [4, 2 + 8 + 32, 1 + 16]),
        (Pad2d(((0, 0), (2, 1)), mode="replicate"), [1 + 2 + 4, 8, 16 + 32]),
        (Pad2d(((0, 0), (2, 1)), mode="circular"), [4 + 32, 1 + 8, 2 + 16]),
    ],
    ids=str,
)
def test_gradients_of_padding(layer: Layer, wanted: list[float]) -> None:
    """A number collects the gradients of all its copies; constants lose theirs."""
    assert backward(layer, [[[1, 2, 4, 8, 16, 32]]], ROW).inputs[0].tolist() == [[wanted]]


def test_padding_of_rows_and_channels() -> None:
    """Rows above and below, columns left and right, in that order; whole maps of the constant before and after."""
    assert forward(ZeroPad2d(((1, 0), (0, 2))), MAP).tolist() == [[[0, 0, 0, 0], [1, 2, 0, 0], [3, 4, 0, 0]]]
    layer = Pad2d(((0, 0), (1, 0)), channels=(1, 0), mode="replicate", value=9)
    assert forward(layer, MAP).tolist() == [[[9] * 3] * 2, [[1, 1, 2], [3, 3, 4]]]
    told = layer.explain((0, 1, 2), doubles([MAP]), w={}, run=Run())
    assert (told.total, told.terms.inside.tolist(), told.terms.index.tolist()) == (9, [False], [[-1, 1, 1]])
    told = layer.explain((1, 1, 0), doubles([MAP]), w={}, run=Run())
    assert (told.total, told.rule, told.terms.index.tolist()) == (3, "pick", [[0, 1, 0]])


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (Upsample((1, 2)), [1, 1, 2, 2, 3, 3]),
        (Upsample((1, 1.5)), [1, 1, 2, 3]),  # places 0, 2/3, 4/3 and 2 rounded down: 0, 0, 1, 2
        (Upsample(size=(1, 2)), [1, 2]),  # 0 and 3/2
        (Upsample(size=(1, 2), mode="nearest-exact"), [1, 3]),  # middles at 3/4 and 9/4
        (Upsample((1, 2), mode="bilinear"), [1, 1.25, 1.75, 2.25, 2.75, 3]),
        (Upsample(size=(1, 5), mode="bilinear", align_corners=True), [1, 1.5, 2, 2.5, 3]),
        (Upsample(size=(1, 1), mode="bilinear"), [2]),
        (Upsample(size=(1, 1), mode="bilinear", align_corners=True), [1]),
    ],
    ids=str,
)
def test_resizing_of_a_row(layer: Layer, wanted: list[float]) -> None:
    """A number is that of the place where it lies, or weighed from the two beside it."""
    assert forward(layer, ROW).tolist() == [[wanted]]


def test_bilinear_in_both_directions() -> None:
    """Between four places a number is weighed along rows and columns, and its gradient is shared alike."""
    layer = Upsample(size=(3, 3), mode="bilinear", align_corners=True)
    assert forward(layer, MAP).tolist() == [[[1, 1.5, 2], [2, 2.5, 3], [3, 3.5, 4]]]
    (found,) = backward(layer, np.ones((1, 3, 3)), MAP).inputs
    assert found.tolist() == [[[2.25, 2.25], [2.25, 2.25]]]
    told = layer.explain((0, 1, 0), doubles([MAP]), w={}, run=Run())
    assert (told.total, told.terms.weight.tolist()) == (2, [0.5, 0.5])  # pyright: ignore[reportOptionalMemberAccess]
    assert told.terms.index.tolist() == [[0, 0, 0], [0, 1, 0]]


def test_gradient_of_copies() -> None:
    """A place that several numbers copy collects their gradients."""
    assert backward(Upsample((1, 2)), [[[1, 2, 4, 8, 16, 32]]], ROW).inputs[0].tolist() == [[[3, 12, 48]]]


def test_pixel_shuffle_on_paper() -> None:
    """Eight maps of one place become two of 2x2: the first four are the first, or every second one is."""
    x = np.arange(8).reshape(8, 1, 1)
    assert forward(PixelShuffle(2), x).tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert forward(PixelShuffle(2, order="DCR"), x).tolist() == [[[0, 2], [4, 6]], [[1, 3], [5, 7]]]
    grad = [[[10, 11], [12, 13]], [[14, 15], [16, 17]]]
    assert backward(PixelShuffle(2), grad, x).inputs[0].ravel().tolist() == list(range(10, 18))


def test_channel_shuffle_on_paper() -> None:
    """Of two groups 0, 1, 2 and 3, 4, 5, the first ones come first, then the second ones."""
    x = np.arange(6).reshape(6, 1, 1)
    assert forward(ChannelShuffle(2), x).ravel().tolist() == [0, 3, 1, 4, 2, 5]
    assert forward(ChannelShuffle(3), x).ravel().tolist() == [0, 2, 4, 1, 3, 5]
    assert backward(ChannelShuffle(2), x, x).inputs[0].ravel().tolist() == [0, 2, 4, 1, 3, 5]


@pytest.mark.parametrize(
    ("layer", "x", "wanted"),
    [
        (Reshape((3, 2)), [[1, 2, 3], [4, 5, 6]], [[1, 2], [3, 4], [5, 6]]),
        (Reshape((-1,)), MAP, [1, 2, 3, 4]),
        (Permute((1, 0)), [[1, 2, 3], [4, 5, 6]], [[1, 4], [2, 5], [3, 6]]),
        (Permute((1, 2, 0)), [[[1, 2]], [[3, 4]]], [[[1, 3], [2, 4]]]),
        (Permute((2, 0, 1)), [[[1, 2]], [[3, 4]]], [[[1], [3]], [[2], [4]]]),
        (Slice(1), [1, 2, 3, 4, 5], [2, 3, 4, 5]),
        (Slice(1, -1), [1, 2, 3, 4, 5], [2, 3, 4]),
        (Slice(-2), [1, 2, 3, 4, 5], [4, 5]),
        (Slice(0, 99, 2), [1, 2, 3, 4, 5], [1, 3, 5]),
        (Slice(1, axis=1), MAP, [[[3, 4]]]),
        (Slice(0, 1, axis=-1), MAP, [[[1], [3]]]),
    ],
    ids=str,
)
def test_numbers_take_other_places(layer: Layer, x: Any, wanted: Any) -> None:
    """Values take their new places; gradients go back the same way, and what was left out has none."""
    assert forward(layer, x).tolist() == wanted
    marks = np.arange(1.0, np.size(wanted) + 1).reshape(np.shape(wanted))
    (found,) = backward(layer, marks, x).inputs
    for place, number in np.ndenumerate(marks):
        told = layer.explain(place, doubles([x]), w={}, run=Run())
        came = tuple(told.terms.index[0].tolist())
        assert (told.rule, told.total) == ("pick", np.asarray(x)[came])
        assert found[came] == number
    assert found.sum() == marks.sum()

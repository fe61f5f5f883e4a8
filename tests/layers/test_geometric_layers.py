"""Layers that grow, pad, resize and move maps: what they refuse, what they cost, and which places they read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pellucid import Network
from pellucid.errors import ParameterError, PellucidError, ShapeError
from pellucid.layers import (
    REGISTRY,
    ChannelShuffle,
    Clip,
    ConvTranspose2d,
    Pad2d,
    Permute,
    PixelShuffle,
    Reshape,
    SeparableConv2d,
    Slice,
    Upsample,
    ZeroPad2d,
)
from pellucid.layers.base import Example, Layer, Run
from pellucid.layers.movement import Movement
from pellucid.window import ResizedWindow, SlicedWindow, TransposedWindow, Window
from pellucid.window.reading import Reading

KINDS = (
    *(ChannelShuffle, ConvTranspose2d, Pad2d, Permute, PixelShuffle, Reshape, SeparableConv2d, Slice, Upsample),
    ZeroPad2d,
)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Clip(2, 1), ParameterError, "min=2 above max=1"),
        (lambda: Upsample(), ParameterError, "one of them"),
        (lambda: Upsample(2, size=3), ParameterError, "one of them"),
        (lambda: Upsample(2, align_corners=True), ParameterError, 'align_corners with mode="bilinear" only'),
        (lambda: Upsample((2, 2, 2)), ParameterError, "one number, or a pair"),  # pyright: ignore[reportArgumentType]
        (lambda: Upsample(0.1).output_shape((1, 3, 3)), ShapeError, r"floor\(3 \* 0.1\) = 0 places"),
        (lambda: Pad2d("same"), ParameterError, "a number, a pair or four sides"),  # pyright: ignore[reportArgumentType]
        (lambda: Pad2d(0, channels=3), ParameterError, "a pair"),  # pyright: ignore[reportArgumentType]
        (lambda: Reshape((4, -1)).output_shape((3, 5)), ShapeError, "a multiple of 4 numbers"),
        (lambda: Reshape((4, 2)).output_shape((3, 5)), ShapeError, "8 numbers"),
        (lambda: Permute((1, 0)).output_shape((3, 5, 7)), ShapeError, "2 axes, for order"),
        (lambda: Permute((0, 0)), ParameterError, "every axis once"),
        (lambda: Reshape((-1, -1)), ParameterError, "at most one of them -1"),
        (lambda: Slice(0, axis=2).output_shape((3, 5)), ShapeError, "an axis from -2 to 1"),
        (lambda: Slice(3).output_shape((3,)), ShapeError, "at least one place that is kept"),
        (lambda: PixelShuffle(2).output_shape((3, 5, 7)), ShapeError, "give it 4 channels"),
        (lambda: ChannelShuffle(2).output_shape((3, 5, 7)), ShapeError, "use groups=1"),
        (lambda: ConvTranspose2d(1, 3, output_padding=1), ParameterError, "output_padding 1 with stride 1"),
        (lambda: ConvTranspose2d(1, 1, padding=1).output_shape((1, 2, 2)), ShapeError, "in a transposed convolution"),
        (lambda: TransposedWindow(3, output_padding=-1), ParameterError, "output_padding -1"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], error: type[PellucidError], text: str) -> None:
    """Every refusal says what came, what was expected, and what to do."""
    with pytest.raises(error, match=text) as refused:
        make()
    assert refused.value.fix


def test_costs() -> None:
    """Multiply-adds of both convolutions, of every tap of every number, and three operations a bilinear number."""
    separable = SeparableConv2d(7, 3).cost((5, 6, 6))
    assert separable.macs == 5 * 9 * 16 + 5 * 7 * 16
    assert ConvTranspose2d(7, 3, stride=2).cost((5, 4, 6)).macs == 5 * 4 * 6 * 7 * 9
    assert Upsample(2).cost((3, 5, 7)).muls == 0
    assert Upsample(2, mode="bilinear").cost((3, 5, 7)).muls == 2 * 3 * 10 * (7 + 14)
    assert Clip(0, 1).cost((3, 5)).compares == 30


@pytest.mark.parametrize(
    "example", [e for kind in KINDS for e in REGISTRY[kind.__name__].examples()], ids=lambda e: str(e.layer)
)
def test_closed_forms_hold_all_that_is_read(example: Example) -> None:
    """A window's span, step and first place tell no place too few, whatever the output; a summary can be made of it."""
    for window, size in zip(example.layer.windows(*example.shapes), example.shapes[0][-2:], strict=False):
        if window is None or isinstance(window, Window):
            continue
        span, step, first, _ = window.stretch(size)
        for output in range(window.out(size)):
            read = window.reads(output, size)
            inside = [place for place in read if 0 <= place < size]
            start = first + output * step
            assert all(start <= place <= start + span - 1 for place in inside), (window, output)
    assert Network(example.shapes[0], [example.layer]).summary().layers[-1].shape == example.layer.output_shape(
        *example.shapes
    )


@pytest.mark.parametrize(
    ("layer", "shape", "kept"),
    [
        (Reshape((2, 5, 7)), (2, 5, 7), True),
        (Reshape((5, 2, 7)), (2, 5, 7), False),
        (Permute((0, 1, 2)), (2, 5, 7), True),
        (Permute((1, 2, 0)), (2, 5, 7), False),
    ],
)
def test_rows_and_columns_that_move_have_no_window(layer: Layer, shape: tuple[int, ...], kept: bool) -> None:
    """Where rows and columns stay, a unit reads one place along each; else it may come from anywhere."""
    assert (layer.windows(shape) == (Window(1), Window(1))) is kept
    assert (layer.windows(shape) == (None, None)) is not kept


def test_windows_of_their_own() -> None:
    """What the windows of growing and cut axes answer."""
    assert SlicedWindow(1, 2, 3).out(7) == 3
    assert SlicedWindow(1, 2, 3).reached(3, 7) == [1]
    assert ResizedWindow(factor=2.0).room(5) == 10
    assert TransposedWindow(3, 2, padding="valid").formula(5) == "(5 - 1)*2 + 3 - 2*0 = 11"
    assert TransposedWindow(3, 2, padding="same").formula(5) == "5*2 = 10"
    assert TransposedWindow(3, 2).incidence(2).astype(int).T.tolist() == [[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]]


class Blank(Movement):
    """A layer of constants only."""

    prefix = "blank"

    def output_shape(self, *shapes: tuple[int, ...]) -> tuple[int, ...]:
        """Return the input's shape."""
        return shapes[0]


def test_a_movement_says_where_numbers_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that moves numbers has a table of places; a place of -1 is a constant, told as padding."""
    with pytest.raises(NotImplementedError):
        Blank().places((3,))
    for asked in (lambda: Reading().out(3), lambda: Reading().reads(0, 3)):
        with pytest.raises(NotImplementedError):
            asked()
    monkeypatch.setattr(Blank, "places", lambda self, shape: np.full(shape, -1))
    told = Blank().explain((1,), np.ones((1, 3)), w={}, run=Run())
    assert (told.total, told.terms.inside.tolist(), told.terms.index.tolist()) == (0.0, [False], [[1]])

"""Padding as a layer of its own: places around the maps, and channels before and after them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..window import Window
from .arithmetic import Places
from .base import Example
from .geometry import as_maps
from .movement import Movement
from .node import Shape
from .params import Sides, choice, finite, param, places_pair, sides

_FILLED = {"constant": "zeros"}  # what a window calls padding that is no place of the map


class _Padding(Movement):
    """What both layers share: their windows, shape rule and places."""

    prefix: ClassVar[str] = "pad"

    padding: Sides = param(converter=sides)

    @property
    def around(self) -> tuple[tuple[int, int], str]:
        """The channels (before, after), and what rows and columns are filled with."""
        return (0, 0), "constant"

    def windows(self, *shapes: Shape) -> tuple[Window, Window]:
        """Return the windows along height and width: one place each, padding around all."""
        rows, columns = (Window(1, padding=side) for side in self.padding)
        return rows, columns

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, height, width), padding included."""
        channels, height, width = as_maps(self, shapes[0])
        (before, after), mode = self.around
        rows, columns = self.windows()
        rows.check_mode(height, _FILLED.get(mode, mode))
        columns.check_mode(width, _FILLED.get(mode, mode))
        return before + channels + after, rows.out(height), columns.out(width)

    def places(self, shape: Shape) -> Places:
        """Return the place that each number copies; -1 is the constant."""
        channels, mode = self.around
        held = [
            window.sources(size, _FILLED.get(mode, mode))
            for window, size in zip(self.windows(), shape[1:], strict=True)
        ]
        c, r, k = np.ix_(np.pad(np.arange(shape[0]), channels, constant_values=-1), *held)
        return np.where((c < 0) | (r < 0) | (k < 0), -1, (c * shape[1] + r) * shape[2] + k)

    def outside(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """Return where a number that is padding lies, counted in places of the input."""
        starts = (self.around[0][0], self.padding[0][0], self.padding[1][0])
        return tuple(place - start for place, start in zip(index, starts, strict=True))


class Pad2d(_Padding):
    """Put places around every map, and channels of a constant before and after all.

    Shape: (C, H, W) -> (before + C + after, top + H + bottom, left + W + right). PyTorch calls it ConstantPad2d,
    ReflectionPad2d, ReplicationPad2d and CircularPad2d, and counts (left, right, top, bottom); ONNX calls it Pad.

    Args:
        padding: places around the maps: a number, (height, width) or ((top, bottom), (left, right)).
        channels: channels (before, after), always of the constant.
        mode: what the places hold: "constant", "reflect" (mirrored without the edge), "replicate" (the edge again)
            or "circular" (from the other end).
        value: the constant.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the maps are too small to be mirrored or wrapped that far.

    >>> Pad2d((1, 2), mode="reflect").output_shape((3, 4, 5))
    (3, 6, 9)
    """

    channels: tuple[int, int] = param(converter=places_pair, kw_only=True, default=(0, 0))
    mode: str = param(
        converter=choice("constant", "reflect", "replicate", "circular"), kw_only=True, default="constant"
    )
    value: float = param(converter=finite, kw_only=True, default=0.0)

    @property
    def around(self) -> tuple[tuple[int, int], str]:
        """The channels (before, after), and what rows and columns are filled with."""
        return self.channels, self.mode

    @property
    def filling(self) -> float:
        """The constant."""
        return self.value

    @classmethod
    def examples(cls) -> list[Example]:
        """Return every mode, with padding that differs on every side."""
        return [
            Example(cls(1), (2, 3, 3)),
            Example(cls(((1, 2), (0, 3)), value=0.5), (2, 3, 5)),
            Example(cls((1, 2), mode="reflect"), (3, 5, 7)),
            Example(cls(((3, 1), (2, 0)), mode="replicate"), (1, 2, 3)),
            Example(cls(((0, 2), (3, 1)), mode="circular"), (2, 2, 3)),
            Example(cls(0, channels=(2, 1)), (3, 2, 2)),
            Example(cls((1, 0), channels=(0, 3), mode="reflect", value=-1.0), (3, 3, 3)),
            Example(cls(0), (1, 2, 2)),
        ]


class ZeroPad2d(_Padding):
    """Put zeros around every map.

    Shape: (C, H, W) -> (C, top + H + bottom, left + W + right). Keras calls it ZeroPadding2D.

    Args:
        padding: places around the maps: a number, (height, width) or ((top, bottom), (left, right)).

    Raises:
        ParameterError: a parameter is out of range.

    >>> ZeroPad2d(((0, 1), (2, 3))).output_shape((3, 4, 5))
    (3, 5, 10)
    """

    @classmethod
    def examples(cls) -> list[Example]:
        """Return padding on all sides, and on single ones."""
        return [
            Example(cls(2), (3, 3, 3)),
            Example(cls((1, 0)), (2, 3, 5)),
            Example(cls(((0, 1), (2, 3))), (1, 7, 2)),
        ]

"""Layers that lay the same numbers out anew: another shape, another order of the axes, some of an axis' places."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..window import SlicedWindow, Window
from .arithmetic import Places
from .base import Example, Windows
from .movement import Movement
from .node import Shape
from .params import axis, count, optional_place, order, param, place, sizes


class Reshape(Movement):
    """Give the numbers another shape; in a row, as NumPy lays them out, they keep their order.

    Shape: any -> `shape`. Keras's Reshape, in its channels-last layout, is `Permute((1, 2, 0))` before it.

    Args:
        shape: sizes without the batch; one of them may be -1: what is left.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the numbers do not fit.

    >>> Reshape((6, -1)).output_shape((3, 4, 5))
    (6, 10)
    """

    prefix: ClassVar[str] = "reshape"

    shape: tuple[int, ...] = param(converter=sizes)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape, with what is left put in."""
        numbers, known = math.prod(shapes[0]), math.prod(size for size in self.shape if size != -1)
        if numbers % known or (-1 not in self.shape and numbers != known):
            raise self.fail(
                f"input {shapes[0]}: {numbers} numbers for shape {self.shape}",
                f"{known} numbers" if -1 not in self.shape else f"a multiple of {known} numbers",
                "use sizes whose product is the number of numbers, or -1 for one of them",
            )
        return tuple(numbers // known if size == -1 else size for size in self.shape)

    def windows(self, *shapes: Shape) -> Windows:
        """Return windows of one place where rows and columns stay or become a vector's, else None: they are mixed."""
        kept = self.output_shape(*shapes)
        apart = len(kept) > 1 and kept[-2:] != (1, *shapes[0])[-2:]
        return (None, None) if apart else (Window(1), Window(1))

    def places(self, shape: Shape) -> Places:
        """Return the place that each number comes from."""
        return np.arange(math.prod(shape)).reshape(self.output_shape(shape))

    @classmethod
    def examples(cls) -> list[Example]:
        """Return shapes with more axes and with fewer."""
        return [
            Example(cls((3, 2, 5)), (30,)),
            Example(cls((-1,)), (2, 3, 5)),
            Example(cls((5, -1, 2)), (2, 5, 3)),
            Example(cls((6, 4)), (2, 3, 4)),
            Example(cls((4, 3, 2)), (2, 3, 4)),
            Example(cls((1, 6, 2, 3)), (4, 3, 3)),
        ]


class Permute(Movement):
    """Change the order of the axes.

    Shape: (a, b, c) -> the sizes in the new order. Keras counts the axes from 1.

    Args:
        order: which axis of the input each axis of the output is, counted from 0 without the batch.

    Raises:
        ParameterError: the order does not name every axis once.
        ShapeError: the input has another number of axes.

    >>> Permute((1, 2, 0)).output_shape((3, 4, 5))
    (4, 5, 3)
    """

    prefix: ClassVar[str] = "permute"

    order: tuple[int, ...] = param(converter=order)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the sizes in the new order."""
        if len(shapes[0]) != len(self.order):
            raise self.fail(
                f"input {shapes[0]}: {len(shapes[0])} axes",
                f"{len(self.order)} axes, for order {self.order}",
                "name every axis once, without the batch",
            )
        return tuple(shapes[0][axis] for axis in self.order)

    def windows(self, *shapes: Shape) -> Windows:
        """Return windows of one place where rows and columns stay, else None: they become other axes."""
        last = len(self.order) - 2
        kept = self.order[max(last, 0) :] == tuple(range(max(last, 0), len(self.order)))
        return (Window(1), Window(1)) if kept else (None, None)

    def places(self, shape: Shape) -> Places:
        """Return the place that each number comes from."""
        return np.arange(math.prod(shape)).reshape(shape).transpose(self.order)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return orders of two, three and four axes."""
        return [
            Example(cls((1, 2, 0)), (2, 3, 5)),
            Example(cls((2, 0, 1)), (3, 3, 3)),
            Example(cls((0, 2, 1)), (2, 5, 3)),
            Example(cls((1, 0)), (3, 7)),
            Example(cls((0,)), (5,)),
            Example(cls((1, 0, 2, 3)), (2, 3, 2, 5)),
        ]


class Slice(Movement):
    """Keep some places of one axis: from `start` on, up to `stop` and without it, every `step`-th.

    Shape: the input's, with fewer places on `axis`. NumPy's rule: numbers below 0 count from the end, and what lies
    beyond it is left out.

    Args:
        start: the first place.
        stop: the first place behind; None: all to the end.
        step: places from one to the next, 1 or more.
        axis: which axis, counted from 0 without the batch; below 0 from the last.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: nothing is left, or there is no such axis.

    >>> Slice(1, -1, axis=2).output_shape((3, 4, 5))
    (3, 4, 3)
    """

    prefix: ClassVar[str] = "slice"

    start: int = param(converter=place)
    stop: int | None = param(converter=optional_place, default=None)
    step: int = param(converter=count, default=1)
    axis: int = param(converter=axis, kw_only=True, default=0)

    def _kept(self, shape: Shape) -> tuple[int, range]:
        """Return the axis, and the places of it that are kept."""
        rank = len(shape)
        if not -rank <= self.axis < rank:
            raise self.fail(
                f"axis {self.axis} of input {shape}",
                f"an axis from {-rank} to {rank - 1}",
                "count the axes from 0, without the batch",
            )
        kept = range(shape[self.axis])[self.start : self.stop : self.step]
        if not kept:
            raise self.fail(
                f"places {self.start} to {self.stop} of {shape[self.axis]}",
                "at least one place that is kept",
                "use a smaller start or a larger stop; stop itself is left out",
            )
        return self.axis % rank, kept

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape with the places that are kept."""
        axis, kept = self._kept(shapes[0])
        return *shapes[0][:axis], len(kept), *shapes[0][axis + 1 :]

    def windows(self, *shapes: Shape) -> Windows:
        """Return the windows along height and width, one of them cut if the axis is theirs."""
        axis, kept = self._kept(shapes[0])
        cut = SlicedWindow(kept.start, self.step, len(kept))
        behind = len(shapes[0]) - axis  # 1: the last axis
        return (cut if behind == 2 else Window(1)), (cut if behind == 1 else Window(1))

    def places(self, shape: Shape) -> Places:
        """Return the place that each number comes from."""
        axis, kept = self._kept(shape)
        return np.arange(math.prod(shape)).reshape(shape).take(kept, axis=axis)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return slices of channels, rows, columns and vectors."""
        return [
            Example(cls(1, 3), (5, 2, 3)),
            Example(cls(-3, step=2, axis=1), (2, 7, 3)),
            Example(cls(0, -1, axis=-1), (3, 3, 3)),
            Example(cls(2, 99, 3), (11,)),
            Example(cls(1, axis=1), (2, 3)),
            Example(cls(0), (1, 2, 2)),
        ]

"""Pooling by a sliding window: keep the largest value of each window, or its mean."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from types import EllipsisType
from typing import ClassVar

import numpy as np

from ..window import Window
from .arithmetic import Arithmetic, Terms, mean_of
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights
from .geometry import as_maps, both_axes, meet, pad, unpad
from .node import Shape
from .params import Sides, flag, optional_pair, padding, pair, param

Tap = tuple[slice | EllipsisType, ...]


class SlidingPool2d(Layer):
    """What pools with sliding windows share: shape rule, and the terms of one output. Subclasses give `windows`."""

    prefix: ClassVar[str] = "pool"

    def windows(self, *shapes: Shape) -> tuple[Window, Window]:
        """Return the windows along height and width."""
        raise NotImplementedError

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, height, width)."""
        channels, height, width = as_maps(self, shapes[0])
        rows, columns = self.windows()
        shape = channels, rows.out(height), columns.out(width)
        for window, size, axis in ((rows, height, "row"), (columns, width, "column")):
            empty = None if self.padding_counts else window.empty(size)
            if empty is not None:
                raise self.fail(
                    f"padding {window.pads(size)} around {size} {axis}s: output {axis} {empty} reads only padding",
                    f"windows that read at least one place of the input; kernel {window.kernel} spans {window.span}",
                    f"use at most {window.span // 2} padding at each end, or a larger input",
                )
        return shape

    @property
    def padding_counts(self) -> bool:
        """Whether a window of nothing but padding has a value."""
        return False

    def taps(self, shape: Shape) -> Iterator[Tap]:
        """Yield what each tap meets of the padded input, in row-major order; `shape` is the output's."""
        rows, columns = self.windows()
        for a, b in np.ndindex(rows.kernel, columns.kernel):
            yield (..., rows.tap(a, shape[-2]), columns.tap(b, shape[-1]))

    def window_terms(self, index: tuple[int, ...], x: Array) -> Terms:
        """Return the numbers in the window of output `index`; all of them used."""
        channel, r, c = index
        rows, columns = self.windows()
        height, width = x.shape[2:]
        grid = np.meshgrid(rows.reads(r, height), columns.reads(c, width), indexing="ij")
        ys, xs = (axis.ravel() for axis in grid)
        inside = (ys >= 0) & (ys < height) & (xs >= 0) & (xs < width)
        value = np.where(inside, x[0, channel, ys % height, xs % width].astype(np.float64), 0.0)
        return Terms(
            source=np.zeros(len(value), np.intp),
            index=np.stack([np.full_like(ys, channel), ys, xs], axis=1),
            inside=inside,
            value=value,
            product=value,
            used=inside,
        )

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the places that the windows of the masked outputs hold, in the same channel."""
        rows, columns = self.windows()
        return (meet(mask, rows.incidence(shapes[0][1]), columns.incidence(shapes[0][2])),)


class _Pool2d(SlidingPool2d):
    """The parameters that both pools share."""

    kernel_size: tuple[int, int] = param(converter=pair)
    stride: tuple[int, int] | None = param(converter=optional_pair, default=None)
    padding: Sides | str = param(converter=padding, default=0)


class MaxPool2d(_Pool2d):
    """Keep the largest value of each window; padded places never win.

    Shape: (C, H, W) -> (C, Window.out(H), Window.out(W)). The first of equal values wins, row by row; NaN wins always.
    Keras calls it MaxPooling2D(pool_size, strides, padding).

    Args:
        kernel_size: the window's (height, width).
        stride: places between neighbouring windows; None: the window's size.
        padding: a number, (height, width), ((top, bottom), (left, right)), "same" (TensorFlow's rule) or "valid".
        dilation: places between neighbouring taps.
        ceil_mode: round the output size up.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the window does not fit the input, or would read only padding.

    >>> MaxPool2d(2).output_shape((1, 4, 4))
    (1, 2, 2)
    """

    dilation: tuple[int, int] = param(converter=pair, default=1)
    ceil_mode: bool = param(converter=flag, default=False)

    def windows(self, *shapes: Shape) -> tuple[Window, Window]:
        """Return the windows along height and width."""
        stride = self.stride or self.kernel_size
        return both_axes(self.kernel_size, stride, self.dilation, self.padding, ceil_mode=self.ceil_mode)

    def cost(self, *shapes: Shape) -> Cost:
        """Return one comparison fewer than the window has places, for each output."""
        return Cost(compares=math.prod(self.output_shape(*shapes)) * (math.prod(self.kernel_size) - 1))

    def _candidates(self, x: Array, shape: Shape) -> Array:
        """Return what competes for each output, taps first: (taps, N, C, H', W')."""
        padded = pad(x, *self.windows(), value=-np.inf)
        return np.stack([padded[tap] for tap in self.taps(shape)])

    def _winners(self, x: Array, shape: Shape) -> Array:
        """Return the tap that wins each output (N, C, H', W'); where all is -inf, the first that is not padding."""
        candidates = self._candidates(x, shape)
        winner: Array = candidates.argmax(axis=0)
        first: Array = self._candidates(np.ones(x.shape[2:], x.dtype), shape).argmax(axis=0)  # (H', W')
        return np.where(candidates.max(axis=0) == -np.inf, first, winner)

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the largest value of each window: (N, C, H', W')."""
        (x,) = inputs
        return self._candidates(x, self.output_shape(x.shape[1:])).max(axis=0)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give each output's gradient to the winner of its window."""
        (x,) = inputs
        winner = self._winners(x, y.shape)
        in_padded = np.zeros_like(pad(x, *self.windows()))
        for number, tap in enumerate(self.taps(y.shape)):
            in_padded[tap] += np.where(winner == number, grad, 0)
        return Gradients((unpad(in_padded, *self.windows(), (x.shape[2], x.shape[3])),))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the window and its winner."""
        terms = self.window_terms(index, inputs[0])
        used, inside = np.zeros(len(terms), np.bool_), np.flatnonzero(terms.inside)
        used[inside[terms.value[inside].argmax()]] = True
        return Arithmetic(
            rule="max", formula="max(x)", terms=replace(terms, used=used), total=float(terms.value[used][0])
        )

    @classmethod
    def examples(cls) -> list[Example]:
        """Return max pools of every kind."""
        return [
            Example(cls(2), (2, 4, 6)),
            Example(cls((3, 2), stride=(2, 1), padding=1), (3, 7, 5)),
            Example(cls(2, stride=3, dilation=2), (1, 8, 9)),
            Example(cls(3, stride=2, ceil_mode=True), (2, 6, 8)),
            Example(cls(3, stride=2, padding="same"), (2, 6, 7)),
            Example(cls(3, stride=1, padding=((1, 0), (0, 1))), (1, 4, 4)),
        ]


class AvgPool2d(_Pool2d):
    """Average each window.

    Shape: (C, H, W) -> (C, Window.out(H), Window.out(W)). Keras calls it AveragePooling2D(pool_size, strides,
    padding) and never counts padded places: that is `count_include_pad=False`, and always so with padding="same".

    Args:
        kernel_size: the window's (height, width).
        stride: places between neighbouring windows; None: the window's size.
        padding: a number, (height, width), ((top, bottom), (left, right)), "same" (TensorFlow's rule) or "valid".
        ceil_mode: round the output size up; the overhang never counts.
        count_include_pad: count padded places, as zeros.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the window does not fit the input, or would count nothing.

    >>> AvgPool2d(3, stride=2, padding=1).output_shape((8, 7, 7))
    (8, 4, 4)
    """

    ceil_mode: bool = param(converter=flag, default=False)
    count_include_pad: bool = param(converter=flag, default=True)

    def windows(self, *shapes: Shape) -> tuple[Window, Window]:
        """Return the windows along height and width."""
        stride = self.stride or self.kernel_size
        return both_axes(self.kernel_size, stride, (1, 1), self.padding, ceil_mode=self.ceil_mode)

    @property
    def padding_counts(self) -> bool:
        """Whether padded places count: the numbers that are asked for, but not those that "same" adds."""
        return self.count_include_pad and self.padding != "same"

    def cost(self, *shapes: Shape) -> Cost:
        """Return the additions of each window and one division."""
        outputs = math.prod(self.output_shape(*shapes))
        return Cost(adds=outputs * (math.prod(self.kernel_size) - 1), muls=outputs)

    def _divisors(self, shape: Shape) -> Array:
        """Return what each place of the output is divided by, (H', W'), for an input of (..., H, W)."""
        rows, columns = (
            window.counts(size, include_pad=self.padding_counts)
            for window, size in zip(self.windows(), shape[-2:], strict=True)
        )
        return np.outer(rows, columns)

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the sum of each window over what counts of it: (N, C, H', W')."""
        (x,) = inputs
        padded = pad(x, *self.windows())
        y = np.zeros((len(x), *self.output_shape(x.shape[1:])), x.dtype)
        for tap in self.taps(y.shape):
            y += padded[tap]
        return y / self._divisors(x.shape).astype(x.dtype)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Share each output's gradient among the places of its window."""
        (x,) = inputs
        share = grad / self._divisors(x.shape).astype(grad.dtype)
        in_padded = np.zeros_like(pad(x, *self.windows()))
        for tap in self.taps(y.shape):
            in_padded[tap] += share
        return Gradients((unpad(in_padded, *self.windows(), (x.shape[2], x.shape[3])),))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the window, what counts of it, and the divisor."""
        terms = self.window_terms(index, inputs[0])
        divisor = float(self._divisors(inputs[0].shape)[index[1:]])
        return mean_of(terms, divisor)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return average pools of every kind."""
        return [
            Example(cls(2), (2, 4, 6)),
            Example(cls((3, 2), stride=(2, 1), padding=1), (3, 7, 5)),
            Example(cls(3, stride=2, padding=1, count_include_pad=False), (2, 6, 7)),
            Example(cls(3, stride=2, padding=1, ceil_mode=True), (2, 6, 8)),
            Example(cls(3, stride=2, padding="same"), (2, 6, 7)),
        ]

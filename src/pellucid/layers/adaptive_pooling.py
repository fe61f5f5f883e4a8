"""Pooling that cuts a map into a fixed number of parts, whatever its size."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ..window import AdaptiveWindow
from .arithmetic import Arithmetic, Terms, mean_of
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights
from .geometry import as_maps, meet, region
from .node import Shape
from .params import optional_pair, param


class _AdaptivePool2d(Layer):
    """What both pools share: their parts."""

    prefix: ClassVar[str] = "pool"

    output_size: tuple[int, int] | None = param(converter=optional_pair)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, height, width)."""
        channels, height, width = as_maps(self, shapes[0])
        return channels, *(self.output_size or (height, width))

    def windows(self, *shapes: Shape) -> tuple[AdaptiveWindow, AdaptiveWindow]:
        """Return the windows along height and width."""
        height, width = self.output_shape(*shapes)[1:]
        return AdaptiveWindow(height), AdaptiveWindow(width)

    def _reads(self, shape: Shape) -> int:
        """Return how many numbers all outputs read together."""
        rows, columns = self.windows(shape)
        return shape[0] * int(rows.counts(shape[1]).sum() * columns.counts(shape[2]).sum())

    def _parts(self, shape: Shape) -> tuple[list[slice], list[slice]]:
        """Return the rows and the columns of each part of maps (..., H, W)."""
        rows, columns = (
            [slice(read.start, read.stop) for read in (window.reads(o, size) for o in range(window.outputs))]
            for window, size in zip(self.windows(shape[1:]), shape[2:], strict=True)
        )
        return rows, columns

    def _terms(self, index: tuple[int, ...], x: Array) -> Terms:
        """Return the numbers of the part of output `index`; all of them used."""
        rows, columns = self.windows(x.shape[1:])
        return region(x, index[0], rows.reads(index[1], x.shape[2]), columns.reads(index[2], x.shape[3]))

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the places of the masked parts."""
        rows, columns = self.windows(*shapes)
        return (meet(mask, rows.incidence(shapes[0][1]), columns.incidence(shapes[0][2])),)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return parts that divide the map and parts that do not."""
        return [
            Example(cls(2), (2, 4, 6)),
            Example(cls((3, 2)), (2, 5, 7)),
            Example(cls(None), (1, 3, 2)),
            Example(cls((4, 5)), (1, 3, 2)),
        ]


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """Average `output_size` parts of each map, whatever its size.

    Shape: (C, H, W) -> (C, *output_size). Part i of n places covers floor(i * n / parts) to ceil((i + 1) * n / parts).
    Keras has AdaptiveAveragePooling2D since 3.13.

    Args:
        output_size: parts along (height, width); None keeps the input's size.

    >>> AdaptiveAvgPool2d((2, 3)).output_shape((8, 5, 7))
    (8, 2, 3)
    """

    def cost(self, *shapes: Shape) -> Cost:
        """Return the additions of each part and one division."""
        outputs = math.prod(self.output_shape(*shapes))
        return Cost(adds=self._reads(shapes[0]) - outputs, muls=outputs)

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the mean of each part: (N, C, H', W')."""
        (x,) = inputs
        rows, columns = self._parts(x.shape)
        tall = np.stack([x[..., part, :].mean(axis=-2) for part in rows], axis=-2)  # (N, C, H', W)
        return np.stack([tall[..., part].mean(axis=-1) for part in columns], axis=-1)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Share each part's gradient among its places."""
        (x,) = inputs
        rows, columns = self._parts(x.shape)
        tall, in_x = np.zeros((*grad.shape[:3], x.shape[3]), x.dtype), np.zeros_like(x)
        for o, part in enumerate(columns):
            tall[..., part] += grad[..., o, None] / (part.stop - part.start)
        for o, part in enumerate(rows):
            in_x[..., part, :] += tall[..., o, None, :] / (part.stop - part.start)
        return Gradients((in_x,))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the part and the number of its places."""
        terms = self._terms(index, inputs[0])
        return mean_of(terms, float(len(terms)))


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """Keep the largest value of each of `output_size` parts of each map, whatever its size.

    Shape: (C, H, W) -> (C, *output_size). Part i of n places covers floor(i * n / parts) to ceil((i + 1) * n / parts).
    The first of equal values wins, row by row; NaN wins always. Keras has AdaptiveMaxPooling2D since 3.13.

    Args:
        output_size: parts along (height, width); None keeps the input's size.

    >>> AdaptiveMaxPool2d((2, 3)).output_shape((8, 5, 7))
    (8, 2, 3)
    """

    def cost(self, *shapes: Shape) -> Cost:
        """Return one comparison fewer than a part has places, for each part."""
        return Cost(compares=self._reads(shapes[0]) - math.prod(self.output_shape(*shapes)))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the largest value of each part: (N, C, H', W')."""
        (x,) = inputs
        rows, columns = self._parts(x.shape)
        tall = np.stack([x[..., part, :].max(axis=-2) for part in rows], axis=-2)  # (N, C, H', W)
        return np.stack([tall[..., part].max(axis=-1) for part in columns], axis=-1)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give each output's gradient to the first winner of its part."""
        (x,) = inputs
        in_x = np.zeros_like(x)
        rows, columns = self._parts(x.shape)
        for (r, part), (c, strip) in ((row, column) for row in enumerate(rows) for column in enumerate(columns)):
            held = x[..., part, strip]
            flat = np.zeros((*held.shape[:2], held.shape[2] * held.shape[3]), x.dtype)
            winner = held.reshape(flat.shape).argmax(axis=2, keepdims=True)
            np.put_along_axis(flat, winner, grad[..., r, c, None], axis=2)
            in_x[..., part, strip] += flat.reshape(held.shape)
        return Gradients((in_x,))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the part and its winner."""
        terms = self._terms(index, inputs[0])
        used = np.arange(len(terms)) == terms.value.argmax()
        return Arithmetic(
            rule="max", formula="max(x)", terms=replace(terms, used=used), total=float(terms.value[used][0])
        )

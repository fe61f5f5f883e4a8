"""Pooling that cuts a map into a fixed number of parts, or takes it whole, whatever its size."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ..window import AdaptiveWindow
from .arithmetic import Arithmetic, Terms, exact_sum
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights, Windows
from .geometry import as_maps, meet
from .node import Shape
from .params import flag, optional_pair, param


def _region(x: Array, channel: int, rows: range, columns: range) -> Terms:
    """Return the numbers of one channel of the first sample in `rows` x `columns`; all used."""
    ys, xs = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
    value = x[0, channel, ys, xs].astype(np.float64)
    return Terms(
        source=np.zeros(len(value), np.intp),
        index=np.stack([np.full_like(ys, channel), ys, xs], axis=1),
        inside=np.ones(len(value), np.bool_),
        value=value,
        product=value,
        used=np.ones(len(value), np.bool_),
    )


class _GlobalPool2d(Layer):
    """What both global pools share."""

    prefix: ClassVar[str] = "pool"

    keepdims: bool = param(converter=flag, default=False)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels,), or (channels, 1, 1) with `keepdims`."""
        channels, _, _ = as_maps(self, shapes[0])
        return (channels, 1, 1) if self.keepdims else (channels,)

    def windows(self, *shapes: Shape) -> Windows:
        """Return None twice: a unit reads its whole map."""
        return None, None

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the whole map of every masked channel."""
        return (np.broadcast_to(mask.reshape(-1, 1, 1), shapes[0]),)

    def _terms(self, index: tuple[int, ...], x: Array) -> Terms:
        return _region(x, index[0], range(x.shape[2]), range(x.shape[3]))

    @classmethod
    def examples(cls) -> list[Example]:
        """Return both forms of the output."""
        return [Example(cls(), (3, 4, 5)), Example(cls(keepdims=True), (2, 3, 3))]


class GlobalAvgPool2d(_GlobalPool2d):
    """Average each whole map.

    Shape: (C, H, W) -> (C,), or (C, 1, 1) with `keepdims`. Keras calls it GlobalAveragePooling2D; PyTorch writes
    AdaptiveAvgPool2d(1), which keeps the two axes.

    Args:
        keepdims: keep two axes of length 1.

    >>> GlobalAvgPool2d().output_shape((8, 7, 7))
    (8,)
    """

    def cost(self, *shapes: Shape) -> Cost:
        """Return the additions of each map and one division."""
        return Cost(adds=math.prod(shapes[0]) - shapes[0][0], muls=shapes[0][0])

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the mean of each map: (N, C) or (N, C, 1, 1)."""
        return inputs[0].mean(axis=(2, 3), keepdims=self.keepdims)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Share each map's gradient among its places."""
        (x,) = inputs
        share = grad.reshape(*x.shape[:2], 1, 1) / (x.shape[2] * x.shape[3])
        return Gradients((np.broadcast_to(share, x.shape).copy(),))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the whole map and the number of its places."""
        terms = self._terms(index, inputs[0])
        return Arithmetic(
            rule="mean",
            formula="sum(x) / n",
            terms=terms,
            total=exact_sum(terms.value) / len(terms),
            divisor=float(len(terms)),
        )


class GlobalMaxPool2d(_GlobalPool2d):
    """Keep the largest value of each whole map.

    Shape: (C, H, W) -> (C,), or (C, 1, 1) with `keepdims`. Keras calls it GlobalMaxPooling2D; PyTorch writes
    AdaptiveMaxPool2d(1), which keeps the two axes.

    Args:
        keepdims: keep two axes of length 1.

    >>> GlobalMaxPool2d(keepdims=True).output_shape((8, 7, 7))
    (8, 1, 1)
    """

    def cost(self, *shapes: Shape) -> Cost:
        """Return one comparison fewer than a map has places, for each map."""
        return Cost(compares=math.prod(shapes[0]) - shapes[0][0])

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the largest value of each map: (N, C) or (N, C, 1, 1)."""
        return inputs[0].max(axis=(2, 3), keepdims=self.keepdims)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give each map's gradient to its first winner."""
        (x,) = inputs
        flat = x.reshape(*x.shape[:2], x.shape[2] * x.shape[3])
        in_x = np.zeros_like(flat)
        np.put_along_axis(in_x, flat.argmax(axis=2, keepdims=True), grad.reshape(*x.shape[:2], 1), axis=2)
        return Gradients((in_x.reshape(x.shape),))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the whole map and its winner."""
        terms = self._terms(index, inputs[0])
        used = np.arange(len(terms)) == terms.value.argmax()
        return Arithmetic(
            rule="max", formula="max(x)", terms=replace(terms, used=used), total=float(terms.value[used][0])
        )


class AdaptiveAvgPool2d(Layer):
    """Average `output_size` parts of each map, whatever its size.

    Shape: (C, H, W) -> (C, *output_size). Part i of n places covers floor(i * n / parts) to ceil((i + 1) * n / parts).
    Keras has AdaptiveAveragePooling2D since 3.13.

    Args:
        output_size: parts along (height, width); None keeps the input's size.

    >>> AdaptiveAvgPool2d((2, 3)).output_shape((8, 5, 7))
    (8, 2, 3)
    """

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

    def cost(self, *shapes: Shape) -> Cost:
        """Return the additions of each part and one division."""
        rows, columns = self.windows(*shapes)
        outputs = math.prod(self.output_shape(*shapes))
        reads = shapes[0][0] * int(rows.counts(shapes[0][1]).sum() * columns.counts(shapes[0][2]).sum())
        return Cost(adds=reads - outputs, muls=outputs)

    def _parts(self, shape: Shape) -> tuple[list[slice], list[slice]]:
        """Return the rows and the columns of each part of maps (..., H, W)."""
        rows, columns = (
            [slice(read.start, read.stop) for read in (window.reads(o, size) for o in range(window.outputs))]
            for window, size in zip(self.windows(shape[1:]), shape[2:], strict=True)
        )
        return rows, columns

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
        (x,) = inputs
        rows, columns = self.windows(x.shape[1:])
        terms = _region(x, index[0], rows.reads(index[1], x.shape[2]), columns.reads(index[2], x.shape[3]))
        return Arithmetic(
            rule="mean",
            formula="sum(x) / n",
            terms=terms,
            total=exact_sum(terms.value) / len(terms),
            divisor=float(len(terms)),
        )

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

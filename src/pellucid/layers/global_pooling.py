"""Pooling that takes a map whole, whatever its size."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from .arithmetic import Arithmetic, Terms, mean_of
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights, Windows
from .geometry import as_maps, region
from .node import Shape
from .params import flag, param


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
        return region(x, index[0], range(x.shape[2]), range(x.shape[3]))

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
        return mean_of(terms, float(len(terms)))


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

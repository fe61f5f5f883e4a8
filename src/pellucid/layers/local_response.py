"""Local response normalisation: a number is made smaller by the squares of the same place in neighbouring channels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ..window import Pads, Window
from .arithmetic import Arithmetic, exact_sum, several
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights
from .node import Shape
from .params import choice, count, finite, nonnegative, param


class LocalResponseNorm(Layer):
    """Divide each number by a power of the mean square of its place in the neighbouring channels.

    Shape: (C, ...) -> the same. y = x / (k + alpha / size * sum)^beta, the sum over the squares of `size` channels
    around x, those beyond the first and the last counting as 0. TensorFlow's alpha is not divided by size: ours is
    size * theirs, and size = 2 * depth_radius + 1. Source: A. Krizhevsky, I. Sutskever, G. E. Hinton, NIPS 2012.

    Args:
        size: channels in the sum.
        alpha: weight of their mean square.
        beta: the power.
        k: added to it.
        extra: where the window of an even size has one channel more: "before" (PyTorch) or "after" (ONNX).

    Raises:
        ParameterError: a parameter is out of range.

    >>> LocalResponseNorm(5).output_shape((8, 5, 7))
    (8, 5, 7)
    """

    prefix: ClassVar[str] = "norm"

    size: int = param(converter=count)
    alpha: float = param(converter=nonnegative, kw_only=True, default=1e-4)
    beta: float = param(converter=finite, kw_only=True, default=0.75)
    k: float = param(converter=nonnegative, kw_only=True, default=1.0)
    extra: str = param(converter=choice("before", "after"), kw_only=True, default="before")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        return shapes[0]

    def sides(self) -> Pads:
        """Return how many channels (before, after) a number's own are in its sum."""
        less, more = (self.size - 1) // 2, self.size // 2
        return (more, less) if self.extra == "before" else (less, more)

    def cost(self, *shapes: Shape) -> Cost:
        """Return for each number a square, a factor, a power and a division, and the additions of its sum."""
        numbers, channels = math.prod(shapes[0]), shapes[0][0]
        reads = Window(self.size, padding=self.sides()).counts(channels, include_pad=False)
        summed = int(reads.sum()) * (numbers // channels)
        return Cost(adds=summed, muls=3 * numbers, specials=numbers)  # the sum has one addition fewer, and then adds k

    def _sums(self, values: Array, sides: Pads) -> Array:
        """Return the sums of values (N, C, ...) over the channels around each, so many before and after it."""
        padded = np.pad(values, [(0, 0), sides, *[(0, 0)] * (values.ndim - 2)])
        sums = np.zeros_like(values)
        for first in range(self.size):
            sums += padded[:, first : first + values.shape[1]]
        return sums

    def _base(self, x: Array) -> Array:
        """Return k + alpha / size * the sum of squares."""
        return x.dtype.type(self.k) + x.dtype.type(self.alpha / self.size) * self._sums(x * x, self.sides())

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return x over its base to the power beta: the shape of the input."""
        (x,) = inputs
        return x / self._base(x) ** x.dtype.type(self.beta)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradient: a number also makes its neighbours smaller."""
        (x,) = inputs
        base, (before, after) = self._base(x), self.sides()
        through = self._sums(grad * y / base, (after, before))
        share = x.dtype.type(2 * self.alpha * self.beta / self.size)
        return Gradients((grad / base ** x.dtype.type(self.beta) - share * x * through,))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the neighbouring channels with their squares, and what the number is divided by."""
        x = inputs[0][0]
        before, after = self.sides()
        near = range(max(index[0] - before, 0), min(index[0] + after + 1, len(x)))
        terms = several(x, np.array([(channel, *index[1:]) for channel in near]))
        squares = terms.value**2
        own, total = float(x[index]), exact_sum(squares)
        numbers = {"x": own, "k": self.k, "alpha": self.alpha, "size": float(self.size), "sum": total}
        return Arithmetic(
            rule="normal",
            formula="x / (k + alpha / size * sum) ** beta",
            terms=replace(terms, product=squares),
            total=own / (self.k + self.alpha / self.size * total) ** self.beta,
            numbers={**numbers, "beta": self.beta},
        )

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the neighbouring channels of the masked places."""
        before, after = self.sides()
        return (self._sums(mask[None].astype(np.intp), (after, before))[0] > 0,)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return odd and even sizes, both even ways, sizes beyond the channels, and coinciding sizes."""
        return [
            Example(cls(3, alpha=0.5), (5, 2, 3)),
            Example(cls(5), (7, 3, 2)),
            Example(cls(4, alpha=0.9, beta=0.5, k=2.0), (7, 2, 2)),
            Example(cls(4, alpha=0.9, extra="after"), (7, 2, 2)),
            Example(cls(2, alpha=1.5), (2, 2, 2)),
            Example(cls(9, alpha=1.0), (3, 5)),
            Example(cls(1, alpha=0.3), (5,)),
        ]

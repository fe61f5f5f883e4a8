"""Where branches meet number by number: added, multiplied, or one taken from another."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..window import SpreadWindow, Window
from .arithmetic import Arithmetic, Terms, exact_sum
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights, Windows
from .node import Shape


def _summed(grad: Array, shape: Shape) -> Array:
    """Return the gradient of an input (N, *shape): places that many outputs read collect from all of them."""
    spread = tuple(axis for axis, size in enumerate(shape, 1) if size < grad.shape[axis])
    return grad.sum(axis=spread, keepdims=True) if spread else grad


class Merging(Layer):
    """What layers share that join numbers of the same place: inputs of size 1 along an axis stand for the whole axis.

    Shape: sizes that are equal or 1, axis by axis -> the larger ones. No axis is added.
    """

    arity: ClassVar[int | None] = None
    rule: ClassVar[str]
    formula: ClassVar[str]

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the larger sizes."""
        got = f"inputs {' and '.join(str(shape) for shape in shapes)}"
        if any(len(shape) != len(shapes[0]) for shape in shapes):
            fix = "give all of them the same axes, for instance with Reshape((-1, 1, 1))"
            raise self.fail(got, "inputs with the same number of axes", fix)
        sizes = [set(axis) - {1} for axis in zip(*shapes, strict=True)]
        if any(len(found) > 1 for found in sizes):
            fix = "bring the branches to one shape, for instance with a 1x1 convolution"
            raise self.fail(got, "inputs of one shape, or of size 1 where they differ", fix)
        return tuple(max(found, default=1) for found in sizes)

    def branch_windows(self, source: int, *shapes: Shape) -> Windows:
        """Return windows of one place, which is the only one where the input has no more."""
        own, whole = ((1, 1, *shape)[-2:] for shape in (shapes[source], self.output_shape(*shapes)))
        rows, columns = (SpreadWindow(n) if size < n else Window(1) for size, n in zip(own, whole, strict=True))
        return rows, columns

    def _terms(self, index: tuple[int, ...], inputs: tuple[Array, ...]) -> Terms:
        """Return the number that each input gives."""
        places = np.array([np.minimum(index, np.array(x.shape[1:]) - 1) for x in inputs])
        value = np.array([x[(0, *place)] for x, place in zip(inputs, places, strict=True)], np.float64)
        return Terms(
            source=np.arange(len(value)),
            index=places,
            inside=np.ones(len(value), np.bool_),
            value=value,
            product=value,
            used=np.ones(len(value), np.bool_),
        )

    def total(self, values: Array) -> float:
        """Return what becomes of the numbers that the inputs give."""
        raise NotImplementedError

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the number that each input gives."""
        terms = self._terms(index, inputs)
        return Arithmetic(rule=self.rule, formula=self.formula, terms=terms, total=self.total(terms.value))

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the masked places, and those that stand for them."""
        spread = [tuple(axis for axis, n in enumerate(mask.shape) if shape[axis] < n) for shape in shapes]
        return tuple(np.logical_or.reduce(mask, axis=axes, keepdims=True) if axes else mask for axes in spread)


class Add(Merging):
    """Add two or more values, number by number: the join of a residual block.

    Shape: sizes that are equal or 1, axis by axis -> the larger ones; a channel's one number is added at all places.

    >>> Add().output_shape((8, 7, 7), (8, 7, 7)), Add().output_shape((8, 7, 7), (8, 1, 1))
    ((8, 7, 7), (8, 7, 7))
    """

    prefix: ClassVar[str] = "add"
    rule: ClassVar[str] = "sum"
    formula: ClassVar[str] = "sum(x)"

    def cost(self, *shapes: Shape) -> Cost:
        """Return one addition fewer than there are inputs, for each number."""
        return Cost(adds=(len(shapes) - 1) * math.prod(self.output_shape(*shapes)))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the sum: the larger shape."""
        y = inputs[0] + inputs[1]
        for x in inputs[2:]:
            y = y + x
        return y

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give every input the whole gradient, summed where it stands for many places."""
        return Gradients(tuple(_summed(grad, x.shape[1:]) for x in inputs))

    def total(self, values: Array) -> float:
        """Return the sum."""
        return exact_sum(values)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return two and three inputs, of one shape and of several."""
        return [
            Example(cls(), (2, 3, 4), (2, 3, 4)),
            Example(cls(), (5,), (5,), (5,)),
            Example(cls(), (3, 5, 2), (3, 1, 1), (1, 5, 2)),
            Example(cls(), (1, 3, 1), (2, 1, 5)),
        ]


class Subtract(Merging):
    """Take the second value from the first, number by number.

    Shape: sizes that are equal or 1, axis by axis -> the larger ones.

    >>> Subtract().output_shape((8, 7, 7), (1, 7, 7))
    (8, 7, 7)
    """

    prefix: ClassVar[str] = "subtract"
    arity: ClassVar[int | None] = 2
    rule: ClassVar[str] = "difference"
    formula: ClassVar[str] = "first - second"

    def cost(self, *shapes: Shape) -> Cost:
        """Return one subtraction a number."""
        return Cost(adds=math.prod(self.output_shape(*shapes)))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the difference: the larger shape."""
        return inputs[0] - inputs[1]

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give the first input the gradient, and the second one the negative of it."""
        return Gradients((_summed(grad, inputs[0].shape[1:]), -_summed(grad, inputs[1].shape[1:])))

    def total(self, values: Array) -> float:
        """Return the difference."""
        first, second = values.tolist()
        return first - second

    @classmethod
    def examples(cls) -> list[Example]:
        """Return inputs of one shape, and of two."""
        return [
            Example(cls(), (2, 3, 5), (2, 3, 5)),
            Example(cls(), (7,), (1,)),
            Example(cls(), (1, 5, 3), (2, 1, 3)),
        ]


class Multiply(Merging):
    """Multiply two or more values, number by number: how a gate weighs channels, or places.

    Shape: sizes that are equal or 1, axis by axis -> the larger ones; a channel's one number weighs all places.
    Source of the use that made it common: J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation networks", CVPR 2018.

    >>> Multiply().output_shape((8, 7, 7), (8, 1, 1))
    (8, 7, 7)
    """

    prefix: ClassVar[str] = "multiply"
    rule: ClassVar[str] = "product"
    formula: ClassVar[str] = "product(x)"

    def cost(self, *shapes: Shape) -> Cost:
        """Return one multiplication fewer than there are inputs, for each number."""
        return Cost(muls=(len(shapes) - 1) * math.prod(self.output_shape(*shapes)))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the product: the larger shape."""
        y = inputs[0] * inputs[1]
        for x in inputs[2:]:
            y = y * x
        return y

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give every input the gradient times all other inputs; nothing is divided, as a factor may be 0."""
        found: list[Array] = []
        for own, x in enumerate(inputs):
            factor = grad
            for other in (*inputs[:own], *inputs[own + 1 :]):
                factor = factor * other
            found.append(_summed(factor, x.shape[1:]))
        return Gradients(tuple(found))

    def total(self, values: Array) -> float:
        """Return the product."""
        return math.prod(values.tolist())

    @classmethod
    def examples(cls) -> list[Example]:
        """Return two and three inputs, of one shape and of several."""
        return [
            Example(cls(), (2, 3, 5), (2, 3, 5)),
            Example(cls(), (3, 5, 2), (3, 1, 1)),
            Example(cls(), (7,), (7,), (1,)),
            Example(cls(), (3, 3, 3), (1, 3, 3), (3, 1, 3)),
        ]

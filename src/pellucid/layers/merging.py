"""Where branches meet: add them number by number, or put their channels one after another."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from .arithmetic import Arithmetic, Terms, exact_sum, single
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights
from .node import Shape


class Add(Layer):
    """Add two or more values of the same shape, number by number: the join of a residual block.

    Shape: any, the same for all -> the same.

    >>> Add().output_shape((8, 7, 7), (8, 7, 7))
    (8, 7, 7)
    """

    prefix: ClassVar[str] = "add"
    arity: ClassVar[int | None] = None

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape that all inputs share."""
        for other in shapes[1:]:
            if other != shapes[0]:
                raise self.fail(
                    f"inputs {' and '.join(str(shape) for shape in shapes)}",
                    "inputs of one shape",
                    "bring the branches to one shape, for instance with a 1x1 convolution",
                )
        return shapes[0]

    def cost(self, *shapes: Shape) -> Cost:
        """Return one addition fewer than there are inputs, for each number."""
        return Cost(adds=(len(shapes) - 1) * math.prod(shapes[0]))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the sum: the shape of each input."""
        y = inputs[0] + inputs[1]
        for x in inputs[2:]:
            y = y + x
        return y

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give every input the whole gradient."""
        return Gradients(tuple(grad for _ in inputs))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the number that each input gives."""
        value = np.array([x[(0, *index)] for x in inputs], np.float64)
        return Arithmetic(
            rule="sum",
            formula="sum(x)",
            terms=Terms(
                source=np.arange(len(value)),
                index=np.tile(np.array(index), (len(value), 1)),
                inside=np.ones(len(value), np.bool_),
                value=value,
                product=value,
                used=np.ones(len(value), np.bool_),
            ),
            total=exact_sum(value),
        )

    @classmethod
    def examples(cls) -> list[Example]:
        """Return two and three inputs."""
        return [Example(cls(), (2, 3, 4), (2, 3, 4)), Example(cls(), (5,), (5,), (5,))]


class Concat(Layer):
    """Put the channels of two or more values one after another: the join of inception and dense blocks.

    Shape: (C1, H, W), (C2, H, W), ... -> (C1 + C2 + ..., H, W); vectors join to a longer vector.
    PyTorch writes torch.cat(..., dim=1), Keras Concatenate (last axis by default).

    >>> Concat().output_shape((8, 7, 7), (4, 7, 7))
    (12, 7, 7)
    """

    prefix: ClassVar[str] = "concat"
    arity: ClassVar[int | None] = None

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape with the channels of all."""
        for other in shapes[1:]:
            if other[1:] != shapes[0][1:]:
                raise self.fail(
                    f"inputs {' and '.join(str(shape) for shape in shapes)}",
                    "inputs that differ in channels only",
                    "bring the branches to one height and width, for instance with padding or pooling",
                )
        return sum(shape[0] for shape in shapes), *shapes[0][1:]

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the joined channels: (N, C1 + C2 + ..., ...)."""
        return np.concatenate(inputs, axis=1)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give every input the gradient of its channels."""
        return Gradients(tuple(np.split(grad, np.cumsum([x.shape[1] for x in inputs])[:-1], axis=1)))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the input and the place that the number came from."""
        source, channel = 0, index[0]
        while channel >= inputs[source].shape[1]:
            channel -= inputs[source].shape[1]
            source += 1
        terms = single(inputs[source][0], (channel, *index[1:]), source)
        return Arithmetic(rule="pick", formula="x", terms=terms, total=float(terms.value[0]))

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return each input's own part of the mask."""
        return tuple(np.split(mask, np.cumsum([shape[0] for shape in shapes])[:-1]))

    @classmethod
    def examples(cls) -> list[Example]:
        """Return maps and vectors."""
        return [Example(cls(), (2, 3, 4), (3, 3, 4)), Example(cls(), (5,), (2,), (1,))]

"""Softmax, which makes probabilities of logits along one axis, and its logarithm."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ..window import Window
from .arithmetic import Arithmetic, Terms, exact_sum, several
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights, Windows
from .node import Shape
from .params import axis, param


class Sharing(Layer):
    """What softmax and its logarithm share: one axis, all of whose numbers are weighed against each other.

    Shape: any -> the same.
    """

    axis: int = param(converter=axis, default=0)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        if not -len(shapes[0]) <= self.axis < len(shapes[0]):
            raise self.fail(
                f"axis {self.axis} of input {shapes[0]}",
                f"an axis from 0 to {len(shapes[0]) - 1}",
                "count axes without the batch",
            )
        return shapes[0]

    def windows(self, *shapes: Shape) -> Windows:
        """Return windows of one place, and None along the axis that the sum runs over."""
        axis = self.axis % len(shapes[0]) - len(shapes[0])  # -1 is the columns, -2 the rows
        vector = len(shapes[0]) == 1
        return None if axis == -2 or vector else Window(1), None if axis == -1 else Window(1)

    def _along(self, x: Array) -> int:
        return self.axis + 1 if self.axis >= 0 else self.axis

    def _weighed(self, index: tuple[int, ...], x: Array) -> Terms:
        """Return every number along the axis through `index` of a sample, with its exponential as the product."""
        axis = self.axis % x.ndim
        places = np.tile(np.array(index), (x.shape[axis], 1))
        places[:, axis] = np.arange(x.shape[axis])
        terms = several(x, places)
        return replace(terms, product=np.exp(terms.value - terms.value.max()))

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return everything along the axis of each masked place."""
        return (np.broadcast_to(mask.any(axis=self.axis, keepdims=True), shapes[0]),)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return it over a vector, over channels, and over the last axis."""
        return [Example(cls(), (7,)), Example(cls(), (3, 2, 4)), Example(cls(-1), (2, 3, 5))]


class Softmax(Sharing):
    """Make probabilities of logits: exp(x) / sum of exp along one axis, shifted by the largest: nothing overflows.

    Shape: any -> the same. PyTorch counts the batch (its dim=1 is our axis=0); Keras's and ONNX's default is the last
    axis.

    Args:
        axis: the axis that sums to 1, the batch not counted: 0 is the channels, or a vector's only axis.

    >>> Softmax().output_shape((10,))
    (10,)
    """

    prefix: ClassVar[str] = "softmax"

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return probabilities: the shape of the input."""
        (x,) = inputs
        exponentials = np.exp(x - x.max(axis=self._along(x), keepdims=True))
        return exponentials / exponentials.sum(axis=self._along(x), keepdims=True)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return y * (grad - sum of grad * y along the axis)."""
        return Gradients((y * (grad - (grad * y).sum(axis=self._along(y), keepdims=True)),))

    def cost(self, *shapes: Shape) -> Cost:
        """Return for each number a comparison, a subtraction, an exponential, an addition and a division."""
        numbers = math.prod(shapes[0])
        return Cost(compares=numbers, adds=2 * numbers, specials=numbers, muls=numbers)

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return every number along the axis with its exponential; the number's own is told apart."""
        terms = self._weighed(index, inputs[0][0])
        own, total = float(terms.product[index[self.axis]]), exact_sum(terms.product)
        return Arithmetic(
            rule="share",
            formula="exp(x - max) / sum(exp(x - max))",
            terms=terms,
            total=own / total,
            numbers={"max": float(terms.value.max()), "exp(x - max)": own, "sum": total},
        )


class LogSoftmax(Sharing):
    """Make logarithms of probabilities: x - log of the sum of exp(x) along one axis, which no probability rounds to 0.

    Shape: any -> the same. What a cross-entropy loss of logits takes the mean of; PyTorch's dim=1 is our axis=0.

    Args:
        axis: the axis along which the exponentials of the results sum to 1, the batch not counted.

    >>> LogSoftmax().output_shape((10,))
    (10,)
    """

    prefix: ClassVar[str] = "logsoftmax"

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return logarithms of probabilities: the shape of the input."""
        (x,) = inputs
        shifted = x - x.max(axis=self._along(x), keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=self._along(x), keepdims=True))

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return grad - exp(y) * sum of grad along the axis."""
        return Gradients((grad - np.exp(y) * grad.sum(axis=self._along(y), keepdims=True),))

    def cost(self, *shapes: Shape) -> Cost:
        """Return for each number a comparison, two subtractions, an exponential, an addition; a logarithm a sum."""
        numbers = math.prod(shapes[0])
        sums = numbers // shapes[0][self.axis]
        return Cost(compares=numbers, adds=3 * numbers, specials=numbers + sums)

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return every number along the axis with its exponential, and the logarithm of their sum."""
        terms = self._weighed(index, inputs[0][0])
        most, total = float(terms.value.max()), exact_sum(terms.product)
        own = float(terms.value[index[self.axis]]) - most
        return Arithmetic(
            rule="log share",
            formula="x - max - log(sum(exp(x - max)))",
            terms=terms,
            total=own - math.log(total),
            numbers={"max": most, "x - max": own, "sum": total, "log(sum)": math.log(total)},
        )

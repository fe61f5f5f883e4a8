"""Activations: a function of every number by itself, and softmax, which makes probabilities of logits."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..window import Window
from .arithmetic import Arithmetic, Terms, exact_sum, single
from .base import Array, Cost, Example, Gradients, Layer, Mask, Run, Weights, Windows
from .node import Shape
from .params import axis, finite, param


class Elementwise(Layer):
    """A function of every number by itself. Subclasses give `value`, `slope` and `formula`.

    Shape: any -> the same.
    """

    formula: ClassVar[str]

    def value(self, x: Array) -> Array:
        """Return the function of every number."""
        raise NotImplementedError

    def slope(self, x: Array, y: Array) -> Array:
        """Return the derivative at every number, given the function's value too."""
        raise NotImplementedError

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        return shapes[0]

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return the function of every number: the shape of the input."""
        return self.value(inputs[0])

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradient times the slope, number by number."""
        return Gradients((grad * self.slope(inputs[0], y),))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the one number read."""
        terms = single(inputs[0][0], index)
        total = float(self.value(terms.value)[0])
        return Arithmetic(rule="function", formula=self.formula, terms=terms, total=total, numbers=self.numbers())

    def numbers(self) -> dict[str, float]:
        """Return the parameters that the formula uses, by symbol."""
        return {}

    @classmethod
    def examples(cls) -> list[Example]:
        """Return the function on maps and on a vector."""
        return [Example(cls(), (3, 4, 5)), Example(cls(), (7,))]


class ReLU(Elementwise):
    """Keep what is positive: max(x, 0). The slope at 0 is 0, as in PyTorch and TensorFlow; NaN stays.

    >>> ReLU().value(np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    prefix: ClassVar[str] = "relu"
    formula: ClassVar[str] = "max(x, 0)"

    def value(self, x: Array) -> Array:
        """Return max(x, 0)."""
        return np.maximum(x, 0)

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 where x > 0, else 0."""
        return (x > 0).astype(x.dtype)

    def cost(self, *shapes: Shape) -> Cost:
        """Return one comparison a number."""
        return Cost(compares=math.prod(shapes[0]))


class LeakyReLU(Elementwise):
    """Keep what is positive and let a little of the rest through: x if x > 0, else negative_slope * x.

    Args:
        negative_slope: 0.01 as in PyTorch and ONNX; Keras's layer uses 0.3, tf.nn.leaky_relu 0.2.

    >>> LeakyReLU(0.3).value(np.array([-1.0, 2.0])).tolist()
    [-0.3, 2.0]
    """

    prefix: ClassVar[str] = "relu"
    formula: ClassVar[str] = "x if x > 0 else slope * x"

    negative_slope: float = param(converter=finite, default=0.01)

    def value(self, x: Array) -> Array:
        """Return x where it is positive, else negative_slope * x."""
        return np.where(x > 0, x, x * x.dtype.type(self.negative_slope))

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 where x > 0, else negative_slope."""
        return np.where(x > 0, 1, self.negative_slope).astype(x.dtype)

    def numbers(self) -> dict[str, float]:
        """Return the slope."""
        return {"slope": self.negative_slope}

    def cost(self, *shapes: Shape) -> Cost:
        """Return one comparison and one multiplication a number."""
        return Cost(compares=math.prod(shapes[0]), muls=math.prod(shapes[0]))


class Tanh(Elementwise):
    """Squash to -1..1: the hyperbolic tangent.

    >>> Tanh().value(np.array([0.0])).tolist()
    [0.0]
    """

    prefix: ClassVar[str] = "tanh"
    formula: ClassVar[str] = "tanh(x)"

    def value(self, x: Array) -> Array:
        """Return tanh(x)."""
        return np.tanh(x)

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 - tanh(x)^2."""
        return 1 - y * y

    def cost(self, *shapes: Shape) -> Cost:
        """Return one hyperbolic tangent a number."""
        return Cost(specials=math.prod(shapes[0]))


class Sigmoid(Elementwise):
    """Squash to 0..1: 1 / (1 + exp(-x)), without overflow.

    >>> Sigmoid().value(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """

    prefix: ClassVar[str] = "sigmoid"
    formula: ClassVar[str] = "1 / (1 + exp(-x))"

    def value(self, x: Array) -> Array:
        """Return 1 / (1 + exp(-x)), from exp(-|x|), which cannot overflow."""
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, small) / (1 + small)

    def slope(self, x: Array, y: Array) -> Array:
        """Return y * (1 - y)."""
        return y * (1 - y)

    def cost(self, *shapes: Shape) -> Cost:
        """Return one exponential, one addition and one division a number."""
        numbers = math.prod(shapes[0])
        return Cost(specials=numbers, adds=numbers, muls=numbers)


class Softmax(Layer):
    """Make probabilities of logits: exp(x) / sum of exp along one axis, shifted by the largest: nothing overflows.

    Shape: any -> the same. PyTorch counts the batch (its dim=1 is our axis=0); Keras's and ONNX's default is the last
    axis.

    Args:
        axis: the axis that sums to 1, the batch not counted: 0 is the channels, or a vector's only axis.

    >>> Softmax().output_shape((10,))
    (10,)
    """

    prefix: ClassVar[str] = "softmax"

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
        x = inputs[0][0]
        axis = self.axis % x.ndim
        places = np.tile(np.array(index), (x.shape[axis], 1))
        places[:, axis] = np.arange(x.shape[axis])
        value = x[tuple(places.T)].astype(np.float64)
        exponentials = np.exp(value - value.max())
        own, total = float(exponentials[index[axis]]), exact_sum(exponentials)
        return Arithmetic(
            rule="share",
            formula="exp(x - max) / sum(exp(x - max))",
            terms=Terms(
                source=np.zeros(len(value), np.intp),
                index=places,
                inside=np.ones(len(value), np.bool_),
                value=value,
                product=exponentials,
                used=np.ones(len(value), np.bool_),
            ),
            total=own / total,
            numbers={"max": float(value.max()), "exp(x - max)": own, "sum": total},
        )

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return everything along the axis of each masked place."""
        return (np.broadcast_to(mask.any(axis=self.axis, keepdims=True), shapes[0]),)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return softmax over a vector, over channels, and over the last axis."""
        return [Example(cls(), (7,)), Example(cls(), (3, 2, 4)), Example(cls(-1), (2, 3, 5))]

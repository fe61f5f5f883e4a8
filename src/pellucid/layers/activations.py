"""Activations: a function of every number by itself."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from .arithmetic import Arithmetic, single
from .base import Array, Cost, Example, Gradients, Layer, Run, Weights
from .node import Shape
from .params import finite, param


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

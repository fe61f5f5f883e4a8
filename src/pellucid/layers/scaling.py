"""Layers whose weights vary along some axes and are the same along all others: a slope, a factor, a number to add."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..errors import ParameterError
from .arithmetic import Arithmetic, single
from .base import Array, Cost, Example, Gradients, Layer, Run, Weights
from .initializers import Weight, initializer
from .node import Shape
from .params import axes, flag, param


class Varying(Layer):
    """What layers share whose weights vary along `axes`.

    Shape: any -> the same. A weight has the sizes of its axes; with no axes it is one number, of shape (1,).
    """

    axes: tuple[int, ...] = param(converter=axes, default=(0,))

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        rank = len(shapes[0])
        if any(axis >= rank for axis in self.axes):
            raise self.fail(
                f"axes {self.axes} of input {shapes[0]}", f"axes from 0 to {rank - 1}", "count axes without the batch"
            )
        return shapes[0]

    def weight_shape(self, shape: Shape) -> Shape:
        """Return a weight's shape for an input of `shape`."""
        return tuple(shape[axis] for axis in self.axes) or (1,)

    def spread(self, weight: Array, x: Array) -> Array:
        """Return a weight in the shape that meets all places of `x` (N, ...)."""
        return weight.reshape([size if axis - 1 in self.axes else 1 for axis, size in enumerate(x.shape)])

    def gathered(self, grad: Array) -> Array:
        """Return the gradient of a weight, given the one at every place (N, ...)."""
        over = tuple(axis for axis in range(grad.ndim) if axis - 1 not in self.axes)
        return grad.sum(axis=over).reshape(self.weight_shape(grad.shape[1:]))

    def met(self, weight: Array, index: tuple[int, ...]) -> float:
        """Return the number of a weight that the place `index` meets."""
        return float(weight[tuple(index[axis] for axis in self.axes) or (0,)])


class PReLU(Varying):
    """Keep what is positive, and the rest times a learned slope: x if x > 0, else slope * x.

    Shape: any -> the same. Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015.

    Args:
        axes: along which axes the slope varies: (0,), one a channel, PyTorch's num_parameters=C; (), one in all,
            PyTorch's default; (0, 1, 2), one a number of maps, Keras's default.
        weight_init: first values of the slopes; "prelu" is 0.25, as in PyTorch; Keras's default is "zeros".

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the input has no such axis.

    >>> {name: weight.shape for name, weight in PReLU().weights((8, 7, 7)).items()}
    {'weight': (8,)}
    """

    prefix: ClassVar[str] = "prelu"

    weight_init: str = param(converter=initializer, kw_only=True, default="prelu")

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return weight: the slopes, of the sizes of the axes."""
        return {"weight": Weight(self.weight_shape(shapes[0]), self.weight_init)}

    def cost(self, *shapes: Shape) -> Cost:
        """Return one comparison and one multiplication a number."""
        return Cost(compares=math.prod(shapes[0]), muls=math.prod(shapes[0]))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return x where it is positive, else slope * x."""
        (x,) = inputs
        return np.where(x > 0, x, x * self.spread(w["weight"], x))

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradient times 1 or the slope; the slope's is that of what it multiplied."""
        (x,) = inputs
        in_x = np.where(x > 0, grad, grad * self.spread(w["weight"], x))
        return Gradients((in_x,), {"weight": self.gathered(np.where(x > 0, 0, grad * x).astype(x.dtype))})

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the one number read, and its slope."""
        terms, slope = single(inputs[0][0], index), self.met(w["weight"], index)
        value = float(terms.value[0])
        return Arithmetic(
            rule="function",
            formula="x if x > 0 else slope * x",
            terms=terms,
            total=value if value > 0 else slope * value,
            numbers={"slope": slope},
        )

    @classmethod
    def examples(cls) -> list[Example]:
        """Return a slope a channel, one in all, one a number, and one along the columns."""
        return [
            Example(cls(), (3, 2, 5)),
            Example(cls(()), (2, 3, 3)),
            Example(cls((0, 1, 2), weight_init="zeros"), (2, 3, 5)),
            Example(cls(2), (3, 3, 3)),
            Example(cls(), (7,)),
        ]


class Scale(Varying):
    """Multiply with a factor and add a number, both constants unless they are trained: x * weight + bias.

    Shape: any -> the same. What is done to images before a network, such as (x - mean) / deviation, and the constants
    that a model of another framework multiplies or adds.

    Args:
        axes: along which axes factor and number vary: (0,), one a channel; (), one in all.
        scale: multiply.
        shift: add.
        trainable: learn them.

    Raises:
        ParameterError: neither scale nor shift.
        ShapeError: the input has no such axis.

    >>> {name: weight.shape for name, weight in Scale(()).weights((8, 7, 7)).items()}
    {'weight': (1,), 'bias': (1,)}
    """

    prefix: ClassVar[str] = "scale"

    scale: bool = param(converter=flag, kw_only=True, default=True)
    shift: bool = param(converter=flag, kw_only=True, default=True)
    trainable: bool = param(converter=flag, kw_only=True, default=False)

    def check(self) -> None:
        """Check that there is something to do."""
        if not (self.scale or self.shift):
            raise ParameterError(
                "Scale", got="scale=False and shift=False", expected="one of them, or both", fix="leave the layer out"
            )

    def weights(self, *shapes: Shape) -> dict[str, Weight]:
        """Return weight, the factors, and bias, what is added, of the sizes of the axes."""
        shape = self.weight_shape(shapes[0])
        factors = {"weight": Weight(shape, "ones", trainable=self.trainable)} if self.scale else {}
        return factors | ({"bias": Weight(shape, "zeros", trainable=self.trainable)} if self.shift else {})

    def cost(self, *shapes: Shape) -> Cost:
        """Return a multiplication and an addition a number."""
        return Cost(muls=self.scale * math.prod(shapes[0]), adds=self.shift * math.prod(shapes[0]))

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return x * weight + bias."""
        (x,) = inputs
        y = x * self.spread(w["weight"], x) if self.scale else x
        return y + self.spread(w["bias"], x) if self.shift else y

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Return the gradient times the factors, and theirs if they are trained."""
        (x,) = inputs
        in_x = grad * self.spread(w["weight"], x) if self.scale else grad
        found = {"weight": self.gathered(grad * x)} if self.scale and self.trainable else {}
        return Gradients((in_x,), found | ({"bias": self.gathered(grad)} if self.shift and self.trainable else {}))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the one number read, its factor and what is added."""
        terms, formula, numbers = single(inputs[0][0], index), "x", dict[str, float]()
        total = float(terms.value[0])
        if self.scale:
            numbers["weight"] = self.met(w["weight"], index)
            total, formula = total * numbers["weight"], "x * weight"
        if self.shift:
            numbers["bias"] = self.met(w["bias"], index)
            total, formula = total + numbers["bias"], f"{formula} + bias"
        return Arithmetic(rule="function", formula=formula, terms=terms, total=total, numbers=numbers)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return both a channel, each alone, one in all, one a place, and trained ones."""
        return [
            Example(cls(), (3, 2, 5)),
            Example(cls((), shift=False), (2, 3, 3)),
            Example(cls((1, 2), scale=False), (2, 3, 5)),
            Example(cls((0, 2), trainable=True), (3, 2, 3)),
            Example(cls((), trainable=True), (7,)),
            Example(cls(shift=False, trainable=True), (5,)),
        ]

"""Gates: activations that weigh a number by a soft or a hard step of the number itself, and the steps that they use."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from .activations import Elementwise, Sigmoid
from .base import Array, Cost
from .node import Shape
from .params import finite, param, positive

_SIGMOID = Sigmoid()


class SiLU(Elementwise):
    """Weigh a number by its sigmoid: x / (1 + exp(-x)). Also called swish.

    >>> SiLU().value(np.array([0.0, -1000.0])).tolist()
    [0.0, -0.0]
    """

    prefix: ClassVar[str] = "silu"
    formula: ClassVar[str] = "x / (1 + exp(-x))"

    def value(self, x: Array) -> Array:
        """Return x * sigmoid(x)."""
        return x * _SIGMOID.value(x)

    def slope(self, x: Array, y: Array) -> Array:
        """Return s + x * s * (1 - s) for the sigmoid s."""
        s = _SIGMOID.value(x)
        return s * (1 + x * (1 - s))

    def cost(self, *shapes: Shape) -> Cost:
        """Return an exponential, an addition and two multiplications a number."""
        n = math.prod(shapes[0])
        return Cost(specials=n, adds=n, muls=2 * n)


class HardSigmoid(Elementwise):
    """A sigmoid of three straight pieces: max(0, min(1, alpha * x + beta)).

    PyTorch and Keras 3 use alpha 1/6 and beta 0.5, the defaults here; ONNX's default alpha is 0.2, as was Keras 2's.

    Args:
        alpha: the slope of the middle piece.
        beta: its value at 0.

    >>> HardSigmoid().value(np.array([-4.0, 0.0, 4.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    prefix: ClassVar[str] = "hardsigmoid"
    formula: ClassVar[str] = "max(0, min(1, alpha * x + beta))"

    alpha: float = param(converter=finite, kw_only=True, default=1 / 6)
    beta: float = param(converter=finite, kw_only=True, default=0.5)

    def _line(self, x: Array) -> Array:
        return x * x.dtype.type(self.alpha) + x.dtype.type(self.beta)

    def value(self, x: Array) -> Array:
        """Return max(0, min(1, alpha * x + beta))."""
        return np.maximum(0, np.minimum(1, self._line(x)))

    def slope(self, x: Array, y: Array) -> Array:
        """Return alpha between the bounds, else 0."""
        line = self._line(x)
        return np.where((line > 0) & (line < 1), self.alpha, 0).astype(x.dtype)

    def numbers(self) -> dict[str, float]:
        """Return alpha and beta."""
        return {"alpha": self.alpha, "beta": self.beta}

    def cost(self, *shapes: Shape) -> Cost:
        """Return a multiplication, an addition and two comparisons a number."""
        n = math.prod(shapes[0])
        return Cost(muls=n, adds=n, compares=2 * n)


class HardSwish(Elementwise):
    """Weigh a number by its hard sigmoid: x * max(0, min(1, x / 6 + 1 / 2)).

    Source: A. Howard et al., "Searching for MobileNetV3", ICCV 2019.

    >>> HardSwish().value(np.array([-4.0, 0.0, 4.0])).tolist()
    [-0.0, 0.0, 4.0]
    """

    prefix: ClassVar[str] = "hardswish"
    formula: ClassVar[str] = "x * max(0, min(1, x / 6 + 1 / 2))"

    def value(self, x: Array) -> Array:
        """Return x * max(0, min(1, x / 6 + 1 / 2))."""
        return x * np.maximum(0, np.minimum(1, x / 6 + x.dtype.type(0.5)))

    def slope(self, x: Array, y: Array) -> Array:
        """Return 0 up to -3, 1 from 3 on, and x / 3 + 1 / 2 between."""
        return np.where(x <= -3, 0, np.where(x >= 3, 1, x / 3 + x.dtype.type(0.5))).astype(x.dtype)

    def cost(self, *shapes: Shape) -> Cost:
        """Return two multiplications, an addition and two comparisons a number."""
        n = math.prod(shapes[0])
        return Cost(muls=2 * n, adds=n, compares=2 * n)


class Softplus(Elementwise):
    """A rectifier with a round corner: log(1 + exp(beta * x)) / beta, and x itself beyond the threshold.

    Args:
        beta: how sharp the corner is, above 0.
        threshold: from beta * x above it on, the result is x, as in PyTorch; Keras and ONNX have none.

    >>> Softplus().value(np.array([-1000.0, 50.0])).tolist()
    [0.0, 50.0]
    """

    prefix: ClassVar[str] = "softplus"
    formula: ClassVar[str] = "x if beta * x > threshold else log(1 + exp(beta * x)) / beta"

    beta: float = param(converter=positive, kw_only=True, default=1.0)
    threshold: float = param(converter=finite, kw_only=True, default=20.0)

    def value(self, x: Array) -> Array:
        """Return x beyond the threshold, else log(1 + exp(beta * x)) / beta, which cannot overflow."""
        scaled = x * x.dtype.type(self.beta)
        soft = (np.maximum(scaled, 0) + np.log1p(np.exp(-np.abs(scaled)))) / x.dtype.type(self.beta)
        return np.where(scaled > self.threshold, x, soft)

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 beyond the threshold, else the sigmoid of beta * x."""
        scaled = x * x.dtype.type(self.beta)
        return np.where(scaled > self.threshold, 1, _SIGMOID.value(scaled)).astype(x.dtype)

    def numbers(self) -> dict[str, float]:
        """Return beta and the threshold."""
        return {"beta": self.beta, "threshold": self.threshold}

    def cost(self, *shapes: Shape) -> Cost:
        """Return an exponential, a logarithm, an addition, two multiplications and a comparison a number."""
        n = math.prod(shapes[0])
        return Cost(specials=2 * n, adds=n, muls=2 * n, compares=n)


class Mish(Elementwise):
    """Weigh a number by the tanh of its softplus: x * tanh(log(1 + exp(x))).

    Source: D. Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.

    >>> Mish().value(np.array([0.0, 50.0])).tolist()
    [0.0, 50.0]
    """

    prefix: ClassVar[str] = "mish"
    formula: ClassVar[str] = "x * tanh(log(1 + exp(x)))"

    def _gate(self, x: Array) -> Array:
        return np.tanh(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))

    def value(self, x: Array) -> Array:
        """Return x * tanh(log(1 + exp(x)))."""
        return x * self._gate(x)

    def slope(self, x: Array, y: Array) -> Array:
        """Return the gate, plus x times the gate's own slope."""
        gate = self._gate(x)
        return gate + x * (1 - gate * gate) * _SIGMOID.value(x)

    def cost(self, *shapes: Shape) -> Cost:
        """Return three special functions, an addition and a multiplication a number."""
        n = math.prod(shapes[0])
        return Cost(specials=3 * n, adds=n, muls=n)


class Softsign(Elementwise):
    """Squash to -1..1, slowly: x / (1 + abs(x)).

    >>> Softsign().value(np.array([-1.0, 3.0])).tolist()
    [-0.5, 0.75]
    """

    prefix: ClassVar[str] = "softsign"
    formula: ClassVar[str] = "x / (1 + abs(x))"

    def value(self, x: Array) -> Array:
        """Return x / (1 + |x|)."""
        return x / (1 + np.abs(x))

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 / (1 + |x|)^2."""
        return 1 / np.square(1 + np.abs(x))

    def cost(self, *shapes: Shape) -> Cost:
        """Return an addition and a division a number."""
        return Cost(adds=math.prod(shapes[0]), muls=math.prod(shapes[0]))

"""Curves: activations that bend, saturate or stop, each a function of every number by itself."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from ..errors import ParameterError
from .activations import Elementwise
from .arithmetic import Arithmetic
from .base import Array, Cost, Example, Run, Weights
from .node import Shape
from .params import choice, finite, optional_number, param, positive

_erf: Any = np.vectorize(math.erf, otypes=[np.float64])
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
_GELU_CUBE = 0.044715


def _numbers(shapes: tuple[Shape, ...]) -> int:
    return math.prod(shapes[0])


class ReLU6(Elementwise):
    """Keep what lies between 0 and 6: min(max(x, 0), 6). The slope at 0 and at 6 is 0, as in PyTorch.

    Keras writes ReLU(max_value=6), ONNX Clip(0, 6).

    >>> ReLU6().value(np.array([-1.0, 2.0, 9.0])).tolist()
    [0.0, 2.0, 6.0]
    """

    prefix: ClassVar[str] = "relu"
    formula: ClassVar[str] = "min(max(x, 0), 6)"

    def value(self, x: Array) -> Array:
        """Return min(max(x, 0), 6)."""
        return np.minimum(np.maximum(x, 0), 6)

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 between 0 and 6, else 0."""
        return ((x > 0) & (x < 6)).astype(x.dtype)

    def cost(self, *shapes: Shape) -> Cost:
        """Return two comparisons a number."""
        return Cost(compares=2 * _numbers(shapes))


class Clip(Elementwise):
    """Cut off what lies below `min` or above `max`. The slope at a bound is 1, as in PyTorch's clamp.

    ONNX calls it Clip, PyTorch torch.clamp; Hardtanh(a, b) is Clip(a, b) but for its slope at the bounds.

    Args:
        min: the lower bound, or None.
        max: the upper bound, or None.

    Raises:
        ParameterError: the lower bound lies above the upper one.

    >>> Clip(-1, 1).value(np.array([-3.0, 0.5, 2.0])).tolist()
    [-1.0, 0.5, 1.0]
    """

    prefix: ClassVar[str] = "clip"
    formula: ClassVar[str] = "x"

    min: float | None = param(converter=optional_number, default=None)
    max: float | None = param(converter=optional_number, default=None)

    def check(self) -> None:
        """Check that the bounds are in order."""
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ParameterError(
                "Clip",
                got=f"min={self.min:g} above max={self.max:g}",
                expected="min at most max",
                fix="exchange them",
            )

    def value(self, x: Array) -> Array:
        """Return x within the bounds; NaN stays."""
        y = x.copy() if self.min is None else np.maximum(x, x.dtype.type(self.min))
        return y if self.max is None else np.minimum(y, x.dtype.type(self.max))

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 within the bounds, both counted, else 0."""
        inside = np.ones(x.shape, np.bool_)
        if self.min is not None:
            inside &= x >= x.dtype.type(self.min)
        if self.max is not None:
            inside &= x <= x.dtype.type(self.max)
        return inside.astype(x.dtype)

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the one number read, with the bounds that there are."""
        formula = "x" if self.min is None else "max(x, low)"
        formula = formula if self.max is None else f"min({formula}, high)"
        return replace(super().explain(index, *inputs, w=w, run=run), formula=formula)

    def numbers(self) -> dict[str, float]:
        """Return the bounds."""
        bounds = {"low": self.min, "high": self.max}
        return {name: bound for name, bound in bounds.items() if bound is not None}

    def cost(self, *shapes: Shape) -> Cost:
        """Return a comparison for each bound, a number."""
        return Cost(compares=len(self.numbers()) * _numbers(shapes))

    @classmethod
    def examples(cls) -> list[Example]:
        """Return two bounds, and one of each."""
        return [Example(cls(-0.9, 0.5), (3, 4, 5)), Example(cls(min=-0.3), (7,)), Example(cls(max=0.3), (7,))]


class ELU(Elementwise):
    """Keep what is positive and let the rest sink to -alpha: x if x > 0, else alpha * (exp(x) - 1).

    Source: D.-A. Clevert, T. Unterthiner, S. Hochreiter, ICLR 2016.

    Args:
        alpha: how deep.

    >>> ELU().value(np.array([-1000.0, 2.0])).tolist()
    [-1.0, 2.0]
    """

    prefix: ClassVar[str] = "elu"
    formula: ClassVar[str] = "x if x > 0 else alpha * (exp(x) - 1)"

    alpha: float = param(converter=finite, default=1.0)

    def value(self, x: Array) -> Array:
        """Return x where it is positive, else alpha * (exp(x) - 1)."""
        return np.where(x > 0, x, x.dtype.type(self.alpha) * np.expm1(np.minimum(x, 0)))

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 where x > 0, else alpha * exp(x)."""
        return np.where(x > 0, 1, x.dtype.type(self.alpha) * np.exp(np.minimum(x, 0))).astype(x.dtype)

    def numbers(self) -> dict[str, float]:
        """Return alpha."""
        return {"alpha": self.alpha}

    def cost(self, *shapes: Shape) -> Cost:
        """Return a comparison, an exponential, a subtraction and a multiplication a number."""
        n = _numbers(shapes)
        return Cost(compares=n, specials=n, adds=n, muls=n)


class CELU(ELU):
    """ELU whose slope is continuous for any alpha: x if x > 0, else alpha * (exp(x / alpha) - 1).

    Source: J. T. Barron, "Continuously differentiable exponential linear units", 2017.

    Args:
        alpha: how deep, above 0.

    >>> CELU(2.0).value(np.array([-1000.0, 2.0])).tolist()
    [-2.0, 2.0]
    """

    formula: ClassVar[str] = "x if x > 0 else alpha * (exp(x / alpha) - 1)"

    alpha: float = param(converter=positive, default=1.0)

    def value(self, x: Array) -> Array:
        """Return x where it is positive, else alpha * (exp(x / alpha) - 1)."""
        alpha = x.dtype.type(self.alpha)
        return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))

    def slope(self, x: Array, y: Array) -> Array:
        """Return 1 where x > 0, else exp(x / alpha)."""
        return np.where(x > 0, 1, np.exp(np.minimum(x, 0) / x.dtype.type(self.alpha))).astype(x.dtype)


class SELU(Elementwise):
    """ELU scaled so that numbers keep mean 0 and variance 1 from layer to layer: scale * ELU(alpha).

    Source: G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, NeurIPS 2017; its two constants.

    >>> SELU().value(np.array([1.0])).tolist()
    [1.0507009873554805]
    """

    prefix: ClassVar[str] = "selu"
    formula: ClassVar[str] = "scale * x if x > 0 else scale * alpha * (exp(x) - 1)"

    def value(self, x: Array) -> Array:
        """Return scale * x where x is positive, else scale * alpha * (exp(x) - 1)."""
        low = _SELU_SCALE * _SELU_ALPHA * np.expm1(np.minimum(x, 0))
        return np.where(x > 0, _SELU_SCALE * x, low).astype(x.dtype)

    def slope(self, x: Array, y: Array) -> Array:
        """Return scale where x > 0, else scale * alpha * exp(x)."""
        low = _SELU_SCALE * _SELU_ALPHA * np.exp(np.minimum(x, 0))
        return np.where(x > 0, _SELU_SCALE, low).astype(x.dtype)

    def numbers(self) -> dict[str, float]:
        """Return the two constants."""
        return {"scale": _SELU_SCALE, "alpha": _SELU_ALPHA}

    def cost(self, *shapes: Shape) -> Cost:
        """Return a comparison, an exponential, a subtraction and a multiplication a number."""
        n = _numbers(shapes)
        return Cost(compares=n, specials=n, adds=n, muls=n)


class GELU(Elementwise):
    """Weigh a number by the share of a normal distribution below it: x * (1 + erf(x / sqrt(2))) / 2.

    Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", 2016.

    Args:
        approximate: "none", or "tanh" for the paper's formula with a tanh, up to 5e-4 away.

    >>> GELU().value(np.array([0.0, 100.0])).tolist()
    [0.0, 100.0]
    """

    prefix: ClassVar[str] = "gelu"
    formula: ClassVar[str] = "x * (1 + erf(x / sqrt(2))) / 2"

    approximate: str = param(converter=choice("none", "tanh"), default="none")

    def _below(self, x: Array) -> Array:
        """Return the share below x."""
        if self.approximate == "none":
            error: Array = _erf(x / math.sqrt(2))
            return ((1 + error) / 2).astype(x.dtype)
        return ((1 + np.tanh(math.sqrt(2 / math.pi) * (x + _GELU_CUBE * x * x * x))) / 2).astype(x.dtype)

    def value(self, x: Array) -> Array:
        """Return x times the share below it; 0 at -infinity."""
        return np.where(x == -np.inf, 0, x * self._below(x)).astype(x.dtype)

    def slope(self, x: Array, y: Array) -> Array:
        """Return the share below x, plus x times the density at x."""
        below = self._below(x)
        if self.approximate == "none":
            density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        else:
            density = 2 * below * (1 - below) * math.sqrt(2 / math.pi) * (1 + 3 * _GELU_CUBE * x * x)
        return (below + x * density).astype(x.dtype)

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the one number read."""
        told = super().explain(index, *inputs, w=w, run=run)
        formula = "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + cube * x * x * x)))"
        return replace(told, formula=formula) if self.approximate == "tanh" else told

    def numbers(self) -> dict[str, float]:
        """Return the constants of the formula with a tanh."""
        return {"pi": math.pi, "cube": _GELU_CUBE} if self.approximate == "tanh" else {}

    def cost(self, *shapes: Shape) -> Cost:
        """Return a special function, an addition and three multiplications a number."""
        n = _numbers(shapes)
        return Cost(specials=n, adds=n, muls=3 * n)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return both formulas."""
        return [Example(cls(), (3, 4, 5)), Example(cls("tanh"), (7,))]

"""Activations in sample lanes: functions of every number by itself, as values that other kernels can apply too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ..ir import Code, Value
from ..kernel import Kernel
from ..layout import Maps
from .functions import exp, tanh
from .places import AT_ONCE, walk


@dataclass(frozen=True)
class Activation:
    """A function of every number by itself, and its slope.

    Args:
        kind: which function.
        parameter: the slope of "leaky_relu" below 0, a float32 number.
    """

    kind: Literal["relu", "leaky_relu", "tanh", "sigmoid"]
    parameter: float = 0.0

    @property
    def needs(self) -> Literal["x", "y"]:
        """What the slope is told from: the function's value, unless that hides the sign of x."""
        return "x" if self.kind == "leaky_relu" and self.parameter <= 0 else "y"

    def apply(self, code: Code, x: Value) -> Value:
        """Return the function of a vector."""
        if self.kind == "relu":
            return positive(code, x)
        if self.kind == "leaky_relu":
            return code.select(code.compare("ogt", x, 0.0), x, x * code.splat(self.parameter))
        if self.kind == "tanh":
            return tanh(code, x)
        small = exp(code, code.call("copysign", x, code.splat(-1.0)))  # exp(-|x|) cannot overflow
        return code.select(code.compare("oge", x, 0.0), code.splat(1.0), small) / (small + code.splat(1.0))

    def slope(self, code: Code, seen: Value) -> Value:
        """Return the derivative, given x or y as `needs` says."""
        if self.kind == "relu":
            return code.select(code.compare("ogt", seen, 0.0), code.splat(1.0), code.zero())
        if self.kind == "leaky_relu":
            return code.select(code.compare("ogt", seen, 0.0), code.splat(1.0), code.splat(self.parameter))
        return 1.0 - seen * seen if self.kind == "tanh" else seen * (1.0 - seen)


@dataclass(frozen=True)
class Forward(Kernel):
    """y = the function of x; y may be x.

    Args:
        activation: the function.
        x, y: the layouts.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    activation: Activation
    x: Maps
    y: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over all places."""
        x, y = pointers

        def place(x: Value, y: Value) -> None:
            code.store(self.activation.apply(code, code.load(x)), y)

        # The constants of an exponential fill the registers: they must not be wanted for several places at once.
        dear = self.activation.kind in ("tanh", "sigmoid")
        walk(code, [(x, self.x), (y, self.y)], place, 1 if dear else AT_ONCE)


@dataclass(frozen=True)
class Backward(Kernel):
    """dx = dy times the slope; dx may be dy.

    Args:
        activation: the function.
        seen: the layout of x or of y, as `activation.needs` says.
        dy, dx: the layouts of the gradients.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("seen", "dy", "dx")
    activation: Activation
    seen: Maps
    dy: Maps
    dx: Maps
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over all places."""
        seen, dy, dx = pointers

        def place(seen: Value, dy: Value, dx: Value) -> None:
            gradient = code.load(dy) * self.activation.slope(code, code.load(seen))
            code.store(code.load(dx) + gradient if self.add else gradient, dx)

        walk(code, [(seen, self.seen), (dy, self.dy), (dx, self.dx)], place)


def positive(code: Code, x: Value) -> Value:
    """Return max(x, 0), or NaN of NaN: one instruction everywhere."""
    if code.target.name == "neon":
        return code.call("maximum", x, code.zero())
    return code.select(code.compare("olt", x, 0.0), code.zero(), x)  # x86's own maximum

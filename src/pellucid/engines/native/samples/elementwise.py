"""Activations in sample lanes: functions of every number by itself, as values that other kernels can apply too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ..ir import Code, Value
from ..kernel import Kernel
from ..layout import Maps
from .curves import CURVES
from .places import AT_ONCE, walk


@dataclass(frozen=True)
class Activation:
    """A function of every number by itself, and its slope.

    Args:
        kind: which of the curves.
        parameter, second: its parameters, float32 numbers, such as the slope of "leaky_relu" below 0.
    """

    kind: str
    parameter: float = 0.0
    second: float = 0.0

    @property
    def needs(self) -> Literal["x", "y"]:
        """What the slope is told from: the function's value, unless that hides what must be known of x."""
        return "x" if self.kind == "leaky_relu" and self.parameter <= 0 else CURVES[self.kind].needs

    @property
    def dear(self) -> bool:
        """Whether it takes so many registers that sums must not wait in others meanwhile."""
        return CURVES[self.kind].dear

    @property
    def may_follow_pool(self) -> bool:
        """Whether a step that makes a max pool too may do it: the dear ones are done last, to what the pool keeps."""
        return CURVES[self.kind].rises or not self.dear

    def apply(self, code: Code, x: Value) -> Value:
        """Return the function of a vector."""
        return CURVES[self.kind].value(code, x, self.parameter, self.second)

    def slope(self, code: Code, seen: Value) -> Value:
        """Return the derivative, given x or y as `needs` says."""
        return CURVES[self.kind].slope(code, seen, self.parameter, self.second)


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

        walk(code, [(x, self.x), (y, self.y)], place, at_once(self.activation))


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

        walk(code, [(seen, self.seen), (dy, self.dy), (dx, self.dx)], place, at_once(self.activation))


def at_once(activation: Activation) -> int:
    """Return how many places a turn of a loop makes: the constants of an exponential must not be wanted for several."""
    return 1 if activation.dear else AT_ONCE

"""The logarithm of softmax in sample lanes, along any axis, which no probability rounds to minus infinity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....layers.node import Shape
from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .functions import exp, log
from .softmax import largest_of, lines


@dataclass(frozen=True)
class LogSoftmaxForward(Kernel):
    """y = x - the largest - the logarithm of the sum of exp(x - the largest); y may be x.

    Args:
        shape: the value's shape.
        axis: the axis along which the exponentials of y sum to 1, from 0.
        x, y: the layouts; what is neither a vector nor maps is dense, row by row.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    shape: Shape
    axis: int
    x: Maps
    y: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write three loops for each sum: the largest, the sum, the differences."""
        x, y = pointers

        def line(x: Value, x_step: int, y: Value, y_step: int, count: int) -> None:
            largest = largest_of(code, x, x_step, count)

            def more(k: Number, total: Value) -> Value:
                return total + exp(code, code.load(x, k * x_step) - largest)

            less = log(code, code.loop(count, more, code.zero()))

            def difference(k: Number) -> None:
                code.store(code.load(x, k * x_step) - largest - less, y, k * y_step)

            code.loop(count, difference)

        lines(code, self.shape, self.axis, [(x, self.x), (y, self.y)], line)


@dataclass(frozen=True)
class LogSoftmaxBackward(Kernel):
    """dx = dy - exp(y) * the sum of dy; dx may be dy.

    Args:
        shape: the value's shape.
        axis: the axis along which the exponentials of y sum to 1, from 0.
        y: the layout of the logarithms.
        dy, dx: the layouts of the gradients.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("y", "dy", "dx")
    shape: Shape
    axis: int
    y: Maps
    dy: Maps
    dx: Maps
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write two loops for each sum."""
        y, dy, dx = pointers

        def line(y: Value, y_step: int, dy: Value, dy_step: int, dx: Value, dx_step: int, count: int) -> None:
            def more(k: Number, total: Value) -> Value:
                return total + code.load(dy, k * dy_step)

            total = code.loop(count, more, code.zero())

            def gradient(k: Number) -> None:
                share = exp(code, code.load(y, k * y_step)) * total
                value = code.load(dy, k * dy_step) - share
                code.store(code.load(dx, k * dx_step) + value if self.add else value, dx, k * dx_step)

            code.loop(count, gradient)

        lines(code, self.shape, self.axis, [(y, self.y), (dy, self.dy), (dx, self.dx)], line)

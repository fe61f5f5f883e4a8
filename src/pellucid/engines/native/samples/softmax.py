"""Softmax in sample lanes, along any axis: the numbers that share a sum lie evenly apart, whatever the shape."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ....layers.node import Shape
from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .functions import exp


@dataclass(frozen=True)
class SoftmaxForward(Kernel):
    """y = exp(x - the largest) by the sum of these; y may be x.

    Args:
        shape: the value's shape.
        axis: the axis that sums to 1, from 0.
        x, y: the layouts; what is neither a vector nor maps is dense, row by row.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    shape: Shape
    axis: int
    x: Maps
    y: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write three loops for each sum: the largest, the exponentials, the quotients."""
        x, y = pointers

        def line(x: Value, x_step: int, y: Value, y_step: int, count: int) -> None:
            largest = largest_of(code, x, x_step, count)

            def exponential(k: Number, total: Value) -> Value:
                power = exp(code, code.load(x, k * x_step) - largest)
                code.store(power, y, k * y_step)
                return total + power

            total = code.loop(count, exponential, code.zero())

            def quotient(k: Number) -> None:
                code.store(code.load(y, k * y_step) / total, y, k * y_step)

            code.loop(count, quotient)

        lines(code, self.shape, self.axis, [(x, self.x), (y, self.y)], line)


@dataclass(frozen=True)
class SoftmaxBackward(Kernel):
    """dx = y * (dy - the sum of dy * y); dx may be dy.

    Args:
        shape: the value's shape.
        axis: the axis that sums to 1, from 0.
        y: the layout of the probabilities.
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
            def product(k: Number, total: Value) -> Value:
                return code.fma(code.load(dy, k * dy_step), code.load(y, k * y_step), total)

            total = code.loop(count, product, code.zero())

            def gradient(k: Number) -> None:
                value = code.load(y, k * y_step) * (code.load(dy, k * dy_step) - total)
                code.store(code.load(dx, k * dx_step) + value if self.add else value, dx, k * dx_step)

            code.loop(count, gradient)

        lines(code, self.shape, self.axis, [(y, self.y), (dy, self.dy), (dx, self.dx)], line)


def largest_of(code: Code, x: Value, step: int, count: int) -> Value:
    """Return the largest of some numbers, evenly apart; a NaN may get lost, and comes back with its exponential."""

    def most(k: Number, most: Value) -> Value:
        value = code.load(x, k * step)
        return code.select(code.compare("ogt", most, value), most, value)

    return code.loop(count, most, code.load(x), start=1)


def lines(code: Code, shape: Shape, axis: int, values: list[tuple[Value, Maps]], body: Callable[..., Any]) -> None:
    """Write loops over all lines along an axis.

    Args:
        code: where to write.
        shape: the shape of all values.
        axis: the axis.
        values: where each starts, and its layout.
        body: called with the address of each value's first vector, with the vectors from there to the next, and last
            with how many numbers a line has.
    """
    if len(shape) == 3:
        sizes, along = list(shape), axis
    else:
        sizes, along = [math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])], 1
        values = [(pointer, Maps(*sizes, dense=True)) for pointer, _ in values]
    count = sizes[along]
    sizes[along] = 1

    def channel(c: Number) -> None:
        def row(r: Number) -> None:
            def column(q: Number) -> None:
                lines: list[Value | int] = []
                for pointer, maps in values:
                    step = (maps.plane, maps.row, 1)[along]
                    lines += [code.address(pointer, maps.at(c, r, q)), step]
                body(*lines, count)

            code.loop(sizes[2], column)

        code.loop(sizes[1], row)

    code.loop(sizes[0], channel)

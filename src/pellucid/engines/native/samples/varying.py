"""Weights that vary along some axes and stay the same along all others, in sample lanes: slopes, factors, addends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .places import along
from .sums import total_of

Steps = tuple[int, int, int]  # numbers of a weight from one channel, row or column to the next; 0: it stays the same


@dataclass(frozen=True)
class Vary(Kernel):
    """y = x times a weight, plus another; or x above 0, and x times the weight below: a slope.

    Args:
        x, y: the layouts.
        steps: how the weights vary.
        weight, bias: there is a factor, or an addend.
        slope: the factor counts below 0 only.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y")
    x: Maps
    y: Maps
    steps: Steps
    weight: bool = True
    bias: bool = False
    slope: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 2 + self.weight + self.bias

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over all places."""
        x, *weights, y = pointers

        def place(at: tuple[Number, Number, Number], met: Callable[[Value], Value]) -> None:
            number = code.load(x, self.x.at(*at))
            value = number * met(weights[0]) if self.weight else number
            if self.slope:
                value = code.select(code.compare("ogt", number, 0.0), number, value)
            code.store(value + met(weights[-1]) if self.bias else value, y, self.y.at(*at))

        _each(code, self.y, self.steps, place)


@dataclass(frozen=True)
class VaryGradient(Kernel):
    """dx = dy times the weight; where it is a slope, only where x is not above 0.

    Args:
        x: the layout of x, for a slope; else None.
        dy, dx: the layouts.
        steps: how the weight varies.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "dy", "dx")
    x: Maps | None
    dy: Maps
    dx: Maps
    steps: Steps
    add: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 3 + (self.x is not None)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over all places."""
        *xs, weight, dy, dx = pointers

        def place(at: tuple[Number, Number, Number], met: Callable[[Value], Value]) -> None:
            gradient = code.load(dy, self.dy.at(*at))
            value = gradient * met(weight)
            if self.x is not None:
                value = code.select(code.compare("ogt", code.load(xs[0], self.x.at(*at)), 0.0), gradient, value)
            to = self.dx.at(*at)
            code.store(code.load(dx, to) + value if self.add else value, dx, to)

        _each(code, self.dy, self.steps, place)


@dataclass(frozen=True)
class VaryWeightGradient(Kernel):
    """Add to a weight's gradient the sum of dy, times x for a factor, over all places and samples that it meets.

    Args:
        x: the layout of x, for a factor; None for an addend.
        dy: the layout.
        steps: how the weight varies.
        slope: the factor counts where x is not above 0.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "dy", "dweight")
    x: Maps | None
    dy: Maps
    steps: Steps
    slope: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 2 + (self.x is not None)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over the weight's numbers, and in them over what each meets, row by row."""
        *xs, dy, dweight = pointers
        sizes = self.dy.channels, self.dy.height, self.dy.width

        def term(c: Number, r: Number, q: Number) -> Value:
            gradient = code.load(dy, self.dy.at(c, r, q))
            if self.x is None:
                return gradient
            number = code.load(xs[0], self.x.at(c, r, q))
            product = gradient * number
            return code.select(code.compare("ogt", number, 0.0), 0.0, product) if self.slope else product

        def number(*own: Number) -> None:
            def total(axis: int, at: tuple[Number, ...]) -> Value:
                """Return the sum over what is left of the axes, the first of which are at some place."""
                if axis == 3:
                    return term(*at)
                if self.steps[axis]:
                    return total(axis + 1, (*at, own[axis]))

                def more(k: Number, sum: Value) -> Value:
                    return sum + total(axis + 1, (*at, k))

                return code.loop(sizes[axis], more, code.zero())

            gradient = code.convert("fptrunc", total_of(code, total(0, ())), "float")
            index: Number = 0
            for place, step in zip(own, self.steps, strict=True):
                index = place * step + index
            to = code.address(dweight, index, of="float")
            code.store(code.load(to, of="float") + gradient, to)

        def each(axis: int, at: tuple[Number, ...]) -> None:
            if axis == 3:
                number(*at)
                return

            def one(k: Number) -> None:
                each(axis + 1, (*at, k))

            code.loop(sizes[axis] if self.steps[axis] else 1, one)

        each(0, ())


def _each(
    code: Code,
    maps: Maps,
    steps: Steps,
    body: Callable[[tuple[Number, Number, Number], Callable[[Value], Value]], None],
) -> None:
    """Call `body` for all places, with the place and with what spreads a weight's number there over the lanes."""

    def channel(c: Number) -> None:
        def row(r: Number) -> None:
            start = c * steps[0] + r * steps[1]

            def column(q: Number) -> None:
                index = q * steps[2] + start

                def met(weight: Value) -> Value:
                    return code.broadcast(weight, index)

                body((c, r, q), met)

            along(code, maps.width, column)

        code.loop(maps.height, row)

    code.loop(maps.channels, channel)

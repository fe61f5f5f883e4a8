"""Local response normalisation in sample lanes: a number is divided by a power of what its neighbours' squares sum to.

On the way back each number first tells what it lost to its own sum; then everyone takes its share of its neighbours'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from ....window import Pads
from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .functions import power
from .places import runs


@dataclass(frozen=True)
class Response:
    """What a number is divided by: (k + factor * the sum of its neighbours' squares)**beta.

    Args:
        sides: how many channels before and after its own are in the sum.
        factor: of the sum.
        beta: the power.
        k: what is added to it, above 0.
    """

    sides: Pads
    factor: float
    beta: float
    k: float

    def base(self, squares: Value) -> Value:
        """Return k + factor * the sum of squares."""
        return squares * self.factor + self.k


@dataclass(frozen=True)
class LocalResponse(Kernel):
    """y = x over its base to the power beta.

    Args:
        response: what it is divided by.
        x, y: the layouts.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    response: Response
    x: Maps
    y: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over all places."""
        x, y = pointers

        def place(c: Number, near: Near, x: Value, y: Value) -> None:
            base = self.response.base(near(x, self.x.plane, _square))
            code.store(code.load(x) / power(code, base, self.response.beta), y)

        _each(code, self.response.sides, [(x, self.x), (y, self.y)], place)


@dataclass(frozen=True)
class LocalResponseLoss(Kernel):
    """dx = dy over the base to the power beta, and through = dy * y / base: what a number lost to its own sum.

    Args:
        response: what x is divided by.
        x, dy, through, dx: the layouts.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "dy", "through", "dx")
    response: Response
    x: Maps
    dy: Maps
    through: Maps
    dx: Maps
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over all places."""
        layouts = self.x, self.dy, self.through, self.dx

        def place(c: Number, near: Near, x: Value, dy: Value, through: Value, dx: Value) -> None:
            base = self.response.base(near(x, self.x.plane, _square))
            by, gradient = power(code, base, self.response.beta), code.load(dy)
            code.store(gradient * (code.load(x) / by) / base, through)
            value = gradient / by
            code.store(code.load(dx) + value if self.add else value, dx)

        _each(code, self.response.sides, list(zip(pointers, layouts, strict=True)), place)


@dataclass(frozen=True)
class LocalResponseShare(Kernel):
    """dx is less by 2 * factor * beta * x * the sum of `through` over all whose sums x is in.

    Args:
        response: what x is divided by.
        x, through, dx: the layouts.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "through", "dx")
    response: Response
    x: Maps
    through: Maps
    dx: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over all places."""
        layouts, (before, after) = (self.x, self.through, self.dx), self.response.sides
        share = 2 * self.response.factor * self.response.beta

        def place(c: Number, near: Near, x: Value, through: Value, dx: Value) -> None:
            total = near(through, self.through.plane, _sum)
            code.store(code.load(dx) - code.load(x) * share * total, dx)

        _each(code, (after, before), list(zip(pointers, layouts, strict=True)), place)


Near = Callable[[Value, int, Callable[[Value, Value], Value]], Value]


def _square(value: Value, sum: Value) -> Value:
    return value.code.fma(value, value, sum)


def _sum(value: Value, sum: Value) -> Value:
    return sum + value


def _each(code: Code, sides: Pads, values: list[tuple[Value, Maps]], body: Callable[..., None]) -> None:
    """Write loops over all places.

    Args:
        code: where to write.
        sides: how many channels before and after its own a number sees.
        values: where each value starts, and its layout.
        body: called with the channel, with what folds a value's vectors of the channels around it (given the address
            of its own and the vectors between channels), and with the address of each value's vector.
    """
    _, rows, width = runs([replace(maps, channels=1) for _, maps in values])
    channels = values[0][1].channels

    def channel(c: Number) -> None:
        at = code.constant(c, "i64")
        first = code.call("smax", code.constant(-sides[0], "i64"), at * -1)
        last = code.call("smin", code.constant(sides[1], "i64"), (at * -1) + (channels - 1))

        def near(own: Value, plane: int, add: Callable[[Value, Value], Value]) -> Value:
            def one(d: Number, sum: Value) -> Value:
                return add(code.load(own, d * plane), sum)

            return code.loop(last + 1, one, code.zero(), start=first)

        def row(r: Number) -> None:
            def column(q: Number) -> None:
                body(c, near, *(code.address(pointer, maps.at(c, r, q)) for pointer, maps in values))

            code.loop(width, column)

        code.loop(rows, row)

    code.loop(channels, channel)

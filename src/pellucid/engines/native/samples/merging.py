"""Where branches meet number by number, in sample lanes: sums, differences and products, also of different sizes.

A value of size 1 along an axis stands for the whole axis. On the way back its gradient is a sum over that axis, made
row by row, so that long sums round little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .places import along, walk

Operation = Literal["add", "subtract", "multiply"]


@dataclass(frozen=True)
class Join(Kernel):
    """y = the sum, difference or product of all x, from the first to the last.

    Args:
        operation: which of them.
        x: the layouts of two or more values; each has a pointer of its own.
        y: the layout of the result.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    operation: Operation
    x: tuple[Maps, ...]
    y: Maps

    def count(self) -> int:
        """Return the number of values, the result among them."""
        return len(self.x) + 1

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over all places."""
        if len({(maps.channels, maps.height, maps.width) for maps in self.x}) == 1:

            def place(*addresses: Value) -> None:
                numbers = [code.load(address) for address in addresses[:-1]]
                code.store(joined(self.operation, numbers), addresses[-1])

            walk(code, list(zip(pointers, (*self.x, self.y), strict=True)), place)
            return
        *xs, y = pointers
        layouts = self.x

        def channel(c: Number) -> None:
            def row(r: Number) -> None:
                reads = [reader(code, x, maps, c, r) for x, maps in zip(xs, layouts, strict=True)]
                start = code.address(y, self.y.at(c, r))

                def place(q: Number) -> None:
                    code.store(joined(self.operation, [read(q) for read in reads]), start, q)

                along(code, self.y.width, place)

            code.loop(self.y.height, row)

        code.loop(self.y.channels, channel)


@dataclass(frozen=True)
class JoinGradient(Kernel):
    """dx = the sum of dy, times other values where there are some, over all places that a number stands for.

    Args:
        dy: the layout of the result's gradient.
        others: the layouts of what it is multiplied with.
        dx: the layout of the input's gradient.
        negative: it is taken from what is there.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "others", "dx")
    dy: Maps
    others: tuple[Maps, ...]
    dx: Maps
    negative: bool = False
    add: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.others) + 2

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over the places of dx, and in them over those that each stands for."""
        *reads, dx = pointers
        layouts, dy = (self.dy, *self.others), self.dy
        spread = [
            (size if own < size else 1)
            for own, size in (
                (self.dx.channels, dy.channels),
                (self.dx.height, dy.height),
                (self.dx.width, dy.width),
            )
        ]

        def line(c: Number, r: Number, first: Number) -> Value:
            """Return the sum along a row."""
            read = [reader(code, x, maps, c, r) for x, maps in zip(reads, layouts, strict=True)]

            def term(q: Number) -> Value:
                return joined("multiply", [each(q) for each in read])

            def more(q: Number, total: Value) -> Value:
                return total + term(q)

            return term(first) if spread[2] == 1 else code.loop(spread[2], more, code.zero())

        def total(c: Number, r: Number, q: Number) -> Value:
            if spread[0] == spread[1] == 1:
                return line(c, r, q)

            def plane(k: Number, total: Value) -> Value:
                at = c if spread[0] == 1 else k

                def lines(m: Number, sum: Value) -> Value:
                    return sum + line(at, m, q)

                return total + (line(at, r, q) if spread[1] == 1 else code.loop(spread[1], lines, code.zero()))

            return code.loop(spread[0], plane, code.zero())

        def channel(c: Number) -> None:
            def row(r: Number) -> None:
                start = code.address(dx, self.dx.at(c, r))

                def column(q: Number) -> None:
                    gradient = total(c, r, q)
                    if self.negative:
                        gradient = code.zero() - gradient
                    code.store(code.load(start, q) + gradient if self.add else gradient, start, q)

                code.loop(self.dx.width, column)

            code.loop(self.dx.height, row)

        code.loop(self.dx.channels, channel)


def reader(code: Code, pointer: Value, maps: Maps, c: Number, r: Number) -> Callable[[Number], Value]:
    """Return what loads a value's vector in a column of some channel and row, which it may have only one of."""
    start = code.address(pointer, maps.at(0 if maps.channels == 1 else c, 0 if maps.height == 1 else r))
    if maps.width == 1:
        only = code.load(start)
        return lambda q: only
    return lambda q: code.load(start, q)


def joined(operation: Operation, values: list[Any]) -> Any:
    """Return the sum, difference or product of values."""
    total, *others = values
    for other in others:
        total = total + other if operation == "add" else total - other if operation == "subtract" else total * other
    return total

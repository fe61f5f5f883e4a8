"""Where branches meet and shapes change, in sample lanes: sums, ranges of channels, orders of a flattened value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .places import along, walk


@dataclass(frozen=True)
class AddForward(Kernel):
    """y = the sum of all x, from the first to the last; y may be one of them.

    Args:
        x: the layouts of two or more values; each has a pointer of its own.
        y: the layout of the sum.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: tuple[Maps, ...]
    y: Maps

    def count(self) -> int:
        """Return the number of values, the sum among them."""
        return len(self.x) + 1

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over all places."""

        def place(*addresses: Value) -> None:
            total, *others = (code.load(address) for address in addresses[:-1])
            for other in others:
                total = total + other
            code.store(total, addresses[-1])

        walk(code, list(zip(pointers, (*self.x, self.y), strict=True)), place)


@dataclass(frozen=True)
class FlattenHWC(Kernel):
    """Lay maps out as a vector in which the channels of a place follow one another.

    Args:
        x: the layout of the maps; y is dense.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops whose stores follow one another."""
        x, y = pointers
        _by_place(code, self.x, lambda place, number: code.store(code.load(x, place), y, number))


@dataclass(frozen=True)
class UnflattenHWC(Kernel):
    """Bring a vector's gradient back to the maps that `FlattenHWC` laid out.

    Args:
        dx: the layout of the maps' gradient; dy is dense.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "dx")
    dx: Maps
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops whose loads follow one another."""
        dy, dx = pointers

        def one(place: Number, number: Number) -> None:
            gradient = code.load(dy, number)
            code.store(code.load(dx, place) + gradient if self.add else gradient, dx, place)

        _by_place(code, self.dx, one)


def channel_range(maps: Maps, first: int, channels: int) -> tuple[Maps, int]:
    """Return the layout of some channels within a value's, and the vectors before it: where `Concat` puts one input.

    >>> channel_range(Maps(5, 2, 2, dense=True), 3, 2)[1]
    12
    """
    return replace(maps, channels=channels), first * maps.plane


def _by_place(code: Code, maps: Maps, body: Callable[[Number, Number], Any]) -> None:
    """Call `body` with each number's place in the layout and its number in the order of rows, columns, channels."""

    def row(y: Number) -> None:
        def column(x: Number) -> None:
            first, number = maps.at(0, y, x), (y * maps.width + x) * maps.channels
            along(code, maps.channels, lambda c: body(c * maps.plane + first, c + number))

        code.loop(maps.width, column)

    code.loop(maps.height, row)

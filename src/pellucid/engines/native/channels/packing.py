"""Between arrays as people hand them over and channel lanes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ....layers.node import Shape
from ..ir import Code, Number, Value
from ..kernel import Kernel
from .layout import Blocked, Planar
from .places import Blockwise, block_at, clear_around, one_block
from .unloading import Steps


def blocked_of(shape: Shape, lanes: int) -> Blocked:
    """Return how a value lies: maps as such, a vector as channels, and all else as vectors along its last axis.

    >>> blocked_of((4, 3, 2), 16).channels, blocked_of((5, 7), 16).channels
    (4, 7)
    """
    if len(shape) == 3:
        return Blocked(*shape, lanes=lanes)
    return Blocked(shape[-1], 1, math.prod(shape[:-1]), lanes=lanes)


@dataclass(frozen=True)
class PackPlanar(Kernel):
    """Copy an image (C, H, W), and put zeros around its channels.

    Args:
        y: the layout.
    """

    arguments: ClassVar[tuple[str, ...]] = ("image", "y")
    y: Planar

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over rows."""
        image, y = pointers
        height, width, maps = self.y.height, self.y.width, self.y

        def clear(c: Number, first: int, count: int) -> None:
            start = code.address(y, maps.at(c, first, -maps.left), of="float")

            def zero(x: Number, type: str) -> None:
                code.store(code.constant(0.0, type), code.address(start, x, of="float"), align=4)

            _run(code, count * maps.row, zero)

        def channel(c: Number) -> None:
            if maps.top:
                clear(c, -maps.top, maps.top)
            if maps.bottom:
                clear(c, height, maps.bottom)

            def row(r: Number) -> None:
                source = code.address(image, (c * height + r) * width, of="float")
                start = code.address(y, maps.at(c, r), of="float")

                def copy(x: Number, type: str) -> None:
                    number = code.load(code.address(source, x, of="float"), of=type, align=4)
                    code.store(number, code.address(start, x, of="float"), align=4)

                _run(code, width, copy)
                for x in (*range(-maps.left, 0), *range(width, width + maps.right)):
                    code.store(code.constant(0.0, "float"), code.address(start, x, of="float"))

            code.loop(height, row)

        code.loop(maps.channels, channel)


@dataclass(frozen=True)
class Pack(Blockwise):
    """Put an array into lanes, with zeros around it and in lanes without a channel.

    Args:
        steps: of the array.
        y: the layout.
    """

    arguments: ClassVar[tuple[str, ...]] = ("array", "y")
    steps: Steps
    y: Blocked

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a loop over places."""
        array, y = pointers
        by_channel, by_row, by_column = self.steps
        start = code.address(array, block * (by_channel * self.y.lanes), of="float")
        to, one = block_at(code, y, self.y, block), one_block(self.y)

        def walk(channels: int) -> None:
            def row(r: Number) -> None:
                def column(x: Number) -> None:
                    numbers, vector = code.address(start, r * by_row + x * by_column, of="float"), code.zero()
                    for lane in range(channels):
                        number = code.load(numbers, lane * by_channel, of="float")
                        vector = code.let(
                            f"insertelement {vector.type} {vector}, float {number}, i64 {lane}", vector.type
                        )
                    code.store(vector, to, one.at(0, r, x))

                code.loop(self.y.width, column)

            code.loop(self.y.height, row)

        each_kind(code, block, self.y, walk)
        clear_around(code, y, self.y, block)


def each_kind(code: Code, block: Value, maps: Blocked, body: Callable[[int], None]) -> None:
    """Call `body` with the channels of a block: for blocks that are full, and for the last one if it is not."""
    whole, rest = divmod(maps.channels, maps.lanes)
    if whole:
        code.when(code.compare("ult", block, whole), lambda: body(maps.lanes))
    if rest:
        code.when(code.compare("eq", block, whole), lambda: body(rest))


def _run(code: Code, count: int, body: Callable[[Number, str], None]) -> None:
    """Call `body` for a run of floats with the first one's number and a type: vectors, and then single numbers."""
    looped = count // code.lanes * code.lanes

    def vector(x: Number) -> None:
        body(x, code.vector)

    code.loop(looped, vector, step=code.lanes)
    for x in range(looped, count):
        body(x, "float")

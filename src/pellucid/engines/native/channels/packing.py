"""Between arrays as people hand them over and channel lanes; an item is a block of channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ....layers.node import Shape
from ..ir import Code, Number, Value
from ..kernel import Kernel
from .layout import Blocked, Planar
from .places import block_at, clear_around, one_block

Steps = tuple[int, int, int]  # numbers from one channel, row or column of an array to the next


def blocked_of(shape: Shape, lanes: int) -> Blocked:
    """Return how a value lies: maps as such, a vector as channels, and all else as vectors along its last axis.

    >>> blocked_of((4, 3, 2), 16).channels, blocked_of((5, 7), 16).channels
    (4, 7)
    """
    if len(shape) == 3:
        return Blocked(*shape, lanes=lanes)
    rows = 1
    for size in shape[:-1]:
        rows *= size
    return Blocked(shape[-1], 1, rows, lanes=lanes)


def steps_of(shape: Shape, order: str = "CHW") -> Steps:
    """Return the steps of an array of a shape; in order "HWC", channels are neighbours.

    >>> steps_of((4, 3, 2)), steps_of((4, 3, 2), "HWC"), steps_of((7,)), steps_of((5, 7))
    ((6, 2, 1), (1, 8, 4), (1, 0, 7), (1, 0, 7))
    """
    if len(shape) != 3:
        return 1, 0, shape[-1]
    channels, height, width = shape
    return (1, width * channels, channels) if order == "HWC" else (height * width, width, 1)


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
class Pack(Kernel):
    """Put an array into lanes, with zeros around it and in lanes without a channel.

    Args:
        steps: of the array.
        y: the layout.
    """

    arguments: ClassVar[tuple[str, ...]] = ("array", "y")
    steps: Steps
    y: Blocked

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return self.y.blocks

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over places."""
        array, y = pointers

        def place(numbers: Value, place: Value, channels: int) -> None:
            vector = code.zero()
            for lane in range(channels):
                number = code.load(numbers, lane * self.steps[0], of="float")
                vector = code.let(f"insertelement {vector.type} {vector}, float {number}, i64 {lane}", vector.type)
            code.store(vector, place)

        _places(code, item, (array, self.steps), (y, self.y), place)
        clear_around(code, y, self.y, item)


@dataclass(frozen=True)
class Unpack(Kernel):
    """Write a value out of the lanes into an array.

    Args:
        x: the layout.
        steps: of the array.
        tail: zeros that are written behind it.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "array")
    x: Blocked
    steps: Steps
    tail: int = 0

    @property
    def items(self) -> int:
        """How many items make the layer."""
        return self.x.blocks

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over places."""
        x, array = pointers

        def place(numbers: Value, place: Value, channels: int) -> None:
            vector = code.load(place)
            for lane in range(channels):
                code.store(code.lane(vector, lane), numbers, lane * self.steps[0])

        _places(code, item, (array, self.steps), (x, self.x), place)
        if self.tail:
            size = self.x.channels * self.x.height * self.x.width

            def clear() -> None:
                for k in range(self.tail):
                    code.store(code.constant(0.0, "float"), array, size + k)

            code.when(code.compare("eq", item, 0), clear)


def _places(
    code: Code,
    item: Value,
    array: tuple[Value, Steps],
    value: tuple[Value, Blocked],
    body: Callable[[Value, Value, int], None],
) -> None:
    """Write loops over the places of a block.

    Args:
        code: where to write.
        item: the block.
        array: where an array begins, and its steps.
        value: where a value begins, and its layout.
        body: called with the addresses of a place's first number in the array and of its vector, and its channels.
    """
    (numbers, (by_channel, by_row, by_column)), (pointer, maps) = array, value
    start = code.address(numbers, item * (by_channel * maps.lanes), of="float")
    block, one = block_at(code, pointer, maps, item), one_block(maps)

    def walk(channels: int) -> None:
        def row(r: Number) -> None:
            def column(x: Number) -> None:
                number = code.address(start, r * by_row + x * by_column, of="float")
                body(number, code.address(block, one.at(0, r, x)), channels)

            code.loop(maps.width, column)

        code.loop(maps.height, row)

    whole, rest = divmod(maps.channels, maps.lanes)
    if whole:
        code.when(code.compare("ult", item, whole), lambda: walk(maps.lanes))
    if rest:
        code.when(code.compare("eq", item, whole), lambda: walk(rest))


def _run(code: Code, count: int, body: Callable[[Number, str], None]) -> None:
    """Call `body` for a run of floats with the first one's number and a type: vectors, and then single numbers."""
    looped = count // code.lanes * code.lanes

    def vector(x: Number) -> None:
        body(x, code.vector)

    code.loop(looped, vector, step=code.lanes)
    for x in range(looped, count):
        body(x, "float")

"""Between arrays as people hand them over, sample after sample, and sample lanes: transposes of small squares.

A square is a few neighbouring numbers of as many samples. Four lie in one short load, and two steps of cheap shuffles
that never cross a quarter of a vector turn them; larger squares would need more shuffles and dearer ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from ....layers.node import Shape
from ..ir import Code, Value
from ..kernel import Kernel
from ..layout import Maps

SQUARE = 4  # numbers on a side
AT_ONCE = 4  # squares without a loop between them


@dataclass(frozen=True)
class Pack(Kernel):
    """Put the samples of a block into lanes; lanes beyond the last real sample repeat it.

    Args:
        shape: a sample's shape; its numbers follow one another, and the samples do.
        y: the layout to fill; its halo is left alone.
    """

    arguments: ClassVar[tuple[str, ...]] = ("images", "real", "y")
    shape: Shape
    y: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one loop for whole blocks and one for others."""
        images, real, y = pointers
        side = _side(self.y)

        def square(samples: list[Value], place: Value | int) -> None:
            parts = [code.load(sample, align=4, of=_part(side)) for sample in samples]
            # Vector k takes the samples k, k + side, ...: turned, they come out in order.
            vectors = [_joined(code, parts[k::side]) for k in range(side)]
            for k, vector in enumerate(_turned(code, vectors)):
                code.store(vector, y, place + k)

        _walk(code, self.y, self.shape, images, real, square)


@dataclass(frozen=True)
class Unpack(Kernel):
    """Write the real samples of a block out of the lanes, one after another.

    Args:
        x: the layout to read; its halo is passed over.
        shape: a sample's shape.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "real", "values")
    x: Maps
    shape: Shape

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one loop for whole blocks and one for others."""
        x, real, values = pointers
        side = _side(self.x)

        def square(samples: list[Value], place: Value | int) -> None:
            vectors = _turned(code, [code.load(x, place + k) for k in range(side)])
            # Backwards, for all free lanes share the last real sample's address, which is to have the last word.
            for lane in reversed(range(code.lanes)):
                first = lane - lane % side
                vector = vectors[lane % side]
                part = code.shuffle(vector, vector, list(range(first, first + side)))
                code.store(part, samples[lane], align=4)

        _walk(code, self.x, self.shape, values, real, square)


def _side(maps: Maps) -> int:
    """Return the largest power of two, up to a square's side, that fits a run of places."""
    width = _runs(maps)[2]
    return min(SQUARE, 1 << (width.bit_length() - 1))


def _part(side: int) -> str:
    return f"<{side} x float>"


def _runs(maps: Maps) -> tuple[int, int, int]:
    """Return (channels, rows, width) with everything joined that lies in one run."""
    if maps.flat or maps.channels * maps.height == 1:
        return 1, 1, maps.channels * maps.height * maps.width
    if maps.row == maps.width:
        return maps.channels, 1, maps.height * maps.width
    return maps.channels, maps.height, maps.width


def _walk(
    code: Code,
    maps: Maps,
    shape: Shape,
    samples: Value,
    real: Value,
    square: Callable[[list[Value], Value | int], None],
) -> None:
    """Call `square` with the addresses of all lanes' numbers and the place in the layout, for squares that cover all.

    Args:
        code: where to write.
        maps: the layout.
        shape: a sample's shape.
        samples: the address of the block's first sample.
        real: the address of how many there are.
        square: writes the code for one square.
    """
    size = math.prod(shape)
    channels, rows, width = _runs(maps)
    side = _side(maps)
    there = code.load(real, of="i64")

    def cover(lanes: Callable[[Value | int], list[Value]]) -> None:
        def row(c: Value | int, r: Value | int) -> None:
            def turn(x: Value | int) -> None:
                square(lanes((c * rows + r) * width + x), maps.at(c, r, x))

            def several(x: Value | int) -> None:
                for k in range(AT_ONCE):
                    turn(x + k * side)

            step = side * AT_ONCE
            looped = width // step * step
            code.loop(looped, several, step=step)
            for x in range(looped, width, side):
                turn(min(x, width - side))  # the last square covers some numbers again, rather than leave the row

        def channel(c: Value | int) -> None:
            code.loop(rows, partial(row, c))

        code.loop(channels, channel)

    def whole(index: Value | int) -> list[Value]:
        first = code.address(samples, index, of="float")
        return [code.address(first, lane * size, of="float") for lane in range(code.lanes)]

    def others() -> None:
        last = there - 1
        starts: list[Value] = []
        for lane in range(code.lanes):
            number = code.call("umin", code.constant(lane, "i64"), last)
            starts.append(code.address(samples, number * size, of="float"))
        cover(lambda index: [code.address(start, index, of="float") for start in starts])

    code.when(code.compare("uge", there, code.lanes), lambda: cover(whole))
    code.when(code.compare("ult", there, code.lanes), others)


def _joined(code: Code, parts: list[Value]) -> Value:
    """Return vectors laid end to end."""
    while len(parts) > 1:
        count = 2 * int(parts[0].type[1:].split()[0])
        parts = [code.shuffle(a, b, list(range(count))) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _turned(code: Code, vectors: list[Value]) -> list[Value]:
    """Return the transposes of the squares that lie side by side in `vectors`: 4, 2 or 1 of them."""
    lanes = code.lanes

    def mix(a: Value, b: Value, pattern: list[int], every: int) -> Value:
        """Shuffle each group of lanes by a pattern, whose numbers count on from a's group to b's."""
        from_b = lanes - every
        places = [start + p + (from_b if p >= every else 0) for start in range(0, lanes, every) for p in pattern]
        return code.shuffle(a, b, places)

    if len(vectors) == 1:
        return vectors
    if len(vectors) == 2:
        a, b = vectors
        return [mix(a, b, [0, 2], 2), mix(a, b, [1, 3], 2)]
    a, b, c, d = vectors
    low, high = [0, 4, 1, 5], [2, 6, 3, 7]
    ab, cd = [mix(a, b, how, 4) for how in (low, high)], [mix(c, d, how, 4) for how in (low, high)]
    return [mix(x, y, how, 4) for x, y in zip(ab, cd, strict=True) for how in ([0, 1, 4, 5], [2, 3, 6, 7])]

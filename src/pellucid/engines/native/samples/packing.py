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
from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .places import runs

SQUARE = 4  # numbers on a side
AT_ONCE = 4  # neighbouring squares without a loop between them
Squares = Callable[[list[Value], Number, int], None]


@dataclass(frozen=True)
class Pack(Kernel):
    """Put the samples of a block into lanes; lanes beyond the last real sample are zeros.

    Zeros, so that no infinity of a sample meets the gradients of free lanes, which are 0: the product would be NaN.

    Args:
        shape: a sample's shape; its numbers follow one another, and the samples do.
        y: the layout to fill; its halo is left alone.
    """

    arguments: ClassVar[tuple[str, ...]] = ("images", "real", "y")
    shape: Shape
    y: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one walk for whole blocks and one for others."""
        images, real, y = pointers
        side = _side(self.y)
        there = code.call("umin", code.load(real, of="i64"), code.constant(code.lanes, "i64"))
        numbered = code.load(code.table(list(range(code.lanes)), "i32"), of=code.ints)
        live = code.compare("ult", numbered, code.spread(code.convert("trunc", there, "i32")))

        def squares(samples: list[Value], place: Number, count: int) -> None:
            for start in range(0, count * side, side):
                numbers = [code.address(sample, start, of="float") for sample in samples]
                parts = [code.load(number, of=f"<{side} x float>", align=4) for number in numbers]
                # Vector k takes the samples k, k + side, ...: turned, they come out in order.
                vectors = turned(code, [_joined(code, parts[k::side]) for k in range(side)])
                for k, vector in enumerate(vectors):
                    code.store(code.select(live, vector, 0.0), y, place + start + k)

        _walk(code, self.y, math.prod(self.shape), images, real, squares)


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
        """Write one walk for whole blocks and one for others."""
        x, real, values = pointers
        side = _side(self.x)
        together = code.target.registers // 8  # squares that the registers hold while they are turned

        def squares(samples: list[Value], place: Number, count: int) -> None:
            for first in range(0, count, together):
                starts = range(first * side, min(first + together, count) * side, side)
                held = [
                    (start, turned(code, [code.load(x, place + start + k) for k in range(side)])) for start in starts
                ]
                # Sample by sample, for all may want the same few lines of the cache; and backwards, for free lanes
                # share the last real sample's address, which is to have the last word.
                for lane in reversed(range(code.lanes)):
                    for start, vectors in held:
                        vector, low = vectors[lane % side], lane - lane % side
                        part = code.shuffle(vector, vector, list(range(low, low + side)))
                        code.store(part, code.address(samples[lane], start, of="float"), align=4)

        _walk(code, self.x, math.prod(self.shape), values, real, squares)


def _side(maps: Maps) -> int:
    """Return the largest power of two, up to a square's side, that fits a run of places."""
    width = runs([maps])[2]
    return min(SQUARE, 1 << (width.bit_length() - 1))


def _walk(code: Code, maps: Maps, size: int, samples: Value, real: Value, squares: Squares) -> None:
    """Write a walk over all numbers in squares, one for whole blocks and one for blocks with free lanes.

    Args:
        code: where to write.
        maps: the layout.
        size: numbers of a sample.
        samples: the address of the block's first sample.
        real: the address of how many there are, of this block or from here on.
        squares: called with the addresses of the lanes' numbers, the place in the layout, and how many squares follow
            one another from there.
    """
    there = code.load(real, of="i64")

    def whole(index: Number) -> list[Value]:
        first = code.address(samples, index, of="float")
        return [code.address(first, lane * size, of="float") for lane in range(code.lanes)]

    def others() -> None:
        numbers = [code.call("umin", code.constant(lane, "i64"), there - 1) for lane in range(code.lanes)]
        starts = [code.address(samples, number * size, of="float") for number in numbers]
        _cover(code, maps, squares, lambda index: [code.address(start, index, of="float") for start in starts])

    code.when(code.compare("uge", there, code.lanes), lambda: _cover(code, maps, squares, whole))
    code.when(code.compare("ult", there, code.lanes), others)


def _cover(code: Code, maps: Maps, squares: Squares, lanes: Callable[[Number], list[Value]]) -> None:
    """Write loops over channels and rows whose squares cover every run of places."""
    channels, rows, width = runs([maps])
    side = _side(maps)

    def row(c: Number, r: Number) -> None:
        def cover(x: Number, count: int = AT_ONCE) -> None:
            squares(lanes((c * rows + r) * width + x), maps.at(c, r, x), count)

        step = side * AT_ONCE
        looped = width // step * step
        code.loop(looped, cover, step=step)
        left = (width - looped) // side
        if left:
            cover(looped, left)
        if width % side:
            cover(width - side, 1)  # covers some numbers again, rather than leave the row

    def channel(c: Number) -> None:
        code.loop(rows, partial(row, c))

    code.loop(channels, channel)


def _joined(code: Code, parts: list[Value]) -> Value:
    """Return vectors laid end to end."""
    while len(parts) > 1:
        count = 2 * int(parts[0].type[1:].split()[0])
        parts = [code.shuffle(a, b, list(range(count))) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def turned(code: Code, vectors: list[Value]) -> list[Value]:
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

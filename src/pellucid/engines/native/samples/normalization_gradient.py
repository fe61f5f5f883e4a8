"""Batch normalisation's gradients in sample lanes: sums of blocks, combined in double precision, then the input's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .sums import each_place, sums_of, total_of


@dataclass(frozen=True)
class BatchNormSums(Kernel):
    """A block's sums of dy and of dy * normal, by channel; dy is 0 in free lanes.

    Args:
        x, dy: the layouts.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "dy", "mean", "deviation", "partial")
    x: Maps
    dy: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one pass over each plane; the deviation divides the sum and not each number."""
        x, dy, mean, deviation, partial = pointers

        def channel(c: Number) -> None:
            middle = code.broadcast(mean, c)

            def products(sums: tuple[Value, ...], x: Value, dy: Value) -> tuple[Value, ...]:
                gradient = code.load(dy)
                return sums[0] + gradient, code.fma(gradient, code.load(x) - middle, sums[1])

            plain, along_x = (total_of(code, s) for s in sums_of(code, c, [(x, self.x), (dy, self.dy)], 2, products))
            width = code.convert("fpext", code.load(deviation, c, of="float"), "double")
            code.store(plain, partial, c)
            code.store(along_x / width, partial, c + self.x.channels)

        code.loop(self.x.channels, channel)


@dataclass(frozen=True)
class CombineSums(Kernel):
    """The batch's sums of dy and of dy * normal, (2, channels): the gradients of bias and of weight.

    Args:
        channels: how many.
        partial_stride: floats from one block's partial results to the next's.
    """

    arguments: ClassVar[tuple[str, ...]] = ("partial", "blocks", "sums")
    channels: int
    partial_stride: int

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one pass over the blocks for each number."""
        partial, blocks, sums = pointers
        blocks = code.load(blocks, of="i64")

        def number(k: Number) -> None:
            def add(block: Value, total: Value) -> Value:
                start = code.address(partial, block * self.partial_stride, of="float")
                return total + code.load(start, k, of="double")

            total = code.loop(blocks, add, code.constant(0.0, "double"))
            code.store(code.convert("fptrunc", total, "float"), sums, k)

        code.loop(2 * self.channels, number)


@dataclass(frozen=True)
class BatchNormInputGradient(Kernel):
    """dx = (dy - mean of dy - normal * mean of dy * normal) * weight / deviation, and 0 in free lanes.

    Args:
        x, dy, dx: the layouts; dx may be dy.
        affine: there is a weight; without it its pointer is not taken.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "dy", "mean", "deviation", "weight", "sums", "count", "mask", "dx")
    x: Maps
    dy: Maps
    dx: Maps
    affine: bool
    add: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 9 if self.affine else 8

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over each plane, with what is the same for all its numbers made before."""
        x, dy, mean, deviation, *affine, sums, count, mask, dx = pointers
        real = code.compare("ogt", code.load(mask), 0.0)
        n = code.load(count, of="float") * float(self.x.height * self.x.width)

        def channel(c: Number) -> None:
            width = code.load(deviation, c, of="float")
            scale = (code.load(affine[0], c, of="float") if affine else code.constant(1.0, "float")) / width
            plain = code.load(sums, c, of="float") / n
            along_x = code.load(sums, c + self.x.channels, of="float") / (n * width)
            middle, scale, plain, along_x = (
                code.broadcast(mean, c),
                *(code.spread(number) for number in (scale, plain, along_x)),
            )

            def place(x: Value, dy: Value, dx: Value) -> None:
                left = code.load(dy) - plain - (code.load(x) - middle) * along_x
                result = code.select(real, left * scale, code.zero())
                code.store(code.load(dx) + result if self.add else result, dx)

            each_place(code, c, [(x, self.x), (dy, self.dy), (dx, self.dx)], place)

        code.loop(self.x.channels, channel)

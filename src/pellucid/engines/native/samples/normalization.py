"""Batch normalisation in sample lanes: statistics of blocks, combined in double precision; then shift and scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .elementwise import Activation
from .sums import each_place, sums_of, total_of


@dataclass(frozen=True)
class Moments(Kernel):
    """A block's means and sums of squared differences from them, by channel, of real samples.

    Args:
        x: the layout.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "mask", "partial")
    x: Maps

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write two passes over each plane: for a rough mean, then for what it is off by and the squares."""
        x, mask, partial = pointers
        count = total_of(code, code.load(mask)) * float(self.x.height * self.x.width)

        def total(sums: Value) -> Value:
            real = code.compare("ogt", code.load(mask), 0.0)  # loaded again, for the loops need the registers
            return total_of(code, code.select(real, sums, code.zero()))

        def plain(sums: tuple[Value, ...], x: Value) -> tuple[Value, ...]:
            return (sums[0] + code.load(x),)

        def channel(c: Number) -> None:
            (first,) = sums_of(code, c, [(x, self.x)], 1, plain)
            rough = code.convert("fptrunc", total(first) / count, "float")
            center = code.spread(rough)

            def squares(sums: tuple[Value, ...], x: Value) -> tuple[Value, ...]:
                off = code.load(x) - center
                return sums[0] + off, code.fma(off, off, sums[1])

            off, square = (total(sums) for sums in sums_of(code, c, [(x, self.x)], 2, squares))
            code.store(code.convert("fpext", rough, "double") + off / count, partial, c)
            code.store(square - off * off / count, partial, c + self.x.channels)

        code.loop(self.x.channels, channel)


@dataclass(frozen=True)
class Combine(Kernel):
    """The batch's mean and deviation sqrt(variance + eps), by channel, and what the running averages become.

    Args:
        channels: how many.
        places: numbers of one sample in a channel.
        eps, momentum, unbiased: the layer's.
        partial_stride: floats from one block's partial results to the next's.
        updates_running: follow the batch; without it they stay as they are.
    """

    arguments: ClassVar[tuple[str, ...]] = (
        *("partial", "blocks", "count", "mean", "deviation"),
        *("running_mean", "running_var"),
    )
    channels: int
    places: int
    eps: float
    momentum: float
    unbiased: bool
    partial_stride: int
    updates_running: bool = True

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write two passes over the blocks, for the mean and then for the squares around it."""
        partial, blocks, count, mean, deviation, *running = pointers
        blocks = code.load(blocks, of="i64")
        samples = code.convert("fpext", code.load(count, of="float"), "double")
        n = samples * float(self.places)
        less = n - 1.0
        one = code.constant(1.0, "double")
        ratio = code.select(code.compare("ogt", less, 0.0), n / less, one) if self.unbiased else one
        ratio = code.convert("fptrunc", ratio, "float")
        share = float(np.float32(self.momentum))

        def weight(block: Value) -> Value:
            """Return how many numbers a block's part stands for: only the last block may have free lanes."""
            left = samples - code.convert("sitofp", block * code.lanes, "double")
            full = code.compare("olt", left, float(code.lanes))
            return code.select(full, left, float(code.lanes)) * float(self.places)

        def channel(c: Number) -> None:
            def part(block: Value, row: int) -> Value:
                start = code.address(partial, block * self.partial_stride, of="float")
                return code.load(start, c + row * self.channels, of="double")

            def values(block: Value, total: Value) -> Value:
                return total + weight(block) * part(block, 0)

            def squares(block: Value, total: Value) -> Value:
                off = part(block, 0) - middle
                return total + part(block, 1) + weight(block) * off * off

            zero = code.constant(0.0, "double")
            middle = code.loop(blocks, values, zero) / n
            variance = code.convert("fptrunc", code.loop(blocks, squares, zero) / n, "float")
            average = code.convert("fptrunc", middle, "float")
            code.store(average, mean, c)
            code.store(code.call("sqrt", variance + self.eps), deviation, c)
            for old, new in zip(running, (average, variance * ratio), strict=True) if self.updates_running else ():
                code.store(code.load(old, c, of="float") * (1 - share) + new * share, old, c)

        code.loop(self.channels, channel)


@dataclass(frozen=True)
class Normalize(Kernel):
    """y = activation((x - mean) / deviation * weight + bias); y may be x.

    Args:
        x, y: the layouts.
        affine: there are a weight and a bias; without them their pointers are not taken.
        activation: what follows, if anything.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "mean", "deviation", "weight", "bias", "y")
    x: Maps
    y: Maps
    affine: bool
    activation: Activation | None = None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 6 if self.affine else 4

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over each channel's plane."""
        x, mean, deviation, *affine, y = pointers

        def channel(c: Number) -> None:
            middle, width = code.broadcast(mean, c), code.broadcast(deviation, c)
            _normalize(code, c, [(x, self.x), (y, self.y)], middle, width, affine, self.activation)

        code.loop(self.x.channels, channel)


@dataclass(frozen=True)
class NormalizeRunning(Kernel):
    """The same with the running averages, as in evaluation.

    Args:
        x, y: the layouts.
        eps: the layer's.
        affine: there are a weight and a bias; without them their pointers are not taken.
        activation: what follows, if anything.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "running_mean", "running_var", "weight", "bias", "y")
    x: Maps
    y: Maps
    eps: float
    affine: bool
    activation: Activation | None = None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 6 if self.affine else 4

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a walk over each channel's plane."""
        x, mean, variance, *affine, y = pointers

        def channel(c: Number) -> None:
            middle = code.broadcast(mean, c)
            width = code.spread(code.call("sqrt", code.load(variance, c, of="float") + self.eps))
            _normalize(code, c, [(x, self.x), (y, self.y)], middle, width, affine, self.activation)

        code.loop(self.x.channels, channel)


def _normalize(
    code: Code,
    channel: Number,
    values: list[tuple[Value, Maps]],
    mean: Value,
    deviation: Value,
    affine: list[Value],
    activation: Activation | None,
) -> None:
    """Write the walk over one channel's plane."""
    weight, bias = (code.broadcast(pointer, channel) for pointer in affine) if affine else (None, None)

    def place(x: Value, y: Value) -> None:
        result = (code.load(x) - mean) / deviation
        if weight is not None and bias is not None:
            result = code.fma(result, weight, bias)
        code.store(activation.apply(code, result) if activation else result, y)

    each_place(code, channel, values, place)

"""Softmax and its logarithm in channel lanes: over a place's channels, or over places, each lane by itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from ..samples.functions import exp, log
from ..samples.log_softmax import LogSoftmaxForward
from ..samples.places import walk
from ..samples.softmax import SoftmaxForward
from .epilogue import epilogue
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class ChannelSoftmax(Kernel):
    """y = exp(x - the largest) by the sum of these, over all channels of a place; or the logarithm of that.

    Args:
        x, y: the layouts.
        log: the logarithm.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Blocked
    y: Blocked
    log: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write three loops over the blocks for each place: the largest, the exponentials, the shares."""
        x, y = pointers
        blocks, ending = self.y.blocks, epilogue(code, self.y, None)

        def only(value: Value, block: Number, instead: float) -> Value:
            """Return a vector with another number in lanes without a channel."""
            if ending.present is None:
                return value
            there = code.compare("ne", code.load(ending.present, block, of=code.ints), 0)
            return code.select(there, value, instead)

        def place(r: Number, c: Number) -> None:
            from_, to = code.address(x, self.x.at(0, r, c)), code.address(y, self.y.at(0, r, c))

            def most(b: Number, most: Value) -> Value:
                return larger(code, most, only(code.load(from_, b * self.x.plane), b, float("-inf")))

            # A NaN may get lost here, and comes back with its own exponential.
            largest = across(code, code.loop(blocks, most, code.splat(float("-inf"))), larger)

            def exponential(b: Number, total: Value) -> Value:
                power = only(exp(code, code.load(from_, b * self.x.plane) - largest), b, 0.0)
                if not self.log:
                    code.store(power, to, b * self.y.plane)
                return total + power

            total = across(code, code.loop(blocks, exponential, code.zero()), lambda _, a, b: a + b)

            less = log(code, total) if self.log else None

            def share(b: Number) -> None:
                if less is None:
                    value = code.load(to, b * self.y.plane) / total
                else:
                    value = code.load(from_, b * self.x.plane) - largest - less
                code.store(only(value, b, 0.0), to, b * self.y.plane)

            code.loop(blocks, share)

        def row(r: Number) -> None:
            def column(c: Number) -> None:
                place(r, c)

            code.loop(self.y.width, column)

        def clear(block: Number) -> None:
            clear_around(code, y, self.y, block)

        code.loop(self.y.height, row)
        code.loop(blocks, clear)


@dataclass(frozen=True)
class PlaceSoftmax(Blockwise):
    """y = exp(x - the largest) by the sum of these, over places; or the logarithm of that.

    Args:
        shape: the places as (rows, columns), or as the axes that a run of columns stands for.
        axis: the one that sums to 1.
        x, y: the layouts.
        log: the logarithm.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    shape: tuple[int, ...]
    axis: int
    x: Blocked
    y: Blocked
    log: bool = False

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write the softmax of sample lanes for one block, and zeros where there is no channel."""
        x, y = pointers
        from_, start = block_at(code, x, self.x, block), block_at(code, y, self.y, block)
        maps = one_block(self.x), one_block(self.y)
        kind = LogSoftmaxForward if self.log else SoftmaxForward
        if len(self.shape) == 2:
            softmax = kind((1, *self.shape), self.axis + 1, *maps)
        else:
            before, after = math.prod(self.shape[: self.axis]), math.prod(self.shape[self.axis + 1 :])
            places = Maps(before, self.shape[self.axis], after, dense=True)
            softmax = kind((before, self.shape[self.axis], after), 1, places, places)
        softmax.write(code, block, from_, start)
        ending = epilogue(code, self.y, None)
        if ending.present is not None:

            def place(y: Value) -> None:
                code.store(ending.finish(code, code.load(y), block, None), y)

            walk(code, [(start, maps[1])], place)
        clear_around(code, y, self.y, block)


def larger(code: Code, a: Value, b: Value) -> Value:
    """Return the larger of each lane."""
    return code.select(code.compare("ogt", a, b), a, b)


def across(code: Code, vector: Value, join: Callable[[Code, Value, Value], Value]) -> Value:
    """Return a vector whose every lane is all lanes joined, in a fixed tree."""
    distance = code.lanes // 2
    while distance:
        turned = code.shuffle(vector, vector, [lane ^ distance for lane in range(code.lanes)])
        vector = join(code, vector, turned)
        distance //= 2
    return vector

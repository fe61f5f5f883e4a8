"""The gradients of a linear layer's weights, over all blocks of a batch, finished at once.

A weight's gradient is a sum over samples, which lie in the lanes: accumulators add up the products of blocks and rows,
and then a tree of shuffles adds up the lanes of as many accumulators as a vector has lanes. Blocks, rows and lanes come
in the same order for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..machine import Target
from .transpose_sum import sums_across
from .updates import Finish

WIDEST = 64  # inputs of an item
NEAR = 32 * 1024  # bytes of them that stay in the nearest cache


@dataclass(frozen=True)
class LinearWeightGradient(Kernel):
    """dW = dy^T x over all blocks; each item is a tile of inputs, for all outputs.

    Args:
        inputs, outputs: features.
        rows: vectors of features of each sample, one after another.
        x_stride, dy_stride: vectors from one block to the next.
        finish: what becomes of it.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "dy", "blocks")  # and those of the finish
    inputs: int
    outputs: int
    rows: int
    x_stride: int
    dy_stride: int
    finish: Finish

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.arguments) + len(self.finish.arguments)

    def items(self, target: Target) -> int:
        """Return how many items there are."""
        return -(-self.inputs // self._width(target))

    def _width(self, target: Target) -> int:
        """Return the inputs of an item, a multiple of the lanes: small layers are cut finer, for several threads."""
        return WIDEST if self.inputs >= 16 * WIDEST else max(target.lanes, 16 if self.inputs < 256 else 32)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write loops over parts of the item, outputs, and vectors of inputs within."""
        x, dy, blocks, *rest = pointers
        given = dict(zip(self.finish.arguments, rest, strict=True))
        count, lanes = code.load(blocks, of="i64"), code.lanes
        high = 4 if lanes == 4 and code.target.registers >= 32 else 2
        wide = lanes if lanes == 4 else lanes // 2
        tail = self.inputs % lanes
        first = item * self._width(code.target)
        last = code.call("umin", first + self._width(code.target), code.constant(self.inputs, "i64"))
        whole = first + (last - first) // lanes * lanes
        # Where the rows of all blocks are many, fewer inputs of them stay in the cache while the outputs go by.
        few = code.compare("ule", count * self.rows, NEAR // (WIDEST * lanes * 4))
        part = code.select(few, WIDEST, code.constant(lanes, "i64"))

        def sums(o: Number, i: Number, high: int, wide: int) -> list[Value]:
            return self._sums(code, x, dy, count, o, i, high, wide)

        def parts(number: Number) -> None:
            start = first + number * part
            stop = code.call("umin", start + part, whole)

            def several(o: Number) -> None:
                def vectors(i: Number) -> None:
                    passes = [sums(o, i + k, high, wide) for k in range(0, lanes, wide)]
                    for j in range(high):
                        self.finish.apply(code, _joined(code, passes, j, wide), given, (o + j) * self.inputs + i)

                code.loop(stop, vectors, start=start, step=lanes)

            def single(o: Number) -> None:
                def vector(i: Number) -> None:
                    self.finish.apply(code, sums(o, i, 1, lanes)[0], given, o * self.inputs + i)

                code.loop(stop, vector, start=start, step=lanes)

            paired = self.outputs // high * high
            code.loop(paired, several, step=high)
            code.loop(self.outputs, single, start=paired)

        def ends(o: Number) -> None:
            start = self.inputs - tail
            _finish_first(code, self.finish, sums(o, start, 1, tail)[0], tail, given, o * self.inputs + start)

        code.loop((whole - first + (part - 1)) // part, parts)
        if tail:
            code.when(code.compare("ult", whole, last), lambda: code.loop(self.outputs, ends))

    def _sums(
        self, code: Code, x: Value, dy: Value, blocks: Value, o: Number, i: Number, high: int, wide: int
    ) -> list[Value]:
        """Return vectors of sums for `wide` inputs of `high` outputs, one output after another."""

        def turn(block: Number, row: Number, before: tuple[Value, ...]) -> tuple[Value, ...]:
            left = block * self.dy_stride + (row * self.outputs + o)
            right = block * self.x_stride + (row * self.inputs + i)
            slopes = [code.load(dy, left + k) for k in range(high)]
            after = list(before)
            for k in range(wide):
                seen = code.load(x, right + k)
                for j, slope in enumerate(slopes):
                    after[j * wide + k] = code.fma(slope, seen, before[j * wide + k])
            return tuple(after)

        totals = _over_all(code, blocks, self.rows, high * wide, turn)
        return [sums_across(code, totals[k : k + code.lanes]) for k in range(0, high * wide, code.lanes)]


@dataclass(frozen=True)
class LinearBiasGradient(Kernel):
    """db = the sum of dy over all blocks; one item.

    Args:
        outputs: features.
        rows: vectors of features of each sample, one after another.
        dy_stride: vectors from one block to the next.
        finish: what becomes of it.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "blocks")  # and those of the finish
    outputs: int
    rows: int
    dy_stride: int
    finish: Finish

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.arguments) + len(self.finish.arguments)

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over vectors of outputs, and what remains."""
        dy, blocks, *rest = pointers
        given = dict(zip(self.finish.arguments, rest, strict=True))
        count = code.load(blocks, of="i64")

        def some(o: Number, many: int) -> None:
            def turn(block: Number, row: Number, before: tuple[Value, ...]) -> tuple[Value, ...]:
                place = block * self.dy_stride + (row * self.outputs + o)
                return tuple(total + code.load(dy, place + k) for k, total in enumerate(before))

            total = sums_across(code, _over_all(code, count, self.rows, many, turn))
            _finish_first(code, self.finish, total, many, given, o)

        def vector(o: Number) -> None:
            some(o, code.lanes)

        whole = self.outputs // code.lanes * code.lanes
        code.loop(whole, vector, step=code.lanes)
        if self.outputs > whole:
            some(whole, self.outputs - whole)


def _over_all(
    code: Code,
    blocks: Value,
    rows: int,
    many: int,
    turn: Callable[[Number, Number, tuple[Value, ...]], tuple[Value, ...]],
) -> list[Value]:
    """Return accumulators that `turn` has grown by every row of every block."""

    def block(b: Number, *before: Value) -> Value | tuple[Value, ...]:
        def row(r: Number, *totals: Value) -> tuple[Value, ...]:
            return turn(b, r, totals)

        return code.loop(rows, row, *before)

    found = code.loop(blocks, block, *([code.zero()] * many))
    return list(found) if many > 1 else [found]


def _finish_first(code: Code, finish: Finish, total: Value, many: int, given: dict[str, Value], index: Number) -> None:
    """Finish the first lanes of a vector: in runs of powers of two, for nothing beyond may be touched.

    Args:
        code: where to write.
        finish: what becomes of them.
        total: the vector.
        many: how many lanes.
        given: the finish's pointers.
        index: the number of the first lane's float.
    """
    lane = 0
    while lane < many:
        size = 1 << (many - lane).bit_length() - 1
        places = list(range(lane, lane + size))
        part = (
            code.lane(total, lane) if size == 1 else total if size == code.lanes else code.shuffle(total, total, places)
        )
        finish.apply(code, part, given, index + lane)
        lane += size


def _joined(code: Code, passes: list[list[Value]], output: int, wide: int) -> Value:
    """Return one output's sums out of vectors that hold `wide` sums of one output after another."""
    each = code.lanes // wide
    vectors = [found[output // each] for found in passes]
    if each == 1:
        return vectors[0]
    places = [output % each * wide + k for k in range(wide)]
    return code.shuffle(vectors[0], vectors[1], [*places, *(place + code.lanes for place in places)])

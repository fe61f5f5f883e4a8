"""The product of a matrix of weights with columns of vectors: what linear layers are made of, forward and backward.

y[column, m] = sum over k of weight[m, k] * x[column, k]: every x and y is a vector over the samples, and weights are
spread over its lanes. Accumulators for a tile of m and columns stay in registers while k runs over a chunk; longer sums
are made chunk by chunk, so that they stay near their operands and round less.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..ir import Code, Number, Value
from ..machine import Target
from .elementwise import Activation

CHUNK = 256  # of k: a few columns of so many vectors lie in the nearest cache
WAYS = 8  # lines of memory that the nearest cache can hold of each set, at least
SPREAD = 12  # a multiple of every tile's number of m


@dataclass(frozen=True)
class Operands:
    """What is multiplied.

    Args:
        weight, x, y: pointers.
        depth: how many k there are.
        m_stride, k_stride: floats of the weight from one m, and one k, to the next.
        columns: how many columns.
        x_stride, y_stride: vectors from one column to the next.
    """

    weight: Value
    x: Value
    y: Value
    depth: int
    m_stride: int
    k_stride: int
    columns: Number
    x_stride: int
    y_stride: int


def product(
    code: Code,
    of: Operands,
    first: Number,
    last: Number,
    rest: int,
    *,
    bias: Value | None = None,
    add: bool = False,
    activation: Activation | None = None,
) -> None:
    """Write the product for a range of m.

    Args:
        code: where to write.
        of: the operands.
        first: of a range of m: all, or a part that is a multiple of SPREAD long unless it is the last.
        last: what the range ends before.
        rest: the number of all m, to know what the last range ends with.
        bias: floats to add to each m.
        add: add to y.
        activation: a function of what is finished.
    """
    chunk = _chunk(of.k_stride)
    dear = activation is not None and activation.dear
    if of.depth <= chunk and not dear:

        def whole(c: Number, m: Number, accumulators: list[list[Value]]) -> None:
            for j, column in enumerate(accumulators):
                for i, total in enumerate(column):
                    _finish(code, of, c + j, m + i, total, add, activation)

        _tiles(code, of, first, last, rest, 0, of.depth, _starts(code, bias), whole)
        return

    if not add:
        _each(code, of, first, last, lambda place, m: code.store(_starts(code, bias)(m), of.y, place))

    def part(start: Number) -> None:
        def sums(c: Number, m: Number, accumulators: list[list[Value]]) -> None:
            for j, column in enumerate(accumulators):
                for i, total in enumerate(column):
                    _finish(code, of, c + j, m + i, total, True, None)

        stop = code.call("umin", code.constant(start, "i64") + chunk, code.constant(of.depth, "i64"))
        _tiles(code, of, first, last, rest, start, stop, _starts(code, None), sums)

    code.loop(of.depth, part, step=chunk)
    if activation is not None:
        _each(code, of, first, last, lambda p, m: code.store(activation.apply(code, code.load(of.y, p)), of.y, p))


def widths(target: Target) -> list[tuple[int, int]]:
    """Return the tiles as (columns, m), widest first: their accumulators and operands fit the registers."""
    if target.registers >= 32:
        return [(4, 6), (2, 6), (1, 12)]
    return [(2, 4), (1, 12 if target.fused else 6)]


def _chunk(k_stride: int) -> int:
    """Return how many k are summed at a time: lines a multiple of 4096 bytes apart fall into one set of the cache."""
    return CHUNK if k_stride == 1 else min(CHUNK, WAYS * 4096 // math.gcd(4 * k_stride, 4096))


def _starts(code: Code, bias: Value | None) -> Callable[[Number], Value]:
    return (lambda m: code.zero()) if bias is None else (lambda m: code.broadcast(bias, m))


def _finish(
    code: Code, of: Operands, c: Number, m: Number, total: Value, add: bool, activation: Activation | None
) -> None:
    place = c * of.y_stride + m
    if add:
        total = code.load(of.y, place) + total
    code.store(total if activation is None else activation.apply(code, total), of.y, place)


def _each(code: Code, of: Operands, first: Number, last: Number, body: Callable[[Number, Number], None]) -> None:
    """Call `body` with every place of y and its m."""

    def column(c: Number) -> None:
        def one(m: Number) -> None:
            body(c * of.y_stride + m, m)

        code.loop(last, one, start=first)

    code.loop(of.columns, column)


def _tiles(
    code: Code,
    of: Operands,
    first: Number,
    last: Number,
    rest: int,
    start: Number,
    stop: Number,
    begin: Callable[[Number], Value],
    end: Callable[[Number, Number, list[list[Value]]], None],
) -> None:
    """Write loops over tiles of columns and m; each is begun, summed over k from start to stop, and ended."""

    def tile(c: Number, m: Number, wide: int, high: int) -> None:
        begun = [begin(m + i) for i in range(high)]

        def step(k: Number, *sums: Value) -> tuple[Value, ...]:
            xs = [code.load(of.x, (c + j) * of.x_stride + k) for j in range(wide)]
            row = code.address(of.weight, m * of.m_stride + k * of.k_stride, of="float")
            result: list[Value] = []
            for i in range(high):
                weight = code.broadcast(row, i * of.m_stride)
                result += [code.fma(weight, x, sums[i * wide + j]) for j, x in enumerate(xs)]
            return tuple(result)

        sums = code.loop(stop, step, *(value for value in begun for _ in range(wide)), start=start)
        totals = [sums] if wide * high == 1 else sums
        end(c, m, [[totals[i * wide + j] for i in range(high)] for j in range(wide)])

    reached: Number = 0
    for wide, most in widths(code.target):
        upto = of.columns // wide * wide
        high = -(-rest // -(-rest // most)) if isinstance(first, int) else min(most, rest)  # even, where that is free

        def group(c: Number, wide: int = wide, high: int = high) -> None:
            def whole(m: Number) -> None:
                tile(c, m, wide, high)

            def end_of_all(m: Number) -> None:
                tile(c, m, wide, rest % high)

            full = first + (last - first) // high * high
            code.loop(full, whole, start=first, step=high)
            if rest % high:
                code.loop(last, end_of_all, start=full, step=rest % high)

        code.loop(upto, group, start=reached, step=wide)
        reached = upto

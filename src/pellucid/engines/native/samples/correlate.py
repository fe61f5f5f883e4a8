"""The loops that convolutions share, forward and backward: sums of weights times places, in tiles of accumulators.

For a few places at a time: all that they read of a run of source channels stays in the nearest cache while all results
are made of it. Weights are read where they lie, each spread over a vector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ..ir import Code, Number, Value
from ..layout import Maps
from .elementwise import Activation
from .geometry import Axis
from .products import add_products
from .tiles import best_cuts, cut, several

NEAR = 24 * 1024  # bytes of sources that stay in the nearest cache, next to weights and results
UNROLLED = 256  # products written out in the inner loop of a kernel's main tile
UNROLLED_REST = 96  # and in those of the tiles at its edges


@dataclass(frozen=True)
class Weights:
    """How a correlation walks through the weights.

    Args:
        groups: sums stay within a group of channels.
        sources, results: channels of a group that are read, and that are written.
        source_step, result_step, group_step: floats from one to the next.
        row_step: floats from one row of a kernel to the next.
    """

    groups: int
    sources: int
    results: int
    source_step: int
    result_step: int
    group_step: int
    row_step: int


@dataclass(frozen=True)
class Correlation:
    """A correlation being written: where its operands are, and what happens to the sums.

    Args:
        code: the program.
        source, result: the layout of what is read and written.
        weights: the walk through the weights.
        x, weight, y: pointers to them.
        bias: pointer to the first value of each result's sums; none starts from zero.
        add: the sums start from what is in y.
        activation: is applied to the sums.
    """

    code: Code
    source: Maps
    result: Maps
    weights: Weights
    x: Value
    weight: Value
    y: Value
    bias: Value | None = None
    add: bool = False
    activation: Activation | None = None

    def write(self, rows: Axis, columns: Axis) -> None:
        """Write the loops over the places of two axes."""
        if rows.taps and columns.taps:
            _Loops(self, rows, columns).write()
        elif not self.add:
            self._clear(rows, columns)

    def _clear(self, rows: Axis, columns: Axis) -> None:
        code, maps = self.code, self.result

        def channel(o: Number) -> None:
            def row(r: Number) -> None:
                start = code.address(self.y, maps.at(o, r * rows.step + rows.start, columns.start))

                def place(c: Number) -> None:
                    code.store(code.zero(), start, c * columns.step)

                code.loop(columns.count, place)

            code.loop(rows.count, row)

        code.loop(maps.channels, channel)


class _Place(NamedTuple):
    """Where the sums of a tile's places start: pointers to channel 0 of a group, and how many places there are."""

    n: int
    x: Value
    weight: Value
    bias: Value | None
    y: Value


class _Loops:
    """The loops of one correlation over one pair of axes, from the outermost to the innermost."""

    def __init__(self, task: Correlation, rows: Axis, columns: Axis) -> None:
        self.task, self.code, self.rows, self.columns = task, task.code, rows, columns
        _, self.results, self.places = best_cuts(task.weights.results, columns.count, task.code.target)
        self.run = self._run()
        self.whole = self.run == task.weights.sources

    def _run(self) -> int:
        """Return how many source channels are summed before all results have seen them."""
        sources = self.task.weights.sources
        held = self.rows.taps * ((self.places.tile - 1) * self.columns.advance + self.columns.taps)
        most = max(1, NEAR // (held * self.code.lanes * 4))
        if self.results.count < 2 or sources <= most + most // 2:
            return sources
        return -(-sources // -(-sources // most))

    def write(self) -> None:
        """Write the loops over groups, rows and tiles of places."""
        task, code, weights = self.task, self.code, self.task.weights

        def group(g: Number) -> None:
            x = code.address(task.x, task.source.at(g * weights.sources, self.rows.first, self.columns.first))
            y = code.address(task.y, task.result.at(g * weights.results, self.rows.start, self.columns.start))
            first = g * weights.group_step + (self.rows.tap * weights.row_step + self.columns.tap)
            weight = code.address(task.weight, first, of="float")
            bias = code.address(task.bias, g * weights.results, of="float") if task.bias else None

            def row(r: Number) -> None:
                x_row = code.address(x, r * (self.rows.advance * task.source.row))
                y_row = code.address(y, r * (self.rows.step * task.result.row))

                def places(c: Number, n: int) -> None:
                    x_tile = code.address(x_row, c * self.columns.advance)
                    y_tile = code.address(y_row, c * self.columns.step)
                    self._place(_Place(n, x_tile, weight, bias, y_tile))

                cut(code, self.places, places)

            code.loop(self.rows.count, row)

        code.loop(weights.groups, group)

    def _place(self, place: _Place) -> None:
        """Write all results of a group at some places."""
        code, task, sources = self.code, self.task, self.task.weights.sources
        bias, activation = place.bias, task.activation
        if self.whole:
            cut(code, self.results, lambda o, m: self._tile(place, o, m, 0, sources))
            return
        if not task.add:
            self._each(place, lambda o, at: code.broadcast(bias, o) if bias else code.zero())

        def run(first: Value) -> None:
            stop = first + self.run
            last = code.select(code.compare("ult", stop, sources), stop, sources) if sources % self.run else stop
            cut(code, self.results, lambda o, m: self._tile(place, o, m, first, last))

        code.loop(sources, run, step=self.run)
        if activation:
            self._each(place, lambda o, at: activation.apply(code, code.load(at)))

    def _each(self, place: _Place, new: Callable[[Number, Value], Value]) -> None:
        """Write a loop that gives each result at some places a new value, made of its number and address."""
        code = self.code

        def result(o: Number) -> None:
            start = code.address(place.y, o * self.task.result.plane)
            for k in range(place.n):
                at = code.address(start, k * self.columns.step)
                code.store(new(o, at), at)

        code.loop(self.task.weights.results, result)

    def _tile(self, place: _Place, o: Number, m: int, first: Number, last: Number) -> None:
        """Write one tile: results o to o + m at n places, summed over the source channels from first to last."""
        code, task, weights, n = self.code, self.task, self.task.weights, place.n
        y = code.address(place.y, o * task.result.plane)
        weight = code.address(place.weight, o * weights.result_step, of="float")
        places = [j * task.result.plane + k * self.columns.step for j in range(m) for k in range(n)]
        if task.add or not self.whole:
            sums = [code.load(y, at) for at in places]
        elif place.bias:
            bias = code.address(place.bias, o, of="float")
            sums = [value for j in range(m) for value in [code.broadcast(bias, j)] * n]
        else:
            sums = [code.zero()] * (m * n)
        most = UNROLLED if (m, n) == (self.results.tile, self.places.tile) else UNROLLED_REST

        def source(i: Number, *sums: Value) -> tuple[Value, ...]:
            x = code.address(place.x, i * task.source.plane)
            return self._taps(m, n, most, x, code.address(weight, i * weights.source_step, of="float"), sums)

        for at, total in zip(places, several(code.loop(last, source, *sums, start=first)), strict=True):
            code.store(task.activation.apply(code, total) if task.activation and self.whole else total, y, at)

    def _taps(self, m: int, n: int, most: int, x: Value, weight: Value, sums: tuple[Value, ...]) -> tuple[Value, ...]:
        """Write the products of one source channel: written out as far as `most` allows, else in loops."""
        code, rows, columns = self.code, self.rows, self.columns
        x_step, w_step = rows.reach * self.task.source.row, rows.tap_step * self.task.weights.row_step

        def row(a: Number, *sums: Value) -> tuple[Value, ...]:
            x_row, w_row = code.address(x, a * x_step), code.address(weight, a * w_step, of="float")
            if m * n * columns.taps <= 2 * most:
                return self._tap_row(m, n, columns.taps, x_row, w_row, sums)

            def tap(b: Number, *sums: Value) -> tuple[Value, ...]:
                x_tap, w_tap = code.address(x_row, b * columns.reach), b * columns.tap_step
                return self._tap_row(m, n, 1, x_tap, code.address(w_row, w_tap, of="float"), sums)

            return several(code.loop(columns.taps, tap, *sums))

        if m * n * columns.taps * rows.taps > most:
            return several(code.loop(rows.taps, row, *sums))
        for a in range(rows.taps):
            sums = row(a, *sums)
        return sums

    def _tap_row(
        self, m: int, n: int, taps: int, x: Value, weight: Value, sums: tuple[Value, ...]
    ) -> tuple[Value, ...]:
        """Write the products of a run of taps.

        Places are read afresh for each tap: LLVM would hold those that a later tap meets again, and put sums aside for
        them.
        """
        code, columns, step = self.code, self.columns, self.task.weights.result_step

        def spread(j: int, b: int) -> Value:
            return code.broadcast(weight, j * step + b * columns.tap_step)

        def place(k: int, b: int) -> Value:
            return code.load(x, k * columns.advance + b * columns.reach, fresh=True)

        if taps > 1 and m * n + m * taps + 2 <= code.target.registers:
            return self._sharing(m, n, taps, x, spread, sums)
        for b in range(taps):
            sums = add_products(code, sums, m, n, lambda j, b=b: spread(j, b), lambda k, b=b: place(k, b))
        return sums

    def _sharing(
        self, m: int, n: int, taps: int, x: Value, spread: Callable[[int, int], Value], sums: tuple[Value, ...]
    ) -> tuple[Value, ...]:
        """Write the products of a run of taps whose weights all fit the registers: each place is read once."""
        code, columns, total = self.code, self.columns, list(sums)
        weights = [[spread(j, b) for b in range(taps)] for j in range(m)]
        met = [(k * columns.advance + b * columns.reach, k, b) for k in range(n) for b in range(taps)]
        for at in sorted({where for where, _, _ in met}):
            read = code.load(x, at, fresh=True)
            for _, k, b in (pair for pair in met if pair[0] == at):
                for j in range(m):
                    total[j * n + k] = code.fma(weights[j][b], read, total[j * n + k])
        return tuple(total)

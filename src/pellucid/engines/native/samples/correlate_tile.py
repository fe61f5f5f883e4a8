"""One tile of a correlation: a few results at a few places, whose sums stay in registers until they are done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ir import Number, Value
from .correlation import Correlation, Place
from .geometry import Axis
from .products import add_products
from .tiles import fits, several

UNROLLED = 256  # products written out in the inner loop of a kernel's main tile
UNROLLED_REST = 96  # and in those of the tiles at its edges


@dataclass(frozen=True)
class Tile:
    """The writer of the tiles of one correlation over two axes.

    Args:
        task: the correlation.
        rows, columns: the axes.
        whole: all source channels are summed in one go, so that a tile starts from the bias and is finished.
        main: the size of most tiles, whose inner loop may be longer.
    """

    task: Correlation
    rows: Axis
    columns: Axis
    whole: bool
    main: int

    def write(self, place: Place, o: Number, m: int, first: Number, last: Number) -> None:
        """Write one tile: results o to o + m at some places, summed over the source channels from first to last."""
        task, code, weights = self.task, self.task.code, self.task.weights
        y = code.address(place.y, o * task.result.plane)
        weight = code.address(place.weight, o * weights.result_step, of="float")
        places = [j * task.result.plane + k * self.columns.step for j in range(m) for k in range(place.n)]
        if task.add or not self.whole:
            sums = [code.load(y, at) for at in places]
        elif place.bias:
            bias = code.address(place.bias, o, of="float")
            sums = [value for j in range(m) for value in [code.broadcast(bias, j)] * place.n]
        else:
            sums = [code.zero()] * len(places)

        def source(i: Number, *sums: Value) -> tuple[Value, ...]:
            x = code.address(place.x, i * task.source.plane)
            return self._taps(place, m, x, code.address(weight, i * weights.source_step, of="float"), sums)

        for at, total in zip(places, several(code.loop(last, source, *sums, start=first)), strict=True):
            code.store(task.activation.apply(code, total) if task.activation and self.whole else total, y, at)

    def _taps(self, place: Place, m: int, x: Value, weight: Value, sums: tuple[Value, ...]) -> tuple[Value, ...]:
        """Write the products of one source channel: written out as far as it is not too long, else in loops."""
        task, code, rows, columns = self.task, self.task.code, self.rows, self.columns
        x_step, w_step = rows.reach * task.source.row, rows.tap_step * task.weights.row_step
        most = UNROLLED if m * place.n == self.main else UNROLLED_REST
        products = m * place.n * columns.taps

        def row(a: Number, *sums: Value) -> tuple[Value, ...]:
            x_row, w_row = code.address(x, a * x_step), code.address(weight, a * w_step, of="float")
            if products <= 2 * most:
                return self._tap_row(place, m, columns.taps, x_row, w_row, sums)

            def tap(b: Number, *sums: Value) -> tuple[Value, ...]:
                x_tap, w_tap = code.address(x_row, b * columns.reach), b * columns.tap_step
                return self._tap_row(place, m, 1, x_tap, code.address(w_row, w_tap, of="float"), sums)

            return several(code.loop(columns.taps, tap, *sums))

        first, stop = place.rows
        if isinstance(stop, Value) or products * rows.taps > most:
            return several(code.loop(stop, row, *sums, start=first))
        for a in range(rows.taps):
            sums = row(a, *sums)
        return sums

    def _tap_row(
        self, place: Place, m: int, taps: int, x: Value, weight: Value, sums: tuple[Value, ...]
    ) -> tuple[Value, ...]:
        """Write the products of a run of taps.

        Places are read afresh for each tap: LLVM would hold those that a later tap meets again, and put sums aside for
        them.
        """
        code, columns, n = self.task.code, self.columns, place.n
        met = [self._met(place, b) if taps == columns.taps else range(n) for b in range(taps)]

        def spread(j: int, b: int) -> Value:
            return code.broadcast(weight, j * self.task.weights.result_step + b * columns.tap_step)

        if taps > 1 and fits(m, n, code.target, held=m * taps):
            return self._sharing(m, n, met, x, spread, sums)
        for b, places in enumerate(met):

            def left(j: int, b: int = b) -> Value:
                return spread(j, b)

            def right(k: int, b: int = b) -> Value:
                return code.load(x, k * columns.advance + b * columns.reach, fresh=True)

            sums = add_products(code, sums, m, n, left, right, places)
        return sums

    def _met(self, place: Place, tap: int) -> range:
        """Return which places of a tile read the map through a tap, and not the zeros around it.

        A single one takes a neighbour with it: sums would move from register to register, as `tiles.fits` tells.
        """
        columns = self.columns
        if place.column is None:
            return range(place.n)
        inside = [k for k in range(place.n) if tap in columns.inside(place.column + k, self.task.source.width)]
        if not inside:
            return range(0)
        first = max(min(inside[0], place.n - 2), 0)
        return range(first, min(max(inside[-1] + 1, first + 2), place.n))

    def _sharing(
        self,
        m: int,
        n: int,
        met: list[range],
        x: Value,
        spread: Callable[[int, int], Value],
        sums: tuple[Value, ...],
    ) -> tuple[Value, ...]:
        """Write the products of a run of taps whose weights all fit the registers: each place is read once."""
        code, columns, total = self.task.code, self.columns, list(sums)
        weights = [[spread(j, b) for b in range(len(met))] for j in range(m)]
        reads = [(k * columns.advance + b * columns.reach, k, b) for b, places in enumerate(met) for k in places]
        for at in sorted({where for where, _, _ in reads}):
            read = code.load(x, at, fresh=True)
            for _, k, b in (pair for pair in reads if pair[0] == at):
                for j in range(m):
                    total[j * n + k] = code.fma(weights[j][b], read, total[j * n + k])
        return tuple(total)

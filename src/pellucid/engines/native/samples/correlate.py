"""The loops that convolutions share, forward and backward: sums of weights times places, tile by tile.

For a few places at a time: all that they read of a run of source channels stays in the nearest cache while all results
are made of it. Weights are read where they lie. Products with zeros around the maps are left out where that pays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ..ir import Number, Value
from .correlate_tile import Tile
from .correlation import Correlation, Place
from .geometry import Axis
from .tiles import Cut, best_cuts, cut

NEAR = 24 * 1024  # bytes of sources that stay in the nearest cache, next to weights and results
ROWS_WORTH = 0.03  # the part of all products with zeros above and below that pays for loops over fewer taps
COLUMNS_WORTH = 0.065  # the part of them beside the map that pays for tiles of their own
TILES = 4  # of a row that may be written out, each for the zeros that it meets
WRITTEN = 900  # products that they may have, in all


def correlate(task: Correlation, rows: Axis, columns: Axis) -> None:
    """Write the loops of a correlation over the places of two axes."""
    if rows.taps and columns.taps:
        _Loops(task, rows, columns).write()
    elif not task.add:
        _clear(task, rows, columns)


def skips_rows(rows: Axis, height: int) -> bool:
    """Return whether rows of zeros around a source of `height` rows are left out, and so never read."""
    return rows.outside(height) > ROWS_WORTH


def _clear(task: Correlation, rows: Axis, columns: Axis) -> None:
    """Write sums of nothing to all places of two axes, which no tap meets."""
    code, maps = task.code, task.result

    def channel(o: Number) -> None:
        value = code.broadcast(task.bias, o) if task.bias else code.zero()
        value = task.activation.apply(code, value) if task.activation else value

        def row(r: Number) -> None:
            start = code.address(task.y, maps.at(o, r * rows.step + rows.start, columns.start))

            def place(c: Number) -> None:
                code.store(value, start, c * columns.step)

            code.loop(columns.count, place)

        code.loop(rows.count, row)

    code.loop(maps.channels, channel)


def _cuts(task: Correlation, columns: Axis) -> tuple[Cut, Cut, bool]:
    """Return the tiles of the results and of a row's places, and whether each of a row is written for itself."""
    results, width, target = task.weights.results, columns.count, task.code.target
    time, *cuts = best_cuts(results, width, target)
    if not task.zeros or columns.outside(task.source.width) <= COLUMNS_WORTH:
        return cuts[0], cuts[1], False

    def steps(n: int) -> list[tuple[int, int]]:
        """Return how many places of a tile meet the map through a tap, and how often that is so, of all of both."""
        if width > TILES * n:
            return []
        met = (
            sum(tap in columns.inside(k, task.source.width) for k in range(first, min(first + n, width)))
            for first in range(0, width, n)
            for tap in range(columns.taps)
        )
        return [(places, times) for places, times in Counter(met).items() if places]

    apart, *known = best_cuts(results, width, target, steps=steps, most=WRITTEN)
    return (known[0], known[1], True) if apart < time * columns.taps else (cuts[0], cuts[1], False)


class _Loops:
    """The loops of one correlation over one pair of axes, from the outermost to the tiles."""

    def __init__(self, task: Correlation, rows: Axis, columns: Axis) -> None:
        self.task, self.code, self.rows, self.columns = task, task.code, rows, columns
        self.results, self.places, self.apart = _cuts(task, columns)
        self.run = self._run()
        self.tile = Tile(task, rows, columns, self.run == task.weights.sources, self.results.tile * self.places.tile)

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
        row_taps = self._row_taps()

        def group(g: Number) -> None:
            x = code.address(task.x, task.source.at(g * weights.sources, self.rows.first, self.columns.first))
            y = code.address(task.y, task.result.at(g * weights.results, self.rows.start, self.columns.start))
            first = g * weights.group_step + (self.rows.tap * weights.row_step + self.columns.tap)
            weight = code.address(task.weight, first, of="float")
            bias = code.address(task.bias, g * weights.results, of="float") if task.bias else None

            def row(r: Number) -> None:
                x_row = code.address(x, r * (self.rows.advance * task.source.row))
                y_row = code.address(y, r * (self.rows.step * task.result.row))
                taps = row_taps(r)

                def places(c: Number, n: int) -> None:
                    x_tile = code.address(x_row, c * self.columns.advance)
                    y_tile = code.address(y_row, c * self.columns.step)
                    column = c if isinstance(c, int) and self.apart else None
                    self._place(Place(n, column, taps, x_tile, weight, bias, y_tile))

                cut(code, self.places, places, apart=self.apart)

            code.loop(self.rows.count, row)

        code.loop(weights.groups, group)

    def _row_taps(self) -> Callable[[Number], tuple[Number, Number]]:
        """Return what tells the first row of taps that counts for a row of places, and the first that no more does."""
        code, rows, height = self.code, self.rows, self.task.source.height
        if not self.task.zeros or not skips_rows(rows, height):
            return lambda r: (0, rows.taps)
        met = [rows.inside(r, height) for r in range(rows.count)]
        starts, stops = code.table([taps.start for taps in met]), code.table([taps.stop for taps in met])
        return lambda r: (code.load(starts, r, of="i64"), code.load(stops, r, of="i64"))

    def _place(self, place: Place) -> None:
        """Write all results of a group at some places."""
        code, task, sources = self.code, self.task, self.task.weights.sources
        bias, activation = place.bias, task.activation
        if self.run == sources:
            cut(code, self.results, lambda o, m: self.tile.write(place, o, m, 0, sources))
            return
        if not task.add:
            self._each(place, lambda o, at: code.broadcast(bias, o) if bias else code.zero())

        def run(first: Value) -> None:
            stop = first + self.run
            last = code.select(code.compare("ult", stop, sources), stop, sources) if sources % self.run else stop
            cut(code, self.results, lambda o, m: self.tile.write(place, o, m, first, last))

        code.loop(sources, run, step=self.run)
        if activation:
            self._each(place, lambda o, at: activation.apply(code, code.load(at)))

    def _each(self, place: Place, new: Callable[[Number, Value], Value]) -> None:
        """Write a loop that gives each result at some places a new value, made of its number and address."""
        code = self.code

        def result(o: Number) -> None:
            start = code.address(place.y, o * self.task.result.plane)
            for k in range(place.n):
                at = code.address(start, k * self.columns.step)
                code.store(new(o, at), at)

        code.loop(self.task.weights.results, result)

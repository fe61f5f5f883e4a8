"""One tile of the gradient of a convolution's weights: sums that stay in registers while the places go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from ..ir import Code, Number, Value
from ..layout import Maps
from .geometry import ConvGeometry, forward_axis
from .products import add_products
from .tiles import fits, several

FEW = 64  # places of a row up to which rows without gaps are joined
UNROLLED = 256  # products written out for a row of places
WRITTEN = 600  # and for all rows, where they differ in the zeros that they meet
WORTH = 0.08  # the part of all products with zeros around the maps from which on it pays to leave them out


@dataclass(frozen=True)
class Task:
    """A gradient to be written, and the rows of places that it sums over.

    Args:
        code: the program.
        x, dy: layouts.
        conv: the convolution.
        zeros: what lies around x is zeros, so that products with it may be left out.
    """

    code: Code
    x: Maps
    dy: Maps
    conv: ConvGeometry
    zeros: bool

    @cached_property
    def joined(self) -> int:
        """Rows of a map that are gone through as one: pointwise between maps whose rows follow one another."""
        x, dy = self.x, self.dy
        if self.conv.area > 1 or self.conv.stride != (1, 1) or not x.row == x.width == dy.width == dy.row:
            return 1
        return max(f for f in range(1, dy.height + 1) if dy.height % f == 0 and (f == 1 or f * dy.width <= FEW))

    @property
    def rows(self) -> int:
        """Rows of places."""
        return self.dy.height // self.joined

    @property
    def width(self) -> int:
        """Places of a row."""
        return self.dy.width * self.joined

    @property
    def x_row(self) -> int:
        """Vectors of x from what one row of places reads to what the next does."""
        return self.x.row * self.conv.stride[0] * self.joined

    @property
    def dy_row(self) -> int:
        """Vectors of dy from one row of places to the next."""
        return self.dy.row * self.joined

    @property
    def down(self) -> int:
        """Vectors of x from one row of taps to the next."""
        return self.x.row * self.conv.dilation[0]

    @property
    def right(self) -> int:
        """Vectors of x from one tap of a row to the next."""
        return self.conv.dilation[1]


class Tap(NamedTuple):
    """A weight of one output channel, counted from the first of its tile."""

    channel: int
    row: int
    column: int


class _Run(NamedTuple):
    """Rows of places that meet the map, and not zeros around it, through the same taps."""

    start: Number
    stop: Number
    taps: Sequence[int]


class WeightTile:
    """The writer of the tiles.

    Args:
        task: what is wanted.
        single: the rows of places are all gone through at once.
    """

    def __init__(self, task: Task, *, single: bool) -> None:
        self.task, self.code = task, task.code
        self.inside = self._inside() if task.zeros and single and task.joined == 1 else None

    def _inside(self) -> tuple[list[range], list[range]] | None:
        """Return which taps of each row and column of places meet the map; None: too few miss it."""
        maps, sizes = self.task.dy, (self.task.x.height, self.task.x.width)
        axes = [forward_axis(self.task.conv, axis, places) for axis, places in enumerate((maps.height, maps.width))]
        missing = [axis.outside(size) for axis, size in zip(axes, sizes, strict=True)]
        if 1 - (1 - missing[0]) * (1 - missing[1]) < WORTH:
            return None
        met = [[axis.inside(k, size) for k in range(axis.count)] for axis, size in zip(axes, sizes, strict=True)]
        return met[0], met[1]

    def sums(
        self,
        m: int,
        taps: list[Tap],
        origin: tuple[int, int] | None,
        x: Value,
        dy: Value,
        first: Number,
        stop: Number,
    ) -> tuple[Value, ...]:
        """Write one tile over some rows of places, and return its sums over them: by output channel, then by tap.

        Args:
            m: output channels.
            taps: the taps.
            origin: row and column of the first tap in the kernel, where they are known numbers.
            x: what the first tap of the tile reads for the first place.
            dy: the first place of the first output channel.
            first: the first row of places.
            stop: the first that is not reached.
        """
        code, task, n = self.code, self.task, len(taps)
        runs = self._runs(taps, origin, first, stop)
        short = task.width * m * n * len(runs) <= (WRITTEN if len(runs) > 1 else UNROLLED)
        sums = (code.zero(),) * (m * n)
        for run in runs:

            def row(r: Number, *sums: Value, run: _Run = run) -> tuple[Value, ...]:
                x_row, dy_row = code.address(x, r * task.x_row), code.address(dy, r * task.dy_row)
                if short:
                    for c in range(task.width):
                        sums = self._products(m, taps, self._met(run, taps, origin, c), x_row, dy_row, c, sums)
                    return sums

                def place(c: Number, *sums: Value) -> tuple[Value, ...]:
                    x_place = code.address(x_row, c * task.conv.stride[1])
                    return self._products(m, taps, run.taps, x_place, code.address(dy_row, c), 0, sums)

                return several(code.loop(task.width, place, *sums))

            sums = several(code.loop(run.stop, row, *sums, start=run.start))
        return sums

    def _runs(self, taps: list[Tap], origin: tuple[int, int] | None, first: Number, stop: Number) -> list[_Run]:
        """Return the rows of places by the taps that count for them."""
        if self.inside is None or origin is None:
            return [_Run(first, stop, range(len(taps)))]
        rows = self.inside[0]
        met = [tuple(k for k, tap in enumerate(taps) if origin[0] + tap.row in rows[r]) for r in range(len(rows))]
        runs: list[_Run] = []
        for count, group in groupby(range(len(rows)), key=lambda r: met[r]):
            members = list(group)
            if count:
                runs.append(_Run(members[0], members[-1] + 1, count))
        return runs

    def _met(self, run: _Run, taps: list[Tap], origin: tuple[int, int] | None, place: int) -> Sequence[int]:
        """Return the taps of a run that meet the map at a place of its rows."""
        if self.inside is None or origin is None:
            return run.taps
        columns = self.inside[1][place]
        return [k for k in run.taps if origin[1] + taps[k].column in columns]

    def _products(
        self,
        m: int,
        taps: list[Tap],
        met: Sequence[int],
        x: Value,
        dy: Value,
        place: int,
        sums: tuple[Value, ...],
    ) -> tuple[Value, ...]:
        """Write the products of one place.

        One output channel's products wait for what they read: LLVM may hold what the next place reads again, if there
        are registers. Otherwise it must not.
        """
        code, task = self.code, self.task
        fresh = m > 1 or not fits(1, len(taps), code.target, held=len(taps))

        def gradient(j: int) -> Value:
            return code.load(dy, j * task.dy.plane + place, fresh=True)

        def read(k: int) -> Value:
            tap = taps[k]
            at = tap.channel * task.x.plane + tap.row * task.down + tap.column * task.right
            return code.load(x, at + place * task.conv.stride[1], fresh=fresh)

        return add_products(code, sums, m, len(taps), gradient, read, met)

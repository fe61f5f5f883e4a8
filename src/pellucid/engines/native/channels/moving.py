"""Numbers that only change their places, in channel lanes: by shuffles if channels stay channels, else by an array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ....layers.node import Shape
from ..ir import Code, Number, Value
from ..samples.moving import Places, Table, Tables, each_place, tables_of
from .layout import Blocked
from .packing import each_kind
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class Pattern:
    """Where the lanes of a block come from.

    Args:
        blocks: the source's blocks, counted from the first of them.
        lanes: for each lane the number of one of `blocks` and the lane there; None: the constant; no more lanes than
            there are channels.
    """

    blocks: tuple[int, ...]
    lanes: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class Pick(Blockwise):
    """y = the numbers of x in the channel, row and column that the tables name; a constant where one of them is None.

    Args:
        x, y: the layouts.
        tables: of channels, and of vectors from a block's first place for rows and columns.
        value: the constant.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Blocked
    y: Blocked
    tables: Tables
    value: float = 0.0

    @cached_property
    def _patterns(self) -> list[tuple[Pattern, int]]:
        """For each block its pattern, and the source's first block."""
        lanes, found = self.y.lanes, list[tuple[Pattern, int]]()
        for first in range(0, self.y.channels, lanes):
            sources = self.tables.channels[first : first + lanes]
            blocks = sorted({source // self.x.lanes for source in sources if source is not None})
            base = blocks[0] if blocks else 0
            moved = tuple(
                None if source is None else (blocks.index(source // self.x.lanes), source % self.x.lanes)
                for source in sources
            )
            found.append((Pattern(tuple(block - base for block in blocks), moved), base))
        return found

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places for each pattern."""
        kinds = list(dict.fromkeys(pattern for pattern, _ in self._patterns))
        bases = code.table([base for _, base in self._patterns])
        kind = code.load(code.table([kinds.index(pattern) for pattern, _ in self._patterns]), block, of="i64")
        base = code.load(bases, block, of="i64")
        for number, pattern in enumerate(kinds):
            code.when(code.compare("eq", kind, number), lambda p=pattern: self._walk(code, p, base, block, pointers))
        clear_around(code, pointers[1], self.y, block)

    def _walk(self, code: Code, pattern: Pattern, base: Value, block: Value, pointers: tuple[Value, ...]) -> None:
        x, y = pointers
        from_ = [code.address(x, self.x.at(base + each)) for each in pattern.blocks]
        to = block_at(code, y, self.y, block)
        filled = self._constant(code, len(pattern.lanes))
        tables = Tables((0,) if from_ else (None,), self.tables.rows, self.tables.columns)

        def place(source: Number | None, at: Number) -> None:
            vector = filled
            for k, address in enumerate(from_ if source is not None else ()):
                assert source is not None
                moved = list(range(code.lanes))
                for lane, read in enumerate(pattern.lanes):
                    if read is not None and read[0] == k:
                        moved[lane] = code.lanes + read[1]
                vector = code.shuffle(vector, code.load(address, source), moved)
            code.store(vector, to, at)

        each_place(code, tables, one_block(self.y), place)

    def _constant(self, code: Code, channels: int) -> Value:
        """Return the constant in lanes that have a channel, and 0 in the others."""
        chosen = [lane if lane < channels else code.lanes + lane for lane in range(code.lanes)]
        return code.shuffle(code.splat(self.value), code.zero(), chosen)


@dataclass(frozen=True)
class Lay(Blockwise):
    """Put an array into lanes, each number at the place that is the sum of what its channel, row and column say.

    Args:
        step: numbers of the array from one channel to the next.
        tables: of rows and columns; that of channels is (0,).
        y: the layout.
    """

    arguments: ClassVar[tuple[str, ...]] = ("array", "y")
    step: int
    tables: Tables
    y: Blocked

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places."""
        array, y = pointers
        start = code.address(array, block * (self.step * self.y.lanes), of="float")
        to = block_at(code, y, self.y, block)

        def walk(channels: int) -> None:
            def place(source: Number | None, at: Number) -> None:
                assert source is not None
                numbers, vector = code.address(start, source, of="float"), code.zero()
                for lane in range(channels):
                    number = code.load(numbers, lane * self.step, of="float")
                    vector = code.let(f"insertelement {vector.type} {vector}, float {number}, i64 {lane}", vector.type)
                code.store(vector, to, at)

            each_place(code, self.tables, one_block(self.y), place)

        each_kind(code, block, self.y, walk)
        clear_around(code, y, self.y, block)


def laid(places: Places, y: Blocked) -> Lay:
    """Return what lays out a value whose numbers, as channels, rows and columns, come from such places of an array."""
    tables = tables_of(places, np.arange(int(places.max()) + 1))
    first, *others = tables.channels
    steps = {(after or 0) - (before or 0) for before, after in zip(tables.channels, others, strict=False)}
    assert len({first, *steps}) <= 2, "channels lie evenly in any layer that keeps the order of some axis"
    return Lay(steps.pop() if steps else 0, Tables((0,), tables.rows, tables.columns), y)


def picked(places: Places, shape: Shape, x: Blocked, y: Blocked, value: float) -> Pick | None:
    """Return what copies numbers whose channels stay channels; None where channels and places mix.

    Args:
        places: (channels, rows, columns) where each number of y comes from; below 0: a constant.
        shape: the input's.
        x: the input's layout.
        y: the output's.
        value: the constant.
    """
    constant = places < 0
    own = np.stack(_in_lanes(np.where(constant, 0, places), shape))
    tables: list[Table] = []
    for axis, step in enumerate((1, x.row, 1)):
        lines = np.where(constant, -1, own[axis])
        told = lines.max(axis=tuple(other for other in range(3) if other != axis))
        tables.append(tuple(None if at < 0 else int(at) * step for at in told))
        shown = np.expand_dims(told, tuple(other for other in range(3) if other != axis))
        if not np.array_equal(np.where(constant, -1, shown), lines):
            return None
    return Pick(x, y, Tables(*tables), value)


def seen(places: Places) -> Places:
    """Return places of numbers in any shape as (channels, rows, columns) of lanes, as `blocked_of` lays them out."""
    return places if places.ndim == 3 else places.reshape(-1, places.shape[-1]).T[:, None, :]


def _in_lanes(numbers: Places, shape: Shape) -> tuple[Places, ...]:
    """Return the channel, row and column of lanes in which numbers of a value lie."""
    if len(shape) == 3:
        return np.unravel_index(numbers, shape)
    return numbers % shape[-1], np.zeros_like(numbers), numbers // shape[-1]

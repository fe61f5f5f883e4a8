"""Where branches meet: channels one after another, wherever they begin in a block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ..ir import Code, Value
from ..layout import Maps
from ..samples.places import walk
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class Part:
    """Neighbouring channels of one value that go into a block of the joined one.

    Args:
        source: the number of the value.
        block: its block that holds the first of them.
        first: the lane there.
        lane: the lane in the joined block.
        count: how many.
    """

    source: int
    block: int
    first: int
    lane: int
    count: int


@dataclass(frozen=True)
class Concat(Blockwise):
    """Put the channels of several maps one after another.

    Args:
        xs: the layouts of what is joined.
        y: the layout of it all.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    xs: tuple[Blocked, ...]
    y: Blocked

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.xs) + 1

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over all places for each run of blocks that are alike."""
        for first, blocks, parts in self._runs():
            inside = code.compare("uge", block, first) & code.compare("ult", block, first + blocks)
            code.when(inside, lambda first=first, parts=parts: self._block(code, block, block - first, parts, pointers))
        clear_around(code, pointers[-1], self.y, block)

    def _block(self, code: Code, block: Value, turn: Value, parts: list[Part], pointers: tuple[Value, ...]) -> None:
        """Write a walk over the places of a block, `turn` blocks after the first one that is like it."""
        lanes = self.y.lanes
        values: list[tuple[Value, Maps]] = []
        for part in parts:
            maps = self.xs[part.source]
            for k in range(1 + (part.first + part.count > lanes)):
                values.append((block_at(code, pointers[part.source], maps, turn + (part.block + k)), one_block(maps)))
        values.append((block_at(code, pointers[-1], self.y, block), one_block(self.y)))

        def place(*places: Value) -> None:
            reads = iter(places)
            vector = code.zero()
            for part in parts:
                low = code.load(next(reads))
                high = code.load(next(reads)) if part.first + part.count > lanes else low
                moved = [0] * lanes
                for k in range(part.count):
                    moved[part.lane + k] = part.first + k
                piece = code.shuffle(low, high, moved)
                inside = [lane + lanes if part.lane <= lane < part.lane + part.count else lane for lane in range(lanes)]
                vector = code.shuffle(vector, piece, inside)
            code.store(vector, places[-1])

        walk(code, values, place)

    def _runs(self) -> list[tuple[int, int, list[Part]]]:
        """Return runs of blocks whose parts are the same but for the number of the source's block."""
        runs: list[tuple[int, int, list[Part]]] = []
        for block in range(self.y.blocks):
            parts = self._parts(block)
            if runs:
                first, count, begun = runs[-1]
                if len(parts) == len(begun) == 1 and parts[0] == _later(begun[0], count):
                    runs[-1] = first, count + 1, begun
                    continue
            runs.append((block, 1, parts))
        return runs

    def _parts(self, block: int) -> list[Part]:
        lanes, parts, begin = self.y.lanes, list[Part](), 0
        for source, maps in enumerate(self.xs):
            low, high = max(begin, block * lanes), min(begin + maps.channels, (block + 1) * lanes)
            if low < high:
                number, first = divmod(low - begin, lanes)
                parts.append(Part(source, number, first, low - block * lanes, high - low))
            begin += maps.channels
        return parts


def _later(part: Part, blocks: int) -> Part:
    return Part(part.source, part.block + blocks, part.first, part.lane, part.count)


@dataclass(frozen=True)
class ConcatPlaces(Blockwise):
    """Put the places of several values one after another, along columns or rows.

    Args:
        xs: the layouts of what is joined.
        y: the layout of it all.
        rows: along rows.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    xs: tuple[Blocked, ...]
    y: Blocked
    rows: bool = False

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.xs) + 1

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over each value's places."""
        *xs, y = pointers
        whole, done = one_block(self.y), 0
        for x, maps in zip(xs, self.xs, strict=True):
            top, left = (done, 0) if self.rows else (0, done)
            part = replace(whole, height=maps.height, width=maps.width, top=whole.top + top, left=whole.left + left)
            part = replace(part, right=0, gap=whole.row - part.left - part.width)

            def place(x: Value, y: Value) -> None:
                code.store(code.load(x), y)

            walk(
                code,
                [(block_at(code, x, maps, block), one_block(maps)), (block_at(code, y, self.y, block), part)],
                place,
            )
            done += maps.height if self.rows else maps.width
        clear_around(code, y, self.y, block)

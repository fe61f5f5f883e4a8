"""Copies of maps with more around them: zeros, or places of the maps themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ....window import Window
from ..ir import Code, Number, Value
from ..samples.places import along, walk
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class Copy(Blockwise):
    """Copy maps into another layout, and fill the halo there.

    Args:
        x, y: the layouts.
        mode: what fills the halo: "zeros", "reflect", "replicate" or "circular".
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Blocked
    y: Blocked
    mode: str = "zeros"

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write a walk over the places, or over the halo as well."""
        x, y = pointers
        from_, to = block_at(code, x, self.x, block), block_at(code, y, self.y, block)
        if self.mode == "zeros":

            def place(x: Value, y: Value) -> None:
                code.store(code.load(x), y)

            walk(code, [(from_, one_block(self.x)), (to, one_block(self.y))], place)
            clear_around(code, y, self.y, block)
            return
        top, bottom, left, right = self.y.halo
        rows = code.table([int(r) for r in Window(1, padding=(top, bottom)).sources(self.y.height, self.mode)])
        columns = code.table([int(c) for c in Window(1, padding=(left, right)).sources(self.y.width, self.mode)])

        def row(r: Number) -> None:
            source = code.address(from_, one_block(self.x).at(0, code.load(rows, r, of="i64")))
            start = code.address(to, one_block(self.y).at(0, r - top, -left))

            def column(c: Number) -> None:
                code.store(code.load(source, code.load(columns, c, of="i64")), start, c)

            along(code, left + self.y.width + right, column, 1)

        code.loop(top + self.y.height + bottom, row)

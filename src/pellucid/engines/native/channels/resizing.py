"""Maps resized in channel lanes, block by block of channels: what resizes in sample lanes does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Value
from ..samples import resizing
from .layout import Blocked
from .places import Blockwise, block_at, clear_around, one_block


@dataclass(frozen=True)
class Resize(Blockwise):
    """y = for each place the numbers of two rows and two columns, weighed.

    Args:
        x, y: the layouts.
        rows, columns: what each row and column of y weighs.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    x: Blocked
    y: Blocked
    rows: tuple[resizing.Share, ...]
    columns: tuple[resizing.Share, ...]

    def block(self, code: Code, block: Value, *pointers: Value) -> None:
        """Write the loops over all outputs of a block."""
        x, y = pointers
        kernel = resizing.Resize(one_block(self.x), one_block(self.y), self.rows, self.columns)
        kernel.write(code, block, block_at(code, x, self.x, block), block_at(code, y, self.y, block))
        clear_around(code, y, self.y, block)

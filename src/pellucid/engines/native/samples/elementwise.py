"""Functions of every number by itself, in sample lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Value
from ..kernel import Kernel


@dataclass(frozen=True)
class Relu(Kernel):
    """y = max(x, 0), over a run of vectors."""

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    size: int

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one loop."""
        x, y = pointers
        zero = code.zero()

        def turn(i: Value) -> None:
            code.store(code.call("maximum", code.load(x, i), zero), y, i)

        code.loop(self.size, turn)

"""A kernel that is cut into items, as one step of one thread: for networks that are too small to be shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..ir import Code, Number, Value
from ..kernel import Kernel


@runtime_checkable
class Cut(Protocol):
    """What a kernel that is cut into items tells."""

    @property
    def items(self) -> int:
        """How many items make the layer."""
        ...


@dataclass(frozen=True)
class Whole(Kernel):
    """All items of a kernel, one after another.

    Args:
        kernel: the kernel.
    """

    kernel: Kernel

    def count(self) -> int:
        """Return how many pointers it takes."""
        return self.kernel.count()

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over the items."""

        def each(number: Number) -> None:
            self.kernel.write(code, code.constant(number, "i64"), *pointers)

        code.loop(items_of(self.kernel), each)


def items_of(kernel: Kernel) -> int:
    """Return into how many items a kernel is cut."""
    return kernel.items if isinstance(kernel, Cut) else 1

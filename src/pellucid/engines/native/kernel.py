"""A kernel: one small function of machine code, told by its geometry. Kernels are data until somebody writes them out.

The function has two parameters: an array of pointers, and the number of the item that it works on. Where the pointers
point is the driver's business; everything else is constant in the code.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from .ir import Code, Value
from .machine import Target


@dataclass(frozen=True)
class Kernel:
    """A function of machine code. Subclasses are frozen dataclasses: their fields are the geometry.

    Attributes:
        arguments: what each pointer points to, in order.
    """

    arguments: ClassVar[tuple[str, ...]]

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the function's body."""
        raise NotImplementedError

    def count(self) -> int:
        """Return how many pointers it takes."""
        return len(self.arguments)

    def text(self, target: Target) -> tuple[str, str]:
        """Return a name for the function that its code decides, and the module that holds it, as LLVM IR."""
        body = self.module(target, "kernel")
        name = "k" + digest(f"{target} {body}")
        return name, body.replace("@kernel", f"@{name}")

    def module(self, target: Target, name: str) -> str:
        """Return the module that holds the function under a name, as LLVM IR."""
        code = Code(target, name, [("ptr", "args"), ("i64", "item")])
        args, item = code.parameters
        pointers = [code.load(args, k, of="ptr") for k in range(self.count())]
        self.write(code, item, *pointers)
        return code.text()


def digest(text: str) -> str:
    """Return a short name for a text, its own for all practical purposes."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]

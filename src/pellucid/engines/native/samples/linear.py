"""Linear layers in sample lanes: y = W x + b and its gradient in x, for one block of samples or for all at once.

Where the weights are large, a thread takes some of the outputs (or inputs) of all blocks, so that it reads its share of
the weights once a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..ir import Code, Value
from ..kernel import Kernel
from ..machine import Target
from .elementwise import Activation
from .linear_weights import LinearBiasGradient, LinearWeightGradient
from .matrix import SPREAD, Operands, product

__all__ = [
    "LinearBiasGradient",
    "LinearForward",
    "LinearInputGradient",
    "LinearWeightGradient",
    "WideLinearForward",
    "WideLinearInputGradient",
]

ITEMS = 32  # of a wide layer, about: enough for many threads
MOST = 8 * SPREAD  # outputs (or inputs) of an item: their sums for a few blocks stay in the second cache


@dataclass(frozen=True)
class LinearForward(Kernel):
    """y = W x + b for one block.

    Args:
        inputs, outputs: features.
        rows: vectors of features of each sample, one after another.
        bias: there is one.
        activation: a function of the result.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y")  # bias if there is one
    inputs: int
    outputs: int
    rows: int
    bias: bool
    activation: Activation | None

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 4 if self.bias else 3

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the product with every row."""
        x, weight, *bias, y = pointers
        operands = Operands(weight, x, y, self.inputs, self.inputs, 1, self.rows, self.inputs, self.outputs)
        product(
            code, operands, 0, self.outputs, self.outputs, bias=bias[0] if bias else None, activation=self.activation
        )


@dataclass(frozen=True)
class LinearInputGradient(Kernel):
    """dx = dy W for one block.

    Args:
        inputs, outputs: features.
        rows: vectors of features of each sample, one after another.
        add: add to dx.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "weight", "dx")
    inputs: int
    outputs: int
    rows: int
    add: bool

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the product with every row."""
        dy, weight, dx = pointers
        operands = Operands(weight, dy, dx, self.outputs, 1, self.inputs, self.rows, self.outputs, self.inputs)
        product(code, operands, 0, self.inputs, self.inputs, add=self.add)


@dataclass(frozen=True)
class WideLinearForward(Kernel):
    """y = W x + b for all blocks; each item is a tile of outputs.

    Args:
        inputs, outputs: features.
        bias: there is one.
        activation: a function of the result.
        x_stride, y_stride: vectors from one block to the next.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "weight", "bias", "y", "blocks")  # bias if there is one
    inputs: int
    outputs: int
    bias: bool
    activation: Activation | None
    x_stride: int
    y_stride: int

    def count(self) -> int:
        """Return how many pointers it takes."""
        return 5 if self.bias else 4

    def items(self, target: Target) -> int:
        """Return how many items there are."""
        return -(-self.outputs // _tile(self.outputs))

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the product with all blocks."""
        x, weight, *bias, y, blocks = pointers
        columns = code.load(blocks, of="i64")
        operands = Operands(weight, x, y, self.inputs, self.inputs, 1, columns, self.x_stride, self.y_stride)
        first, last = _range(code, item, self.outputs)
        product(code, operands, first, last, self.outputs, bias=bias[0] if bias else None, activation=self.activation)


@dataclass(frozen=True)
class WideLinearInputGradient(Kernel):
    """dx = dy W for all blocks; each item is a tile of inputs.

    Args:
        inputs, outputs: features.
        add: add to dx.
        dy_stride, dx_stride: vectors from one block to the next.
    """

    arguments: ClassVar[tuple[str, ...]] = ("dy", "weight", "dx", "blocks")
    inputs: int
    outputs: int
    add: bool
    dy_stride: int
    dx_stride: int

    def items(self, target: Target) -> int:
        """Return how many items there are."""
        return -(-self.inputs // _tile(self.inputs))

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write the product with all blocks."""
        dy, weight, dx, blocks = pointers
        columns = code.load(blocks, of="i64")
        operands = Operands(weight, dy, dx, self.outputs, 1, self.inputs, columns, self.dy_stride, self.dx_stride)
        first, last = _range(code, item, self.inputs)
        product(code, operands, first, last, self.inputs, add=self.add)


def _tile(size: int) -> int:
    """Return how many outputs (or inputs) of `size` make an item."""
    return min(-(-size // (ITEMS * SPREAD)) * SPREAD, MOST)


def _range(code: Code, item: Value, size: int) -> tuple[Value, Value]:
    first = item * _tile(size)
    return first, code.call("umin", first + _tile(size), code.constant(size, "i64"))

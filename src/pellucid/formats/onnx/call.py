"""One node of an ONNX graph: its attributes, what it reads, and how to add a layer for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ...layers import REGISTRY, Layer, Node
from ..opening import Opening, UnreadableError, make
from ..stored import Stored

BATCH = -(2**62) - 57  # stands in shapes for a batch of any size; only moved, never calculated with


@dataclass(frozen=True)
class Tall:
    """A value on its way through more axes than a value here has: laid out, and turned, to be laid out anew.

    Args:
        node: where its numbers come from.
        shape: how they are laid out.
        order: which of these axes each of its own is.
    """

    node: Node
    shape: tuple[int, ...]
    order: tuple[int, ...]

    def turned(self, order: tuple[int, ...]) -> Tall:
        """Return the value with its axes in another order."""
        if sorted(order) != list(range(len(self.order))):
            raise UnreadableError(f"an order {order!r:.60} of {len(self.order)} axes")
        return Tall(self.node, self.shape, tuple(self.order[axis] for axis in order))


Value = Node | Stored | Tall | None
# What changes nothing of what we take from a node: the order of indices, seeds of what training drops, precisions.
UNFOLLOWED: dict[str, set[str]] = {
    "Cast": {"round_mode", "saturate"},
    "Dropout": {"seed"},
    "GroupNormalization": {"stash_type"},
    "LayerNormalization": {"stash_type"},
    "MaxPool": {"storage_order"},
}
Fuse = Callable[[int], Stored | None]


@dataclass
class Call:
    """A node being read.

    Args:
        opening: the network being built.
        op: its operator.
        name: what its node will be called.
        values: what it reads; None is an input that is left out.
        attributes: its attributes by name.
        batch: the model's batch size, or BATCH.
        outputs: the names of the values that it gives.
        reads_of: how often the model reads a value, by the node that gives it.
        fuse: gives the constant that the only reader of this node adds along an axis, and makes both one.
    """

    opening: Opening
    op: str
    name: str
    values: list[Value]
    attributes: Mapping[str, Any]
    batch: int
    outputs: Sequence[str]
    reads_of: Callable[[Node], int]
    fuse: Fuse
    used: set[str] = field(default_factory=set[str])

    def get(self, name: str, usual: Any) -> Any:
        """Return an attribute."""
        self.used.add(name)
        value = self.attributes.get(name, usual)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def number(self, name: str, usual: float) -> float:
        """Return an attribute that is a real number: the shortest that is the same in float32, as it is stored."""
        return float(str(np.float32(self.get(name, usual))))

    def node(self, place: int = 0) -> Node:
        """Return a value that is computed."""
        value = self.values[place] if place < len(self.values) else None
        if not isinstance(value, Node):
            raise UnreadableError(f"input {place} is a constant or left out, where a computed value is expected")
        return value

    def maps(self) -> Node:
        """Return input 0, which is computed and has channels, height and width."""
        node = self.node()
        if len(node.shape) != 3:
            told = f"an input of {len(node.shape) + 1} axes, where (batch, channels, height, width) is expected"
            raise UnreadableError(told)
        return node

    def has(self, place: int) -> bool:
        """Return whether an input is given."""
        return place < len(self.values) and self.values[place] is not None

    def constant(self, place: int) -> Stored:
        """Return a value that is a constant of the model."""
        value = self.values[place] if place < len(self.values) else None
        if not isinstance(value, Stored):
            raise UnreadableError(f"input {place} is not a constant")
        return value

    def numbers(self, place: int) -> list[int]:
        """Return a constant's whole numbers."""
        stored = self.constant(place)
        if math.prod(stored.shape) > 64:
            raise UnreadableError(f"input {place} has more than 64 numbers")
        return [int(number) for number in stored.read().reshape(-1)]

    def scalar(self, place: int, usual: float | None) -> float | None:
        """Return a constant's only number, or `usual` where it is left out."""
        if not self.has(place):
            return usual
        numbers = self.constant(place).read().reshape(-1)
        if len(numbers) != 1:
            raise UnreadableError(f"input {place} has {len(numbers)} numbers, not one")
        return float(str(np.float32(numbers[0])))

    def axis(self, number: int, node: Node) -> int:
        """Return ONNX's axis as one of ours, which do not count the batch."""
        rank = len(node.shape) + 1
        if not -rank <= number < rank or number % rank == 0:
            raise UnreadableError(f"axis {number} of {rank}, where one without the batch is expected")
        return number % rank - 1

    def axes(self, since: int, node: Node) -> list[int]:
        """Return axes: an attribute, or, from this opset on (`since` is 1), input 1."""
        found = self.numbers(1) if since and self.has(1) else self.get("axes", [])
        return sorted(self.axis(number, node) for number in found)

    def check_used(self) -> None:
        """Refuse a node that says more than was followed."""
        left = sorted(set(self.attributes) - self.used - UNFOLLOWED.get(self.op, set()))
        if left:
            raise UnreadableError(f"the attribute {left[0]!r:.60}, which is not followed here")

    def add(
        self, layer: Layer, *nodes: Node, weights: Mapping[str, Stored] | None = None, name: str = ""
    ) -> Node | None:
        """Wire a layer onto nodes, by default onto input 0."""
        self.check_used()
        read = nodes or (self.node(),)
        return self.opening.add(layer, *read, name=name or self.name, weights=weights, op=self.op)

    def reshaped(self, node: Node, shape: tuple[int, ...], *, name: str = "", checked: bool = True) -> Node | None:
        """Return a value in another shape, which it may have already."""
        if shape == node.shape:
            return node
        layer = REGISTRY["Flatten"]() if len(shape) == 1 else make("Reshape", shape)
        if checked:
            self.check_used()
        return self.opening.add(layer, node, name=name or self.name, op=self.op)

    def said(self, sizes: Sequence[int]) -> list[int | str]:
        """Return sizes as they are told, the batch's by its name."""
        return ["batch" if size == BATCH else size for size in sizes]

    def is_read_elsewhere(self, last: Node, first: Node) -> bool:
        """Return whether more reads a chain of two nodes than this one at its end."""
        given = self.reads_of(first), self.reads_of(last), self.opening.reads_of(first), self.opening.reads_of(last)
        return given != (1, 1, 1, 0)


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return a node's attributes by name: numbers, texts, lists, or protocol messages."""
    if len({item.name for item in node.attribute}) < len(node.attribute):
        raise UnreadableError("an attribute twice")
    try:
        return {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    except ValueError:
        raise UnreadableError("an attribute of no type") from None


def holds_batch(*arrays: NDArray[Any]) -> bool:
    """Return whether one of the arrays holds the batch's size."""
    return any(array.dtype == np.int64 and bool(np.any(array == BATCH)) for array in arrays)


def alone(name: str, value: float) -> Stored:
    """Return a weight of one number."""
    return Stored.of(name, np.full((1,), value, np.float32))

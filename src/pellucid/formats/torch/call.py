"""One operation being opened: its arguments by name, its values, and how to add a layer for it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from ...layers import Flatten, Layer, Node
from ..opening import Opening, UnreadableError, make
from ..stored import Stored
from .program import BATCH, UNKNOWN, Ref, Sizes, Step

Value = Node | Stored | None
Shared = dict[tuple[Any, ...], Layer]


@dataclass
class Call:
    """An operation with its values.

    Args:
        opening: the network being built.
        step: the operation.
        values: the values of the program so far.
        shapes: the shapes that the program tells.
        batch: the batch's size, or BATCH.
        name: what its node will be called.
        own: whether the module that runs it does nothing else: called again, it is the same layer again.
        shared: the layers so far, by what makes them the same.
        trained: the ids of the constants that are trained.
    """

    opening: Opening
    step: Step
    values: Mapping[str, Value]
    shapes: Mapping[str, Sizes]
    batch: int
    name: str
    own: bool
    shared: Shared
    trained: Collection[int]
    used: set[str] = field(default_factory=set[str])

    def get(self, name: str, usual: Any = None) -> Any:
        """Return an argument: a number, a text, a list; `usual` where it is left out or None."""
        self.used.add(name)
        value = self.step.args.get(name)
        return usual if value is None else value

    def ignore(self, *names: str) -> None:
        """Note arguments that change nothing here."""
        self.used.update(names)

    def value(self, name: str) -> Value:
        """Return an argument that is a value, or None where it is left out."""
        ref = self.get(name)
        if ref is not None and not isinstance(ref, Ref):
            raise UnreadableError(f"{name} is {ref!r:.60}, where a tensor is expected")
        return None if ref is None else self.values[ref.name]

    def node(self, name: str) -> Node:
        """Return an argument that is computed from the inputs."""
        value = self.value(name)
        if not isinstance(value, Node):
            raise UnreadableError(f"{name} is a constant, where a computed value is expected")
        return value

    def operand(self, name: str) -> Node | Stored:
        """Return one side of a sum or product: a value, or a number as a constant."""
        found = self.get(name)
        if isinstance(found, int | float) and found not in (BATCH, UNKNOWN):
            return Stored.of(f"the number {found:g}", np.array(found, np.float64))
        value = self.value(name)
        if value is None:
            raise UnreadableError(f"{name} is left out")
        return value

    def nodes(self, name: str) -> list[Node]:
        """Return an argument that is a list of computed values."""
        found = [self.values[item.name] if isinstance(item, Ref) else None for item in self.get(name, [])]
        if not all(isinstance(value, Node) for value in found):
            raise UnreadableError(f"{name} holds a constant, where computed values are expected")
        return cast("list[Node]", found)

    def constant(self, name: str) -> Stored:
        """Return an argument that is a constant of the model."""
        value = self.value(name)
        if not isinstance(value, Stored):
            raise UnreadableError(f"{name} is computed or left out, where a constant is expected")
        return value

    def is_trained(self) -> bool:
        """Return whether the constants that are read are trained."""
        constants = [id(self.values[name]) for name in self.step.reads if isinstance(self.values[name], Stored)]
        return bool(constants) and all(constant in self.trained for constant in constants)

    def weights(self, **given: str) -> dict[str, Stored]:
        """Return a layer's weights, by the layer's names, from those arguments that are there."""
        return {short: self.constant(name) for short, name in given.items() if self.get(name) is not None}

    def whole(self, name: str, usual: int | None = None) -> int:
        """Return a whole number that is known."""
        number = self.get(name, usual)
        if not isinstance(number, int) or number in (BATCH, UNKNOWN):
            raise UnreadableError(f"{name} is {_told(number)}, where a whole number is expected")
        return number

    def number(self, name: str, usual: float) -> float:
        """Return a real number that is known."""
        number = self.get(name, usual)
        if not isinstance(number, int | float) or number in (BATCH, UNKNOWN):
            raise UnreadableError(f"{name} is {_told(number)}, where a number is expected")
        return float(number)

    def sizes(self, name: str) -> list[int]:
        """Return whole numbers, of which the batch's size may be one."""
        found: Any = self.get(name, [])
        found = [found] if isinstance(found, int) else found
        if not isinstance(found, list) or not all(isinstance(size, int) for size in cast("list[Any]", found)):
            raise UnreadableError(f"{name} is {_told(found)}, where whole numbers are expected")
        return cast("list[int]", found)

    def pair(self, name: str, usual: int | tuple[int, int] | None) -> tuple[int, int]:
        """Return numbers for (height, width); one number, or one in a list, is for both."""
        found = self.sizes(name)
        if not found and usual is not None:
            return (usual, usual) if isinstance(usual, int) else usual
        if len(found) not in (1, 2) or any(size in (BATCH, UNKNOWN) for size in found):
            raise UnreadableError(f"{name} is {_told(found)}, where numbers for height and width are expected")
        return found[0], found[-1]

    def axis(self, name: str, node: Node, usual: int | None = None) -> int:
        """Return an axis as one of ours, which do not count the batch."""
        return self._axis(self.whole(name, usual), node)

    def axes(self, name: str, node: Node) -> list[int]:
        """Return axes, in order; none is all of them."""
        return sorted({self._axis(number, node) for number in self.sizes(name) or range(len(node.shape) + 1)})

    def _axis(self, number: int, node: Node) -> int:
        rank = len(node.shape) + 1
        if not -rank <= number < rank or number % rank == 0:
            raise UnreadableError(f"axis {number} of {rank}, where one without the batch is expected")
        return number % rank - 1

    def maps(self, name: str) -> Node:
        """Return an argument that is computed and is maps."""
        node = self.node(name)
        if len(node.shape) != 3:
            raise UnreadableError(
                f"a value of {len(node.shape) + 1} axes, where (batch, channels, height, width) is expected"
            )
        return node

    def add(
        self, layer: Layer, *nodes: Node, weights: Mapping[str, Stored] | None = None, told: str | None = None
    ) -> Node | None:
        """Wire a layer onto nodes; a module that is called again is the same layer, with the same weights.

        Args:
            layer: the layer.
            nodes: what it reads.
            weights: its weights by its own names.
            told: which value this is, whose shape the program may tell; by default the first that the operation gives.
        """
        weights = weights or {}
        constants = tuple(id(self.values[name]) for name in self.step.reads if isinstance(self.values[name], Stored))
        if constants or self.own:
            layer = self.shared.setdefault((layer, constants or self.step.place.path), layer)
        shape = layer.shape_of(*(node.shape for node in nodes))
        wanted = self.shapes.get(self.step.gives[0] if told is None else told, ())
        if wanted and wanted != (self.batch, *shape):
            raise UnreadableError(f"it gives shape {_told(list(wanted))} there, and (batch, {shape}) here")
        return self.opening.add(layer, *nodes, name=self.name, weights=weights, op=self.step.op)

    def reshaped(self, node: Node, shape: tuple[int, ...]) -> Node | None:
        """Return a value in another shape, which it may have already."""
        if shape == node.shape:
            return node
        return self.add(Flatten() if len(shape) == 1 else make("Reshape", shape), node)

    def regrouped(self, node: Node, sizes: list[int]) -> Node | None:
        """Return a value in a new shape that is told with the batch, and leaves it."""
        rest, count = sizes[1:], math.prod(node.shape)
        if rest.count(-1) == 1 and sizes[0] == self.batch:
            known = -math.prod(rest)
            rest = [count // known if size == -1 and known > 0 else size for size in rest]
        if not rest or sizes[0] not in (-1, self.batch) or any(size < 1 for size in rest) or math.prod(rest) != count:
            raise UnreadableError(
                f"a new shape {_told(sizes)} of (batch, {', '.join(map(str, node.shape))}), "
                "which does not leave the batch"
            )
        return self.reshaped(node, tuple(rest))


def _told(value: Any) -> str:
    """Return an argument in words."""
    if isinstance(value, list):
        return "[" + ", ".join(_told(item) for item in cast("list[Any]", value[:8])) + "]"
    words = {BATCH: "the batch's size", UNKNOWN: "a size that is not known before the model runs"}
    return words.get(value, f"{value!r:.60}") if isinstance(value, int) else f"{value!r:.60}"

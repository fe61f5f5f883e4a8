"""One call of a Keras layer on its way to becoming ours: layouts, weights, and how to add to the network.

Keras puts channels last, we put them first. A value says which axis of ours stands at each axis of Keras's, so that a
transposition is a note, and no work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...layers import Layer, Node
from ...layers.params import Sides
from ..opening import Opening, UnreadableError, make
from ..stored import Stored
from .arguments import Given
from .config import Config
from .weights import Names, Scope, Source

LAST, FIRST = (1, 2, 0), (0, 1, 2)  # (H, W, C) in Keras; or (C, H, W), as here


@dataclass(frozen=True)
class Value:
    """A value: our node, and for each axis that Keras gives it (the batch apart) the number of ours.

    Args:
        node: our node; None for what could not be opened.
        axes: our axis for each of Keras's.
        held: steps that were not taken yet: the layer behind them may be one with them here.
        ordered: the name of the layer that gave the axes their order.
    """

    node: Node | None
    axes: tuple[int, ...]
    held: tuple[tuple[Config, Given], ...] = ()
    ordered: str = ""

    @classmethod
    def like_keras(cls, node: Node | None, rank: int | None = None) -> Value:
        """Return a node whose axes stand as Keras's do, or with its channels first if it is maps."""
        rank = len(node.shape) if node is not None else rank or 1
        return cls(node, LAST if rank == 3 else tuple(range(rank)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as Keras sees it."""
        assert self.node is not None
        return tuple(self.node.shape[axis] for axis in self.axes)

    def axis(self, number: int) -> int:
        """Return our axis for Keras's, which counts the batch, or from the end."""
        place = number + len(self.axes) if number < 0 else number - 1
        if not 0 <= place < len(self.axes):
            raise UnreadableError(f"axis {number} of a value of {len(self.axes)} axes and the batch")
        return self.axes[place]


@dataclass
class Call:
    """A layer being read.

    Args:
        opening: the network being built.
        config: the layer's configuration.
        name: what its node will be called.
        scope: the names of the models around it, and its own.
        keys: the same as Keras 3's files have it.
        source: where its weights are.
        version: Keras's major version.
        shared: our layers that earlier calls of this layer made, in order.
        given: the arguments of the call.
        padding: what was put around its values before: ((top, bottom), (left, right)), and how.
        stride: the stride, where a step behind it makes it.
    """

    opening: Opening
    config: Config
    name: str
    scope: Scope
    keys: Scope
    source: Source
    version: int
    shared: list[Layer]
    given: Given
    padding: tuple[Sides, str] | None = None
    stride: tuple[int, int] | None = None
    _made: int = 0

    def weights(self, *variables: str | Names) -> list[Stored]:
        """Return the layer's variables in Keras's order."""
        names = tuple((name,) if isinstance(name, str) else name for name in variables)
        found = self.source.of(self.scope, self.keys, names) if names else []
        if isinstance(found, str):
            raise UnreadableError(f"{self.config.path}: {found}")
        return found

    def add(
        self, layer: Layer, *values: Value, weights: Mapping[str, Stored] | None = None, name: str | None = None
    ) -> Value:
        """Wire one of our layers; what it gives is laid out as its first input is."""
        if self._made < len(self.shared) and self.shared[self._made] == layer:
            layer = self.shared[self._made]
        else:
            self.shared.append(layer)
        self._made += 1
        nodes = [value.node for value in values]
        told, place = self.config.kind, self.config.path
        node = self.opening.add(layer, *nodes, name=name or self.name, weights=weights, op=told, place=place)
        rank = len(node.shape) if node is not None else len(values[0].axes)
        axes = values[0].axes
        return Value(node, axes, (), values[0].ordered) if len(axes) == rank else Value.like_keras(node, rank)

    def laid_out(self, value: Value, axes: tuple[int, ...]) -> Value:
        """Return the value with these axes, transposed by a layer of ours where they differ."""
        if value.axes == axes:
            return value
        order = tuple(value.axes[axes.index(axis)] for axis in range(len(axes)))
        name = value.ordered or f"{self.name}/order"
        moved = self.opening.add(make("Permute", order), value.node, name=name, op=self.config.kind)
        return Value(moved, axes)

    def maps(self, value: Value) -> Value:
        """Return maps that lie as the layer's data_format says, (C, H, W) here."""
        last = self.config.need("data_format", "channels_last", "channels_first", None) != "channels_first"
        if len(value.axes) != 3:
            raise UnreadableError(f"{self.config.path}: a value of shape {value.shape}, not maps")
        return self.laid_out(value, LAST if last else FIRST)


Entry = Callable[[Call, list[Value]], Value]

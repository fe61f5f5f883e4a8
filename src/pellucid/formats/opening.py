"""A foreign model on its way to becoming a network: layers wired, weights promised, and a list of what has no layer.

Every importer walks its own graph and tells it to an `Opening`, node by node. Nothing is read from a weight before all
layers stand and every shape has been compared with them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import PellucidError, Unmapped, UnmappedError
from ..layers import REGISTRY, Input, Layer, Node
from ..layers.node import Shape
from ..network import Network
from ..words import legible
from .affordable import check_padding, check_value
from .stored import Stored

TOLD = 8  # unmapped nodes that an error spells out; the others are in its `unmapped`


class UnreadableError(Exception):
    """A node of a foreign model that no layer computes; the text is the reason."""


def along(stored: Stored, node: Node) -> tuple[tuple[int, ...], Stored]:
    """Return the axes along which a constant that meets a value varies, and the constant with no others.

    Shapes are lined up from the right, the batch first, as everybody broadcasts.

    Raises:
        UnreadableError: it does not fit the value.
    """
    shape = (1,) * (len(node.shape) + 1 - len(stored.shape)) + stored.shape
    fits = len(shape) == len(node.shape) + 1 and shape[0] == 1
    if not fits or any(a not in (1, b) for a, b in zip(shape[1:], node.shape, strict=True)):
        raise UnreadableError(f"a constant of shape {stored.shape} with a value of shape (batch, {node.shape})")
    axes = tuple(axis for axis, size in enumerate(shape[1:]) if size > 1)
    return axes, stored.reshaped(*([shape[axis + 1] for axis in axes] or [1]))


def make(kind: str, *values: Any, **named: Any) -> Layer:
    """Return a layer of the closed set, by its kind.

    Raises:
        UnreadableError: there is no such kind.

    >>> make("Clip", 0, 6)
    Clip(min=0.0, max=6.0)
    """
    if kind not in REGISTRY:
        raise UnreadableError(f"no layer {kind} here")
    return REGISTRY[kind](*values, **named)


class OpeningWarning(UserWarning):
    """A model was opened with something left out or changed; the text says what."""


class Opening:
    """A network being built from a foreign model.

    Args:
        name: what the network will be called.
    """

    def __init__(self, name: str = "network") -> None:
        self.name = name
        self.unmapped: list[Unmapped] = []
        self.nodes: list[Node] = []
        self._forgotten: dict[int, Node] = {}
        self._reads: dict[int, int] = {}  # how often each node is read
        self._inputs: list[Input] = []
        self._promised: dict[int, tuple[Layer, dict[str, Stored]]] = {}
        self._names: set[str] = set()

    def input(self, name: str, shape: Shape) -> Node:
        """Return an input of the network; `shape` is without the batch.

        Raises:
            PellucidError: no such shape can be.
        """
        check_value(shape, f"input {name!r}")
        node = Input(shape, self._own_name(name))
        self._inputs.append(node)
        return node

    def add(
        self,
        layer: Layer,
        *inputs: Node | None,
        name: str,
        weights: Mapping[str, Stored] | None = None,
        op: str | None = None,
        place: str = "",
    ) -> Node | None:
        """Wire a layer; returns its node, or None if it cannot be, which is then noted.

        Args:
            layer: the layer; the same object again shares its weights.
            inputs: what it reads; None is what could not be opened.
            name: what the model calls it.
            weights: its weights by the layer's own names; not needed where the layer was added before.
            op: the model's word for this kind of node; by default the layer's kind.
            place: where in the file the node stands, for the reason why it cannot be wired.
        """
        if any(node is None for node in inputs):
            return None
        read = [node for node in inputs if node is not None]
        shapes = tuple(node.shape for node in read)
        try:
            check_padding(layer, shapes, name)
            shape = layer.shape_of(*shapes)
            check_value(shape, name)
            if id(layer) not in self._promised:
                self._promised[id(layer)] = (layer, self._checked(layer, shapes, weights or {}))
        except PellucidError as error:
            reason = f"{error.got}; expected {error.expected}"
            return self.refuse(name, op or layer.kind, f"{place}: {reason}" if place else reason)
        node = layer(*read, name=self._own_name(name))
        self.nodes.append(node)
        for before in read:
            self._reads[id(before)] = self.reads_of(before) + 1
        return node

    def reads_of(self, node: Node) -> int:
        """Return how many inputs of the nodes so far a node is."""
        return self._reads.get(id(node), 0)

    def forget(self, *nodes: Node) -> None:
        """Leave out nodes that nothing else reads: what they compute together is one layer, which is added instead."""
        self._forgotten |= {id(node): node for node in nodes}
        self._names -= {str(node.name) for node in nodes}

    def refuse(self, node: str, op: str, reason: str) -> None:
        """Note a node that has no layer; what reads it cannot be opened either."""
        self.unmapped.append(Unmapped(legible(node, 100), legible(op, 60), legible(reason, 300)))

    def network(
        self,
        outputs: Sequence[Node | None],
        *,
        partial: bool = False,
        classes: Sequence[str] | None = None,
        seed: int = 0,
    ) -> Network:
        """Return the network with its weights read.

        Args:
            outputs: the model's outputs, in order; None is one that could not be opened.
            partial: return what could be opened, with a warning that lists the rest.
            classes: names of the first output's classes.
            seed: the network's seed, of the first values that its weights had before.

        Raises:
            PellucidError: the classes are not as many as the outputs, or the seed is none.
            UnmappedError: something has no layer, and `partial` was not asked for, or nothing is left.
        """
        wanted = [node for node in outputs if node is not None]
        ends = wanted
        if self.unmapped or len(wanted) < len(outputs):
            kept = [node for node in self.nodes if id(node) not in self._forgotten]
            read = {id(before) for node in kept for before in node.inputs}
            ends = [node for node in reversed(kept) if id(node) not in read]
            error = self._error()
            if not partial or not ends:
                raise error
            warnings.warn(f"opened in part: {error.got}", OpeningWarning, stacklevel=4)
            classes = None
        net = Network(self._inputs, ends, name=self.name, classes=classes, seed=seed)
        self._fill(net)
        return net

    def _error(self) -> UnmappedError:
        told = "; ".join(map(str, self.unmapped[:TOLD]))
        more = f"; and {len(self.unmapped) - TOLD} more" if len(self.unmapped) > TOLD else ""
        return UnmappedError(
            "",
            got=f"{len(self.unmapped)} nodes that no layer here computes: {told}{more}",
            expected="nodes that have a layer here",
            fix="open the rest with partial=True; error.unmapped lists all",
            unmapped=tuple(self.unmapped),
        )

    def _checked(self, layer: Layer, shapes: tuple[Shape, ...], weights: Mapping[str, Stored]) -> dict[str, Stored]:
        """Return the weights, every one there and of the layer's shape."""
        specs = layer.weights(*shapes)
        for short in (*specs, *weights):
            if short not in weights or short not in specs:
                raise layer.fail(
                    f"no {short}" if short in specs else f"a {short} that it does not have",
                    f"weights {', '.join(specs) or 'none'}",
                    "get the model again",
                )
            if weights[short].shape != specs[short].shape:
                raise layer.fail(
                    f"{short} {legible(weights[short].name, 60)!r} of shape {weights[short].shape}",
                    f"shape {specs[short].shape}",
                    "get the model again",
                )
        return dict(weights)

    def _fill(self, net: Network) -> None:
        """Read every weight that the network has: none of a layer that was left out."""
        for node in net.nodes:
            assert node.layer is not None
            if id(node.layer) not in self._promised:
                continue  # a layer used again: read already
            _, promised = self._promised.pop(id(node.layer))
            names = net.weight_names(str(node.name))
            for short, stored in promised.items():
                net.weights.adopt(names[short], stored.numbers())

    def _own_name(self, given: str) -> str:
        """Return a name that is legal here and not taken, as near to the model's own as can be."""
        printable = "".join(c for c in given if c.isprintable()).replace("[", "(").replace("]", ")").strip()
        stem = printable[:180].strip() or "node"
        name, number = stem, 2
        while name in self._names:
            name, number = f"{stem}_{number}", number + 1
        self._names.add(name)
        return name

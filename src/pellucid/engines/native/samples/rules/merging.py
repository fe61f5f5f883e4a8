"""Where branches meet number by number: added, multiplied, or one taken from another."""

from __future__ import annotations

from .....layers import Node
from .....layers.node import Shape
from .....wiring import name_of
from ...layout import Maps
from ..borders import Copy
from ..builder import Builder
from ..joining import AddForward
from ..learning import TrainingBuilder
from ..merging import Join, JoinGradient, Operation
from .base import Rule, layer_of

MOST = 24  # values that one step joins: the driver hands a kernel so many pointers, and some more
OPERATIONS: dict[str, Operation] = {"Add": "add", "Subtract": "subtract", "Multiply": "multiply"}


def alike(node: Node) -> bool:
    """Return whether all inputs have one shape."""
    return len({before.shape for before in node.inputs}) == 1


def adds_two(node: Node) -> bool:
    """Return whether a node is a sum of two values of one shape."""
    return layer_of(node).kind == "Add" and len(node.inputs) == 2 and alike(node)


def unjoined(node: Node) -> str | None:
    """Return why no kernel joins a node's inputs; None if one does."""
    if not alike(node) and len(node.shape) > 3:
        return "it joins inputs of different shapes with more than three axes"
    several = len(node.inputs) > MOST and (layer_of(node).kind != "Add" or not alike(node))
    return f"it joins more than {MOST} inputs" if several else None


class MergeRule(Rule):
    """Add, Subtract and Multiply."""

    def declines(self, node: Node) -> str | None:
        """Return why no kernel joins them."""
        return unjoined(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Join all inputs."""
        operation, name = OPERATIONS[layer_of(node).kind], name_of(node)
        xs, y = [b.read(before) for before in node.inputs], b.new(node)
        if operation == "add" and alike(node):
            while len(xs) > MOST:
                b.step(name, AddForward(tuple(x.maps for x in xs[:MOST]), y.maps), *xs[:MOST], y)
                xs = [y, *xs[MOST:]]
            b.step(name, AddForward(tuple(x.maps for x in xs), y.maps), *xs, y)
        else:
            layouts = tuple(_seen(before, x.maps) for before, x in zip(node.inputs, xs, strict=True))
            b.step(name, Join(operation, layouts, _seen(node, y.maps)), *xs, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Give every input the gradient, times the others where they are multiplied, of all that it stands for."""
        operation, dy = OPERATIONS[layer_of(node).kind], b.grad(node)
        for own, before in enumerate(node.inputs):
            if not b.wants(before):
                continue
            negative = operation == "subtract" and own == 1
            beside = [n for k, n in enumerate(node.inputs) if k != own] if operation == "multiply" else []
            dx, add = b.into(before)
            if before.shape == node.shape and not beside and not negative:
                b.step(name_of(node), Copy(dy.maps, dx.maps, add), dy, dx)
                continue
            others = [b.values[name_of(n)] for n in beside]
            layouts = tuple(_seen(n, other.maps) for n, other in zip(beside, others, strict=True))
            kernel = JoinGradient(_seen(node, dy.maps), layouts, _seen(before, dx.maps), negative, add)
            b.step(name_of(node), kernel, dy, *others, dx)


def _seen(node: Node, maps: Maps) -> Maps:
    """Return a value's layout as channels, rows and columns; a vector is a row, whose places follow one another."""
    return maps if len(node.shape) > 2 else Maps(*axes_of(node.shape), dense=True)


def axes_of(shape: Shape) -> tuple[int, int, int]:
    """Return a shape of up to three axes with ones before it.

    >>> axes_of((7,))
    (1, 1, 7)
    """
    channels, height, width = (1, 1, *shape)[-3:]
    return channels, height, width

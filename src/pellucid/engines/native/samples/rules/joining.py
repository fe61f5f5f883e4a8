"""Where branches meet."""

from __future__ import annotations

from .....layers import Node
from .....wiring import name_of
from ...layout import Maps
from ...plan import Place
from ..borders import Copy
from ..builder import Builder
from ..held import Held
from ..joining import AddForward
from ..learning import TrainingBuilder
from .base import Rule, layer_of

MOST = 24  # values that one step joins: the driver hands a kernel so many pointers, and some more


def spreads(node: Node) -> str | None:
    """Return that a sum's inputs differ in their shapes; None if they do not."""
    return "it adds inputs of different shapes" if len({before.shape for before in node.inputs}) > 1 else None


def joins_elsewhere(node: Node) -> str | None:
    """Return that a concatenation is not along the first axis; None if it is."""
    axis = layer_of(node).axis % len(node.shape)
    return f"it joins its inputs along axis {axis}" if axis else None


def adds_two(node: Node) -> bool:
    """Return whether a node is a sum of two values of one shape."""
    return layer_of(node).kind == "Add" and len(node.inputs) == 2 and spreads(node) is None


class AddRule(Rule):
    """Add: number by number."""

    def declines(self, node: Node) -> str | None:
        """Return that the inputs differ in their shapes."""
        return spreads(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Add all inputs."""
        xs, y = [b.read(before) for before in node.inputs], b.new(node)
        while len(xs) > MOST:
            b.step(name_of(node), AddForward(tuple(x.maps for x in xs[:MOST]), y.maps), *xs[:MOST], y)
            xs = [y, *xs[MOST:]]
        b.step(name_of(node), AddForward(tuple(x.maps for x in xs), y.maps), *xs, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Give every input the whole gradient."""
        dy = b.grad(node)
        for before in node.inputs:
            if b.wants(before):
                dx, add = b.into(before)
                b.step(name_of(node), Copy(dy.maps, dx.maps, add), dy, dx)


class ConcatRule(Rule):
    """Concat: channels one after another."""

    def declines(self, node: Node) -> str | None:
        """Return that it is along another axis."""
        return joins_elsewhere(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Copy every input to its channels."""
        y, done = b.new(node), 0
        for before in node.inputs:
            x = b.read(before)
            b.step(name_of(node), Copy(x.maps, _some(y.maps, x.maps)), x, _from(b, y, done))
            done += x.maps.channels
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Give every input the gradient of its channels."""
        dy, done = b.grad(node), 0
        for before in node.inputs:
            channels = b.values[name_of(before)].maps.channels
            if b.wants(before):
                dx, add = b.into(before)
                b.step(name_of(node), Copy(_some(dy.maps, dx.maps), dx.maps, add), _from(b, dy, done), dx)
            done += channels


def _some(whole: Maps, part: Maps) -> Maps:
    """Return the layout of some channels of a value."""
    from dataclasses import replace

    return replace(whole, channels=part.channels)


def _from(b: Builder, held: Held, channel: int) -> Place:
    """Return the place where a channel begins."""
    return Place(held.buffer, channel * held.maps.plane * b.vector)

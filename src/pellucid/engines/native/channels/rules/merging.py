"""Where branches meet number by number."""

from __future__ import annotations

from .....layers import Node
from .....wiring import name_of
from ...samples.rules.merging import MOST, OPERATIONS, alike, unjoined
from ..builder import Builder
from ..elementwise import Add
from ..merging import Join
from ..packing import blocked_of
from .base import Rule, activated, layer_of


class MergeRule(Rule):
    """Add, Subtract and Multiply."""

    def declines(self, node: Node) -> str | None:
        """Return why no kernel joins them."""
        return unjoined(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Join all inputs, with the activation that alone reads the result."""
        operation, name = OPERATIONS[layer_of(node).kind], name_of(node)
        xs = [b.read(before) for before in node.inputs]
        if operation != "add" or not alike(node):
            last = activated(b, node)
            y = b.new(last.made)
            b.step(name, Join(operation, tuple(x.maps for x in xs), y.maps, last.activation), *xs, y)
            return
        while len(xs) > MOST:
            part = b.hold(f"part of {name}", blocked_of(node.shape, b.target.lanes))
            b.step(name, Add(tuple(x.maps for x in xs[:MOST]), part.maps), *xs[:MOST], part)
            xs = [part, *xs[MOST:]]
        last = activated(b, node)
        y = b.new(last.made)
        b.step(name, Add(tuple(x.maps for x in xs), y.maps, last.activation), *xs, y)

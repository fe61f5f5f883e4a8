"""Layers that only move numbers, reshapes, and upsampling."""

from __future__ import annotations

from .....layers import Node
from .....wiring import name_of
from ...samples.rules.resizing import shares_of
from ..builder import Builder
from ..held import Flattened
from ..moving import laid, picked, seen
from ..packing import blocked_of
from ..resizing import Resize
from .base import Rule, layer_of


class MovementRule(Rule):
    """Any layer whose numbers are numbers of its input, or a constant."""

    def forward(self, b: Builder, node: Node) -> None:
        """Copy every number from its place: in lanes if channels stay channels, else from an array."""
        name, before = name_of(node), node.inputs[0]
        places = seen(layer_of(node).places(before.shape))
        kernel = None
        if not isinstance(b.seen(before), Flattened):
            x, y = blocked_of(before.shape, b.target.lanes), blocked_of(node.shape, b.target.lanes)
            kernel = picked(places, before.shape, x, y, layer_of(node).filling)
        if kernel is None:
            array, y = b.told(before), b.new(node)
            b.step(name, laid(places, y.maps), array, y)
            return
        x, y = b.read(before), b.new(node)
        kernel = picked(places, before.shape, x.maps, y.maps, layer_of(node).filling)
        assert kernel is not None
        b.step(name, kernel, x, y)


class ReshapeRule(MovementRule):
    """Reshape: for a vector the same memory, until somebody wants it otherwise."""

    def forward(self, b: Builder, node: Node) -> None:
        """Look at the value in another way, or copy it."""
        before = node.inputs[0]
        if len(node.shape) > 1:
            super().forward(b, node)
        elif len(before.shape) == 1:
            b.values[name_of(node)] = b.seen(before)
        else:
            order = "CHW" if len(before.shape) == 3 else "HWC"  # vectors along the last axis, place after place
            b.values[name_of(node)] = Flattened(b.read(before), order)


class UpsampleRule(MovementRule):
    """Upsample: copies of the nearest places, or neighbours weighed."""

    def forward(self, b: Builder, node: Node) -> None:
        """Weigh neighbours, or copy."""
        if layer_of(node).mode != "bilinear":
            super().forward(b, node)
            return
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), Resize(x.maps, y.maps, *shares_of(node)), x, y)

"""Norms over an image's own numbers, in channel lanes: normalised, and then scaled and shifted."""

from __future__ import annotations

import math

from .....layers import Node
from .....wiring import name_of
from ...samples.rules.sample_norms import Runs, runs_of
from ...samples.sample_norms import Cells
from ..builder import Builder
from ..held import Held
from ..packing import blocked_of
from ..sample_norms import ChannelNorm, LaneGroupNorm, PlaceNorm, Places
from .base import Rule, layer_of
from .varying import vary


class SampleNormRule(Rule):
    """LayerNorm, GroupNorm and InstanceNorm2d."""

    def declines(self, node: Node) -> str | None:
        """Return that places lie apart that are normalised together, or share a weight, among many axes."""
        if len(node.shape) == 3:
            return None
        _, runs = _together(node)
        varied = runs_of(node.shape[:-1], layer_of(node).varies(node.shape)) if layer_of(node).learned() else []
        if len(runs) > 3 or len(varied) > 1:
            return "its axes lie apart, among more than three"
        return None

    def forward(self, b: Builder, node: Node) -> None:
        """Normalise, then scale and shift what is learned."""
        x, learned = b.read(node.inputs[0]), layer_of(node).learned()
        if not learned:
            _normalize(b, node, x, b.new(node))
            return
        normal = b.hold(f"normal {name_of(node)}", blocked_of(node.shape, b.target.lanes))
        _normalize(b, node, x, normal)
        weight, bias = (short if short in learned else "" for short in ("weight", "bias"))
        vary(b, node, normal, layer_of(node).varies(node.shape), (weight, bias))


def _normalize(b: Builder, node: Node, x: Held, y: Held) -> None:
    """Add the step that normalises."""
    name, (channels, *inside), eps = name_of(node), (x.maps.channels, *node.shape[1:]), layer_of(node).eps
    maps = len(node.shape) == 3
    groups = layer_of(node).cut(node.shape)[0][0]
    if layer_of(node).kind != "LayerNorm" and (maps or not inside) and 1 < groups < channels:
        kernel = LaneGroupNorm(groups, x.maps, y.maps, eps)
        b.step(name, kernel, x, b.scratch(name, kernel.scratch), y)
        return
    lanes, runs = _together(node)
    sizes, over = zip(*[(1, True)] * (3 - len(runs)), *runs, strict=True)
    places: Places | None = None if maps else sizes
    cells = Cells(1 if over[0] else sizes[0], over[1], over[2])
    b.step(name, (ChannelNorm if lanes else PlaceNorm)(cells, places, x.maps, y.maps, eps), x, y)


def _together(node: Node) -> tuple[bool, Runs]:
    """Return whether all lanes are normalised together, and the runs of places that are, or not."""
    layer, shape = layer_of(node), node.shape
    maps = len(shape) == 3
    if layer.kind == "LayerNorm":
        axes = layer.varies(shape)
        if maps:
            return 0 in axes, [(size, axis in axes) for axis, size in enumerate(shape) if axis]
        return len(shape) - 1 in axes, runs_of(shape[:-1], axes)
    groups = layer.cut(shape)[0][0]
    if maps or len(shape) == 1:
        return groups == 1, [(size, True) for size in shape[1:]]
    return True, [(groups, False), (math.prod(shape[:-1]) // groups, True)]

"""Convolution, with the batch norm, the sum and the activation behind it in the same step."""

from __future__ import annotations

from .....layers import Conv2d, Node
from .....wiring import name_of
from ...samples.geometry import ConvGeometry
from ...samples.held import NONE, Halo
from ...samples.rules.convolution import geometry_of
from ..builder import Builder
from ..direct import DirectConv
from ..held import Floats
from ..lanewise import LanewiseConv
from ..layout import Blocked
from .base import Rule, chain, layer_of

MOST_PLANAR = 3  # channels of an image that is read as it comes


class ConvRule(Rule):
    """Conv2d."""

    def halo(self, node: Node) -> Halo:
        """Return the padding, where it is zeros."""
        return _padding(node) if layer_of(node).padding_mode == "zeros" else NONE

    def forward(self, b: Builder, node: Node) -> None:
        """Add the convolution."""
        layer: Conv2d = layer_of(node)
        name, geometry, before = name_of(node), geometry_of(node), node.inputs[0]
        plain = layer.padding_mode == "zeros" and geometry.groups == 1
        if before.layer is None and plain and before.shape[0] <= MOST_PLANAR:
            x, maps = b.image(before, _padding(node))
        else:
            x = b.read(before, halo=_padding(node), mode=layer.padding_mode)
            maps = x.maps
        last = chain(b, node)
        others = [] if last.other is None else [b.read(last.other)]
        y = b.new(last.made)
        residual = others[0].maps if others else None
        if _is_blocks(geometry, b.target.lanes):
            kernel = DirectConv(maps, y.maps, geometry, last.activation, residual)
        else:
            assert isinstance(maps, Blocked)
            kernel = LanewiseConv(maps, y.maps, geometry, last.activation, residual)

        def pack(weight: Floats | None) -> Floats:
            assert weight is not None
            return kernel.pack(weight)

        places = [x, b.weight(name, "weight", pack), b.weight(name, "bias", kernel.pack_bias), y, *others]
        b.step(name, kernel, *places, macs=layer.cost(before.shape).macs)


def _padding(node: Node) -> Halo:
    (top, bottom), (left, right) = geometry_of(node).padding
    return top, bottom, left, right


def _is_blocks(geometry: ConvGeometry, lanes: int) -> bool:
    """Return whether every group is a whole number of blocks of lanes, or there is but one."""
    groups = geometry.groups
    return groups == 1 or (geometry.inputs // groups % lanes == 0 and geometry.outputs // groups % lanes == 0)

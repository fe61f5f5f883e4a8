"""Convolution, with the batch norm, the sum, the activation and the pool behind it in the same step."""

from __future__ import annotations

from .....layers import Conv2d, Node
from .....wiring import name_of
from ...plan import Buffer
from ...samples.held import NONE, Halo
from ...samples.rules.convolution import geometry_of
from ..builder import Builder
from ..choice import DIRECT, Method, choose
from ..held import Floats, Held
from ..layout import Planar
from ..pixels import PixelConv, suits
from ..winograd import WinogradConv, WinogradInputs, WinogradProducts
from .base import Rule, chain, layer_of

MOST_PLANAR = 3  # channels of an image that is read as it comes


class ConvRule(Rule):
    """Conv2d."""

    def halo(self, b: Builder, node: Node) -> Halo:
        """Return what the kernel reads around its input, where the padding is zeros."""
        if layer_of(node).padding_mode != "zeros" or _is_planar(node, _method(b, node)):
            return NONE
        return _around(node, _method(b, node))

    def forward(self, b: Builder, node: Node) -> None:
        """Add the convolution."""
        layer: Conv2d = layer_of(node)
        name, geometry, before, method = name_of(node), geometry_of(node), node.inputs[0], _method(b, node)
        halo = _around(node, method)
        if _is_planar(node, method):
            x, maps = b.image(before, halo)
        else:
            x = b.read(before, halo=halo, mode=layer.padding_mode)
            maps = x.maps
        last = chain(b, node, pools=method.pools)
        others = [] if last.other is None else [b.read(last.other)]
        y = b.new(last.made)
        residual = others[0].maps if others else None
        pixels = isinstance(maps, Planar) and residual is None and suits(geometry, y.maps.width, b.target)
        if isinstance(maps, Planar) and pixels:
            first = kernel = PixelConv(maps, y.maps, geometry, last.activation)
        else:
            kernels = method.kernels(maps, y.maps, geometry, last.activation, residual, pool=last.pool)
            first, kernel = kernels[0], kernels[-1]
        if isinstance(first, WinogradInputs):
            points = b.buffer(f"points of {name}", first.floats * 4)
            b.step(name, first, x, points)
            x = points
        assert not isinstance(kernel, WinogradInputs)

        def pack(weight: Floats | None) -> Floats:
            assert weight is not None
            return kernel.pack(weight)

        form = method == DIRECT, method.size, isinstance(maps, Planar), pixels
        weights = b.weight(name, "weight", form, pack), b.weight(name, "bias", form, kernel.pack_bias)
        places: list[Buffer | Held] = [x, *weights, y]
        if isinstance(kernel, (WinogradConv, WinogradProducts)):
            places.append(b.scratch(name, kernel.scratch))
        b.step(name, kernel, *places, *others, macs=layer.cost(before.shape).macs)


def _method(b: Builder, node: Node) -> Method:
    """Return how a convolution is made; what surrounds maps in other modes than zeros is no more than the padding."""
    exact = not b.may_transform or layer_of(node).padding_mode != "zeros"
    _, height, width = node.inputs[0].shape
    return choose(geometry_of(node), height, width, b.target, exact=exact)


def _around(node: Node, method: Method) -> Halo:
    _, height, width = node.inputs[0].shape
    return method.halo(geometry_of(node), height, width)


def _is_planar(node: Node, method: Method) -> bool:
    """Return whether an image is read as it comes."""
    before = node.inputs[0]
    few = before.layer is None and before.shape[0] <= MOST_PLANAR
    return few and method == DIRECT and layer_of(node).groups == 1 and layer_of(node).padding_mode == "zeros"

"""Separable convolution in channel lanes: two convolutions, with what a convolution does besides in the second."""

from __future__ import annotations

from .....layers import Node
from .....wiring import name_of
from ...samples.held import Halo
from ...samples.rules.separable import geometries_of, macs_of, middle_of, padding_of
from ..builder import Builder
from ..choice import choose
from ..direct import DirectConv
from ..held import Floats
from ..lanewise import LanewiseConv
from ..packing import blocked_of
from .base import Rule, chain


class SeparableRule(Rule):
    """SeparableConv2d."""

    def halo(self, b: Builder, node: Node) -> Halo:
        """Return the padding."""
        return padding_of(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Convolve each channel, then weigh all of them at each place."""
        name, before = name_of(node), node.inputs[0]
        (first, second), (inside, outside) = geometries_of(node), macs_of(node)
        x = b.read(before, halo=padding_of(node))
        middle = b.hold(f"middle of {name}", blocked_of(middle_of(node), b.target.lanes))
        _, height, width = before.shape
        method = choose(first, height, width, b.target, exact=True)
        (depthwise,) = method.kernels(x.maps, middle.maps, first)
        last = chain(b, node, pools=False)
        others = [] if last.other is None else [b.read(last.other)]
        y = b.new(last.made)
        pointwise = DirectConv(middle.maps, y.maps, second, last.activation, others[0].maps if others else None)
        assert isinstance(depthwise, DirectConv | LanewiseConv)
        for kernel, what, places, macs in (
            (depthwise, "depthwise", (x, middle), inside),
            (pointwise, "pointwise", (middle, y), outside),
        ):

            def pack(weight: Floats | None, kernel: DirectConv | LanewiseConv = kernel) -> Floats:
                assert weight is not None
                return kernel.pack(weight)

            weight = b.weight(name, f"{what}_weight", type(kernel).__name__, pack)
            bias = b.weight(name, "no bias" if kernel is depthwise else "bias", "separable", kernel.pack_bias)
            beside = others if kernel is pointwise else []
            b.step(name, kernel, places[0], weight, bias, places[1], *beside, macs=macs)

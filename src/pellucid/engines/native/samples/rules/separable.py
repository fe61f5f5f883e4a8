"""Separable convolution: two convolutions in a row, with the activation behind them in the second."""

from __future__ import annotations

from .....layers import Conv2d, Node, SeparableConv2d
from .....layers.node import Shape
from .....wiring import name_of
from ...layout import maps_of
from ..borders import Border
from ..builder import Builder
from ..convolution import ConvForward, ConvInputGradient, ConvWeightGradient, gradient_halo
from ..geometry import ConvGeometry
from ..held import NONE, Halo, Held
from ..learning import TrainingBuilder
from .base import Rule, layer_of
from .convolution import fused


class SeparableRule(Rule):
    """SeparableConv2d."""

    def halo(self, node: Node) -> Halo:
        """Return the padding."""
        return padding_of(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Convolve each channel, then weigh all of them at each place."""
        name, bias = name_of(node), layer_of(node).bias
        (first, second), (inside, outside) = geometries_of(node), macs_of(node)
        x = b.read(node.inputs[0], halo=padding_of(node))
        b.remember(node, x)
        middle = b.hold(f"middle of {name}", maps_of(middle_of(node)))
        kernel = ConvForward(x.maps, middle.maps, first, bias=False, zeros=padding_of(node) != NONE)
        b.step(name, kernel, x, b.weight(node, "depthwise_weight"), middle, macs=inside * b.target.lanes)
        if isinstance(b, TrainingBuilder):
            b.buffers[name] = (middle.buffer,)
        done = b.with_norm(node)
        made, activation = fused(b, done)
        y = b.new(made)
        bias = bias or done is not node
        kernel = ConvForward(middle.maps, y.maps, second, bias, activation)
        places = [b.weight(node, "pointwise_weight"), *([b.weight(node, "bias")] if bias else [])]
        b.step(name, kernel, middle, *places, y, macs=outside * b.target.lanes)
        b.finished(made)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Take the gradient through the second convolution, and then through the first."""
        name, before, bias = name_of(node), node.inputs[0], layer_of(node).bias
        (first, second), (inside, outside) = geometries_of(node), macs_of(node)
        inside, outside = inside * b.target.lanes, outside * b.target.lanes
        dy, x = b.grad(node), b.recall(node)
        middle = Held(b.buffers[name][0], maps_of(middle_of(node)))
        if b.trains(node, "pointwise_weight"):
            slabs = [b.slab(node, "pointwise_weight"), *([b.slab(node, "bias")] if bias else [])]
            kernel = ConvWeightGradient(middle.maps, dy.maps, second, bias)
            b.step(name, kernel, middle, dy, *slabs, macs=outside)
        if not (b.trains(node, "depthwise_weight") or b.wants(before)):
            return
        halo = gradient_halo(first, *before.shape[1:], *middle_of(node)[1:])
        within = b.hold(f"gradient in the middle of {name}", middle.maps.with_halo(*halo))
        kernel = ConvInputGradient(dy.maps, within.maps, second)
        b.step(name, kernel, dy, b.weight(node, "pointwise_weight"), within, macs=outside)
        if halo != NONE:
            b.step(name, Border(within.maps, "zeros"), within)
        if b.trains(node, "depthwise_weight"):
            kernel = ConvWeightGradient(x.maps, within.maps, first, bias=False, zeros=padding_of(node) != NONE)
            b.step(name, kernel, x, within, b.slab(node, "depthwise_weight"), macs=inside)
        if b.wants(before):
            dx, add = b.into(before)
            kernel = ConvInputGradient(within.maps, dx.maps, first, add)
            b.step(name, kernel, within, b.weight(node, "depthwise_weight"), dx, macs=inside)


def geometries_of(node: Node) -> tuple[ConvGeometry, ConvGeometry]:
    """Return the geometries of the depthwise and the pointwise convolution."""
    layer: SeparableConv2d = layer_of(node)
    channels, height, width = node.inputs[0].shape
    rows, columns = layer.windows()
    between = channels * layer.depth_multiplier
    padding = rows.pads(height), columns.pads(width)
    depthwise = ConvGeometry(
        channels, between, layer.kernel_size, layer.stride, layer.dilation, padding, groups=channels
    )
    return depthwise, ConvGeometry(between, layer.out_channels, (1, 1))


def middle_of(node: Node) -> Shape:
    """Return the shape between the two convolutions."""
    layer: SeparableConv2d = layer_of(node)
    return node.inputs[0].shape[0] * layer.depth_multiplier, *node.shape[1:]


def macs_of(node: Node) -> tuple[int, int]:
    """Return the multiply-adds of the two convolutions for one sample."""
    shape = node.inputs[0].shape
    parts: tuple[Conv2d, Conv2d] = layer_of(node).parts(shape[0])
    return parts[0].cost(shape).macs, parts[1].cost(middle_of(node)).macs


def padding_of(node: Node) -> Halo:
    """Return the padding: top, bottom, left, right."""
    (top, bottom), (left, right) = geometries_of(node)[0].padding
    return top, bottom, left, right

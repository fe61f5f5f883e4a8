"""Transposed convolution: forward it is the gradient of a convolution's input, and backward that convolution."""

from __future__ import annotations

from .....layers import ConvTranspose2d, Node
from .....wiring import name_of
from ...layout import maps_of
from ..borders import Border, Copy
from ..builder import Builder
from ..convolution import ConvForward, ConvInputGradient, ConvWeightGradient, gradient_halo, padding_halo
from ..geometry import ConvGeometry
from ..held import Halo, Held
from ..learning import TrainingBuilder
from ..varying import VaryWeightGradient
from .base import Rule, layer_of
from .convolution import fused


class TransposedRule(Rule):
    """ConvTranspose2d."""

    def halo(self, node: Node) -> Halo:
        """Return how far the first and the last outputs reach beyond the input."""
        return halo_of(node)

    def gradient_halo(self, node: Node, *, may_transform: bool) -> Halo:
        """Return what was cropped from the output, which the convolution on the way back reads as zeros."""
        return _cropped(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Add every number's kernel to the output, with the activation that alone reads it."""
        layer, name = layer_of(node), name_of(node)
        x = b.read(node.inputs[0], halo=halo_of(node))
        b.remember(node, x)
        made, activation = fused(b, node)
        y = b.new(made)
        kernel = ConvInputGradient(x.maps, y.maps, reversed_of(node), bias=layer.bias, activation=activation)
        places = [b.weight(node, "weight"), *([b.weight(node, "bias")] if layer.bias else [])]
        b.step(name, kernel, x, *places, y, macs=_macs(node) * b.target.lanes)
        b.finished(made)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Convolve the gradient, and sum up those of the weights."""
        name, geometry, x = name_of(node), reversed_of(node), b.recall(node)
        macs = _macs(node) * b.target.lanes
        dy = self._around(b, node)
        if b.trains(node, "weight"):
            kernel = ConvWeightGradient(dy.maps, x.maps, geometry, bias=False, zeros=True)
            b.step(name, kernel, dy, x, b.slab(node, "weight"), macs=macs)
        if b.trains(node, "bias"):
            b.step(name, VaryWeightGradient(None, dy.maps, (1, 0, 0)), dy, b.slab(node, "bias"))
        if b.wants(node.inputs[0]):
            dx, add = b.into(node.inputs[0])
            kernel = ConvForward(dy.maps, dx.maps, geometry, bias=False, zeros=True, add=add)
            b.step(name, kernel, dy, b.weight(node, "weight"), dx, macs=macs)

    def _around(self, b: TrainingBuilder, node: Node) -> Held:
        """Return the gradient with zeros around it."""
        dy, halo = b.grad(node), _cropped(node)
        if dy.around(halo):
            b.bordered(node)
            return dy
        copy = b.hold(f"gradient of {name_of(node)} for its weights", maps_of(node.shape).with_halo(*halo))
        b.step(name_of(node), Copy(dy.maps, copy.maps), dy, copy)
        b.step(name_of(node), Border(copy.maps, "zeros"), copy)
        return copy


def reversed_of(node: Node) -> ConvGeometry:
    """Return the convolution whose input's gradient a transposed convolution is."""
    layer: ConvTranspose2d = layer_of(node)
    channels, height, width = node.inputs[0].shape
    rows, columns = layer.windows()
    return ConvGeometry(
        layer.out_channels,
        channels,
        layer.kernel_size,
        layer.stride,
        layer.dilation,
        (rows.crops(height), columns.crops(width)),
        layer.groups,
    )


def halo_of(node: Node) -> Halo:
    """Return how far the outputs reach beyond the input."""
    (_, height, width), (_, rows, columns) = node.inputs[0].shape, node.shape
    return gradient_halo(reversed_of(node), rows, columns, height, width)


def _cropped(node: Node) -> Halo:
    return padding_halo(reversed_of(node), maps_of(node.shape), maps_of(node.inputs[0].shape))


def _macs(node: Node) -> int:
    layer: ConvTranspose2d = layer_of(node)
    return layer.cost(node.inputs[0].shape).macs

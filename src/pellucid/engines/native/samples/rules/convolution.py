"""Convolution: direct or Winograd, with the activation behind it in the same step."""

from __future__ import annotations

from .....layers import Conv2d, Node
from .....wiring import name_of
from ...layout import maps_of
from ...plan import Buffer
from ..borders import Copy, Fold
from ..builder import Builder
from ..convolution import ConvForward, ConvInputGradient, ConvWeightGradient, gradient_halo
from ..elementwise import Activation
from ..geometry import ConvGeometry
from ..held import NONE, Halo, Held
from ..learning import TrainingBuilder
from ..winograd import (
    WinogradForward,
    WinogradInputGradient,
    WinogradWeightGradient,
    WinogradWeights,
    pays,
    weight_gradient_pays,
)
from .base import Rule, layer_of
from .elementwise import activation_of


class ConvRule(Rule):
    """Conv2d."""

    def halo(self, node: Node) -> Halo:
        """Return the padding, where it is zeros."""
        return _padding(node) if layer_of(node).padding_mode == "zeros" else NONE

    def gradient_halo(self, node: Node) -> Halo:
        """Return what the input gradient's windows reach beyond the output."""
        whole = layer_of(node).padding_mode != "zeros"
        return gradient_halo(geometry_of(node), *node.inputs[0].shape[1:], *node.shape[1:], whole=whole)

    def forward(self, b: Builder, node: Node) -> None:
        """Add the convolution, fused with the activation that alone reads it."""
        layer: Conv2d = layer_of(node)
        name, geometry = name_of(node), geometry_of(node)
        x = b.read(node.inputs[0], halo=_padding(node), mode=layer.padding_mode)
        b.remember(node, x)
        done = b.with_norm(node)
        made, activation = fused(b, done)
        y = b.new(made)
        bias = layer.bias or done is not node
        places = [b.weight(node, "bias")] if bias else []
        macs = layer.cost(node.inputs[0].shape).macs * b.target.lanes
        if b.may_transform and pays(geometry, *node.shape[1:]):
            kernel = WinogradForward(x.maps, y.maps, geometry, bias, activation)
            scratch = b.scratch(name, kernel.scratch(b.target))
            b.step(name, kernel, x, _transformed(b, node, geometry, gradient=False), *places, y, scratch, macs=macs)
        else:
            kernel = ConvForward(x.maps, y.maps, geometry, bias, activation, self.halo(node) != NONE)
            b.step(name, kernel, x, b.weight(node, "weight"), *places, y, macs=macs)
        b.finished(made)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Add the weight's gradient, and the input's where somebody wants it."""
        layer: Conv2d = layer_of(node)
        name, geometry = name_of(node), geometry_of(node)
        dy, x = b.grad(node), b.recall(node)
        macs = layer.cost(node.inputs[0].shape).macs * b.target.lanes
        if b.trains(node, "weight"):
            slabs = [b.slab(node, "weight"), *([b.slab(node, "bias")] if layer.bias else [])]
            if b.may_transform and weight_gradient_pays(geometry, *node.shape[1:]):
                kernel = WinogradWeightGradient(x.maps, dy.maps, geometry, layer.bias)
                b.step(name, kernel, x, dy, *slabs, b.scratch(name, kernel.scratch(b.target)), macs=macs)
            else:
                kernel = ConvWeightGradient(x.maps, dy.maps, geometry, layer.bias, self.halo(node) != NONE)
                b.step(name, kernel, x, dy, *slabs, macs=macs)
        if not b.wants(node.inputs[0]):
            return
        b.bordered(node)
        if layer.padding_mode != "zeros" and _padding(node) != NONE:
            self._folded(b, node, geometry, dy, macs)
            return
        dx, add = b.into(node.inputs[0])
        if b.may_transform and pays(geometry, *node.inputs[0].shape[1:]):
            kernel = WinogradInputGradient(dy.maps, dx.maps, geometry, add)
            scratch = b.scratch(name, kernel.scratch(b.target))
            b.step(name, kernel, dy, _transformed(b, node, geometry, gradient=True), dx, scratch, macs=macs)
        else:
            kernel = ConvInputGradient(dy.maps, dx.maps, geometry, add, whole=False)
            b.step(name, kernel, dy, b.weight(node, "weight"), dx, macs=macs)

    def _folded(self, b: TrainingBuilder, node: Node, geometry: ConvGeometry, dy: Held, macs: int) -> None:
        """Take the gradient of the padded maps, and give each place those of its copies in the padding."""
        name, mode = name_of(node), layer_of(node).padding_mode
        whole = b.hold(f"gradient around {name}", maps_of(node.inputs[0].shape).with_halo(*_padding(node)))
        kernel = ConvInputGradient(dy.maps, whole.maps, geometry, add=False, whole=True)
        b.step(name, kernel, dy, b.weight(node, "weight"), whole, macs=macs)
        b.step(name, Fold(whole.maps, mode), whole)
        dx, add = b.into(node.inputs[0])
        b.step(name, Copy(whole.maps, dx.maps, add), whole, dx)


def geometry_of(node: Node) -> ConvGeometry:
    """Return a convolution's geometry for its input."""
    layer: Conv2d = layer_of(node)
    channels, height, width = node.inputs[0].shape
    rows, columns = layer.windows()
    padding = rows.pads(height), columns.pads(width)
    return ConvGeometry(
        channels, layer.out_channels, layer.kernel_size, layer.stride, layer.dilation, padding, layer.groups
    )


def _padding(node: Node) -> Halo:
    (top, bottom), (left, right) = geometry_of(node).padding
    return top, bottom, left, right


def fused(b: Builder, node: Node) -> tuple[Node, Activation | None]:
    """Return the node whose value the step makes: the activation's behind it, if nobody else sees what it reads."""
    reader = b.sole_reader(node) if b.may_fuse else None
    activation = None if reader is None else activation_of(reader)
    if reader is None or activation is None or activation.needs == "x":
        return node, None
    b.fuse(reader, node)
    return reader, activation


def _transformed(b: Builder, node: Node, geometry: ConvGeometry, *, gradient: bool) -> Buffer:
    """Return the weight in Winograd's form, made by a phase before all others."""
    kernel = WinogradWeights(geometry, gradient)
    return b.prepared(node, kernel, kernel.size * 4, b.weight(node, "weight"), items=kernel.items)

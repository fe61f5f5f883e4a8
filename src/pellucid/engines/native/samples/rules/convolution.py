"""Convolution: direct or Winograd, with the activation behind it in the same step."""

from __future__ import annotations

from typing import Literal

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
from ..row_winograd import (
    RowWinogradForward,
    RowWinogradInputGradient,
    RowWinogradWeightGradient,
    RowWinogradWeights,
)
from ..winograd import (
    WinogradForward,
    WinogradInputGradient,
    WinogradWeightGradient,
    WinogradWeights,
    pays,
    weight_gradient_pays,
)
from ..winograd_cost import rows_pay, rows_weight_gradient_pays
from .base import Rule, layer_of
from .elementwise import activation_of


class ConvRule(Rule):
    """Conv2d."""

    def halo(self, node: Node) -> Halo:
        """Return the padding, where it is zeros."""
        return _padding(node) if layer_of(node).padding_mode == "zeros" else NONE

    def gradient_halo(self, node: Node, *, may_transform: bool) -> Halo:
        """Return what the input gradient's windows reach beyond the output; Winograd along rows reads nothing there."""
        whole = _whole(node)
        if may_transform and not whole and _way_back(node) == "rows":
            return NONE
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
        zeros = self.halo(node) != NONE
        if b.may_transform and pays(geometry, *node.shape[1:]):
            kernel = WinogradForward(x.maps, y.maps, geometry, bias, activation)
            u = _transformed(b, node, WinogradWeights(geometry, gradient=False))
            b.step(name, kernel, x, u, *places, y, b.scratch(name, kernel.scratch(b.target)), macs=macs)
        elif b.may_transform and rows_pay(geometry, *node.shape[1:]):
            kernel = RowWinogradForward(x.maps, y.maps, geometry, bias, activation, zeros)
            u = _transformed(b, node, RowWinogradWeights(geometry))
            b.step(name, kernel, x, u, *places, y, b.scratch(name, kernel.scratch(b.target)), macs=macs)
        else:
            kernel = ConvForward(x.maps, y.maps, geometry, bias, activation, zeros)
            b.step(name, kernel, x, b.weight(node, "weight"), *places, y, macs=macs)
        b.finished(made)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Add the weight's gradient, and the input's where somebody wants it."""
        layer: Conv2d = layer_of(node)
        name, geometry = name_of(node), geometry_of(node)
        dy, x = b.grad(node), b.recall(node)
        macs = layer.cost(node.inputs[0].shape).macs * b.target.lanes
        if b.trains(node, "weight"):
            self._to_weights(b, node, x, dy, macs)
        if not b.wants(node.inputs[0]):
            return
        if _whole(node):
            b.bordered(node)
            self._folded(b, node, geometry, dy, macs)
            return
        way = _way_back(node) if b.may_transform else "direct"
        if way != "rows":
            b.bordered(node)
        dx, add = b.into(node.inputs[0])
        if way == "direct":
            kernel = ConvInputGradient(dy.maps, dx.maps, geometry, add, whole=False)
            b.step(name, kernel, dy, b.weight(node, "weight"), dx, macs=macs)
            return
        if way == "tiles":
            kernel = WinogradInputGradient(dy.maps, dx.maps, geometry, add)
            u = _transformed(b, node, WinogradWeights(geometry, gradient=True))
        else:
            kernel = RowWinogradInputGradient(dy.maps, dx.maps, geometry, add)
            u = _transformed(b, node, RowWinogradWeights(geometry))
        b.step(name, kernel, dy, u, dx, b.scratch(name, kernel.scratch(b.target)), macs=macs)

    def _to_weights(self, b: TrainingBuilder, node: Node, x: Held, dy: Held, macs: int) -> None:
        """Add the gradient of weight and bias."""
        layer: Conv2d = layer_of(node)
        name, geometry, zeros = name_of(node), geometry_of(node), self.halo(node) != NONE
        slabs = [b.slab(node, "weight"), *([b.slab(node, "bias")] if layer.bias else [])]
        if b.may_transform and weight_gradient_pays(geometry, *node.shape[1:]):
            kernel = WinogradWeightGradient(x.maps, dy.maps, geometry, layer.bias)
        elif b.may_transform and rows_weight_gradient_pays(geometry, *node.shape[1:]):
            kernel = RowWinogradWeightGradient(x.maps, dy.maps, geometry, layer.bias, zeros)
        else:
            kernel = ConvWeightGradient(x.maps, dy.maps, geometry, layer.bias, zeros)
            b.step(name, kernel, x, dy, *slabs, macs=macs)
            return
        b.step(name, kernel, x, dy, *slabs, b.scratch(name, kernel.scratch(b.target)), macs=macs)

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
    if reader is None or activation is None or (b.training and activation.needs == "x"):
        return node, None
    b.fuse(reader, node)
    return reader, activation


def _whole(node: Node) -> bool:
    """Return whether the padding's places get a gradient too, for they hold copies of others."""
    return layer_of(node).padding_mode != "zeros" and _padding(node) != NONE


def _way_back(node: Node) -> Literal["direct", "tiles", "rows"]:
    """Return how the input's gradient is made where Winograd's algorithm may be used."""
    geometry = geometry_of(node)
    if pays(geometry, *node.inputs[0].shape[1:]):
        return "tiles"
    return "rows" if rows_pay(geometry, *node.shape[1:]) else "direct"


def _transformed(b: Builder, node: Node, kernel: WinogradWeights | RowWinogradWeights) -> Buffer:
    """Return the weight in Winograd's form, made by a phase before all others."""
    return b.prepared(node, kernel, kernel.size * 4, b.weight(node, "weight"), items=kernel.items)

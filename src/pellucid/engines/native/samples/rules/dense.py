"""Flatten, which costs nothing where the maps lie without gaps, and linear layers, small and wide."""

from __future__ import annotations

import math

from .....layers import Linear, Node
from .....wiring import name_of
from ...layout import Maps, maps_of
from ..borders import Copy
from ..builder import Builder
from ..held import NONE, Held
from ..joining import FlattenHWC, UnflattenHWC
from ..learning import TrainingBuilder
from ..linear import LinearForward, LinearInputGradient, WideLinearForward, WideLinearInputGradient
from ..linear_weights import LinearBiasGradient, LinearWeightGradient
from ..updates import Store
from .base import Rule, layer_of
from .convolution import fused

CACHED = 256 << 10  # bytes of a weight that every thread can hold beside its samples


class FlattenRule(Rule):
    """Flatten: the same memory under another shape, or a copy in another order."""

    def order(self, node: Node) -> str:
        """Return the order in which maps are laid out."""
        return layer_of(node).order

    def forward(self, b: Builder, node: Node) -> None:
        """Look at the maps as a vector, or copy them."""
        if self.order(node) == "HWC":
            x, y = b.read(node.inputs[0]), b.new(node)
            b.step(name_of(node), FlattenHWC(x.maps), x, y)
            return
        x = b.read(node.inputs[0], dense=True)
        b.values[name_of(node)] = Held(x.buffer, maps_of(node.shape, dense=True))

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Give the gradient the input's shape again."""
        dy = b.grad(node)
        dx, add = b.into(node.inputs[0])
        if self.order(node) == "HWC":
            b.step(name_of(node), UnflattenHWC(dx.maps, add), dy, dx)
        elif dx.buffer is not dy.buffer:
            b.step(name_of(node), Copy(_as(dy.maps, dx.maps), dx.maps, add), dy, dx)


def _as(vector: Maps, maps: Maps) -> Maps:
    """Return the layout of a vector, seen as maps of a shape."""
    return Maps(maps.channels, maps.height, maps.width, dense=True)


class LinearRule(Rule):
    """Linear: over one block where the weights fit beside it, else over all blocks for a tile of the weights."""

    def forward(self, b: Builder, node: Node) -> None:
        """Add the product, fused with the activation that alone reads it."""
        layer: Linear = layer_of(node)
        name = name_of(node)
        inputs, outputs, rows, wide = _sizes(node)
        x = b.read(node.inputs[0], dense=True)
        b.remember(node, x)
        made, activation = fused(b, node)
        y = b.new(made)
        places = [x, b.weight(node, "weight"), *([b.weight(node, "bias")] if layer.bias else []), y]
        macs = inputs * outputs * rows * b.target.lanes
        if not wide:
            b.step(name, LinearForward(inputs, outputs, rows, layer.bias, activation), *places, macs=macs)
            return
        kernel = WideLinearForward(inputs, outputs, layer.bias, activation, b.stride(x), b.stride(y))
        items = kernel.items(b.target)
        b.task(name, kernel, *places, b.arguments.call["blocks"], items=items, macs=macs)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Add the input's gradient; the weight's is made when all blocks are done."""
        name = name_of(node)
        inputs, outputs, rows, wide = _sizes(node)
        dy, x = b.grad(node), b.recall(node)
        macs = inputs * outputs * rows * b.target.lanes
        blocks = b.arguments.call["blocks"]
        if b.trains(node, "weight"):
            weight = LinearWeightGradient(inputs, outputs, rows, b.stride(x), b.stride(dy), Store())
            items = weight.items(b.target)
            b.later(node, "weight", weight, x, dy, blocks, items=items, macs=macs)
        if b.trains(node, "bias"):
            b.later(node, "bias", LinearBiasGradient(outputs, rows, b.stride(dy), Store()), dy, blocks, items=1)
        if not b.wants(node.inputs[0]):
            return
        dx, add = b.into(node.inputs[0])
        flat = dx if dx.maps.flat and dx.maps.halo == NONE else None
        target = flat or b.hold(f"gradient before {name}", Maps(inputs * rows, dense=True))
        adding = add and flat is not None
        if wide:
            kernel = WideLinearInputGradient(inputs, outputs, adding, b.stride(dy), b.stride(target))
            items = kernel.items(b.target)
            weight = b.weight(node, "weight")
            b.task(name, kernel, dy, weight, target, blocks, items=items, macs=macs)
        else:
            kernel = LinearInputGradient(inputs, outputs, rows, adding)
            b.step(name, kernel, dy, b.weight(node, "weight"), target, macs=macs)
        if flat is None:
            b.step(name, Copy(_as(target.maps, dx.maps), dx.maps, add), target, dx)


def _sizes(node: Node) -> tuple[int, int, int, bool]:
    """Return inputs, outputs, rows, and whether the weight is too large to be read for each block."""
    inputs, outputs = node.inputs[0].shape[-1], node.shape[-1]
    rows = math.prod(node.shape[:-1])
    return inputs, outputs, rows, rows == 1 and inputs * outputs * 4 > CACHED

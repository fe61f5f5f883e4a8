"""Slopes that are learned, and constants that scale and shift: weights that vary along some axes."""

from __future__ import annotations

from itertools import accumulate
from operator import mul

from .....layers import Node
from .....wiring import name_of
from ...layout import Maps
from ..borders import Copy
from ..builder import Builder
from ..learning import TrainingBuilder
from ..varying import Steps, Vary, VaryGradient, VaryWeightGradient
from .base import Rule, layer_of
from .merging import axes_of


class VaryingRule(Rule):
    """PReLU and Scale."""

    def declines(self, node: Node) -> str | None:
        """Return that the weight varies among many axes."""
        return unvaried(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Multiply and add."""
        if name_of(node.inputs[0]) in b.arguments.folded:
            return  # the convolution does it
        own = b.net.weight_names(name_of(node))
        x, y = b.read(node.inputs[0]), b.new(node)
        slope = layer_of(node).kind == "PReLU"
        kernel = Vary(_seen(node, x.maps), _seen(node, y.maps), steps_of(node), "weight" in own, "bias" in own, slope)
        b.step(name_of(node), kernel, x, *(b.weight(node, short) for short in ("weight", "bias") if short in own), y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Multiply the gradient, and sum up those of the weights that are trained."""
        name, before, steps, dy = name_of(node), node.inputs[0], steps_of(node), b.grad(node)
        own, slope = b.net.weight_names(name), layer_of(node).kind == "PReLU"
        x, seen = b.values[name_of(before)], _seen(node, dy.maps)
        layout = _seen(node, x.maps)
        if b.trains(node, "weight"):
            b.step(name, VaryWeightGradient(layout, seen, steps, slope), x, dy, b.slab(node, "weight"))
        if b.trains(node, "bias"):
            b.step(name, VaryWeightGradient(None, seen, steps), dy, b.slab(node, "bias"))
        if not b.wants(before):
            return
        dx, add = b.into(before)
        if "weight" not in own:
            b.step(name, Copy(dy.maps, dx.maps, add), dy, dx)
            return
        kernel = VaryGradient(layout if slope else None, seen, _seen(node, dx.maps), steps, add)
        b.step(name, kernel, *([x] if slope else []), b.weight(node, "weight"), dy, dx)


def unvaried(node: Node) -> str | None:
    """Return why no kernel tells where a weight varies; None if one does."""
    several = len(node.shape) > 3 and bool(layer_of(node).axes)
    return "its weights vary along some of more than three axes" if several else None


def steps_of(node: Node) -> Steps:
    """Return how a layer's weights vary along the channels, rows and columns of what they meet."""
    rank, axes = len(node.shape), layer_of(node).axes
    sizes = [node.shape[axis] if axis in axes else 1 for axis in range(rank)]
    behind = [1, *accumulate(reversed(sizes[1:]), mul)][::-1]
    steps = [step if axis in axes else 0 for axis, step in enumerate(behind)]
    first, second, third = ([0, 0, 0, *steps])[-3:]
    return first, second, third


def _seen(node: Node, maps: Maps) -> Maps:
    """Return a value's layout as channels, rows and columns; a vector is a row, whose places follow one another."""
    if len(node.shape) == 3:
        return maps
    return Maps(1, 1, maps.channels, dense=True) if len(node.shape) > 3 else Maps(*axes_of(node.shape), dense=True)

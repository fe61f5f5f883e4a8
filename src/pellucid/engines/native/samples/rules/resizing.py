"""Upsampling: copies of the nearest places, or neighbours weighed."""

from __future__ import annotations

from .....layers import Node
from .....wiring import name_of
from ..builder import Builder
from ..filling import Fill
from ..learning import TrainingBuilder
from ..resizing import Resize, ResizeGradient, Share
from .base import layer_of
from .moving import MovementRule


class UpsampleRule(MovementRule):
    """Upsample."""

    def forward(self, b: Builder, node: Node) -> None:
        """Weigh neighbours, or copy."""
        if layer_of(node).mode != "bilinear":
            super().forward(b, node)
            return
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), Resize(x.maps, y.maps, *shares_of(node)), x, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Share each gradient among what was weighed."""
        if layer_of(node).mode != "bilinear":
            super().backward(b, node)
            return
        dy = b.grad(node)
        dx, add = b.into(node.inputs[0])
        if not add:
            b.step(name_of(node), Fill(dx.maps.size * b.target.lanes), dx)
        b.step(name_of(node), ResizeGradient(dy.maps, dx.maps, *shares_of(node)), dy, dx)


def shares_of(node: Node) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
    """Return what rows and columns weigh."""
    found: list[tuple[Share, ...]] = []
    for window, size in zip(layer_of(node).windows(), node.inputs[0].shape[1:], strict=True):
        axis: list[Share] = []
        for output in range(window.out(size)):
            weighed = [(place, float(share)) for place, share in window.shares(output, size).items() if share]
            (first, share), (second, other) = (*weighed, (weighed[0][0], 0.0))[:2]
            axis.append((first, share, second, other))
        found.append(tuple(axis))
    return found[0], found[1]

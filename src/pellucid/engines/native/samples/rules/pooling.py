"""Pools: windows along rows and columns, told as the places that count."""

from __future__ import annotations

from typing import Any

import numpy as np

from .....layers import Node
from .....window import AdaptiveWindow
from .....wiring import name_of
from ...layout import Maps
from ..builder import Builder
from ..learning import TrainingBuilder
from ..pooling import AvgPoolBackward, AvgPoolForward, MaxPoolBackward, MaxPoolForward, Taps, taps_of
from ..power_pooling import LpPoolBackward, LpPoolForward
from .base import Rule, layer_of


def taps_of_node(node: Node) -> tuple[Taps, Taps]:
    """Return the places that count along rows and columns; None as a window is the whole axis."""
    windows = layer_of(node).windows(*(before.shape for before in node.inputs))
    rows, columns = (
        taps_of(AdaptiveWindow(1) if window is None else window, size)
        for window, size in zip(windows, node.inputs[0].shape[1:], strict=True)
    )
    return rows, columns


def _pooled(node: Node, maps: Maps) -> Maps:
    """Return the layout of a pool's output as maps: a global pool's vector is maps of one place."""
    return maps if len(node.shape) == 3 else Maps(maps.channels, 1, 1, dense=True)


class MaxPoolRule(Rule):
    """Max pools of every kind."""

    def forward(self, b: Builder, node: Node) -> None:
        """Keep the largest of each window."""
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), MaxPoolForward(x.maps, _pooled(node, y.maps), *taps_of_node(node)), x, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Give the gradient to the first largest."""
        name = name_of(node)
        x, y, dy = b.values[name_of(node.inputs[0])], b.values[name], b.grad(node)
        dx, add = b.into(node.inputs[0])
        kernel = MaxPoolBackward(
            x.maps, _pooled(node, y.maps), dx.maps, _pooled(node, dy.maps), *taps_of_node(node), add
        )
        b.step(name, kernel, x, y, dy, dx)


class PowerPoolRule(Rule):
    """LpPool2d."""

    def forward(self, b: Builder, node: Node) -> None:
        """Take the length of each window."""
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), LpPoolForward(x.maps, y.maps, *taps_of_node(node), layer_of(node).norm_type), x, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Share the gradient by what each number gives to the length."""
        name, p = name_of(node), layer_of(node).norm_type
        x, y, dy = b.values[name_of(node.inputs[0])], b.values[name], b.grad(node)
        dx, add = b.into(node.inputs[0])
        kernel = LpPoolBackward(x.maps, y.maps, dx.maps, dy.maps, *taps_of_node(node), p, add)
        b.step(name, kernel, x, y, dy, dx)


class AveragePoolRule(Rule):
    """Average pools of every kind."""

    def forward(self, b: Builder, node: Node) -> None:
        """Average each window."""
        x, y = b.read(node.inputs[0]), b.new(node)
        kernel = AvgPoolForward(x.maps, _pooled(node, y.maps), *taps_of_node(node), *divisors_of(node))
        b.step(name_of(node), kernel, x, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Share the gradient among what counted."""
        dy = b.grad(node)
        dx, add = b.into(node.inputs[0])
        kernel = AvgPoolBackward(dx.maps, _pooled(node, dy.maps), *taps_of_node(node), *divisors_of(node), add)
        b.step(name_of(node), kernel, dy, dx)


def divisors_of(node: Node) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the counts along rows and columns whose product each window's sum is divided by."""
    layer: Any = layer_of(node)
    shape = node.inputs[0].shape
    windows = layer.windows(shape)
    counted = layer.padding_counts if layer.kind == "AvgPool2d" else None
    found: list[tuple[int, ...]] = []
    for window, size in zip(windows, shape[1:], strict=True):
        if window is None:
            counts = np.array([size])
        elif counted is None:
            counts = window.counts(size)
        else:
            counts = window.counts(size, include_pad=counted)
        found.append(tuple(int(count) for count in counts))
    return found[0], found[1]

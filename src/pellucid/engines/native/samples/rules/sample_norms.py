"""Norms over a sample's own numbers: normalised, and then scaled and shifted as other learned constants are."""

from __future__ import annotations

import math
from itertools import groupby

from .....layers import Node
from .....layers.node import Shape
from .....wiring import name_of
from ...layout import Maps, maps_of
from ..builder import Builder
from ..held import Held
from ..learning import TrainingBuilder
from ..sample_norms import Cells, SampleNorm, SampleNormGradient
from ..varying import Steps, Vary, VaryGradient, VaryWeightGradient
from .base import Rule, layer_of

Runs = list[tuple[int, bool]]  # neighbouring axes, joined: how many places, and whether they are among some axes


class SampleNormRule(Rule):
    """LayerNorm, GroupNorm and InstanceNorm2d."""

    def declines(self, node: Node) -> str | None:
        """Return that axes which are normalised together lie apart, among many."""
        return scattered(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Normalise, then scale and shift what is learned."""
        name, layer = name_of(node), layer_of(node)
        x, learned = b.read(node.inputs[0]), layer.learned()
        normal = b.hold(f"normal {name}", maps_of(node.shape, dense=True)) if learned else b.new(node)
        cells, layout = cells_of(node), cut(node, x.maps)
        keeps = isinstance(b, TrainingBuilder)
        kept = [b.buffer(f"deviations of {name}", cells.count(layout) * b.vector)] if keeps else []
        if isinstance(b, TrainingBuilder):
            b.buffers[name] = kept[0], normal.buffer
        b.step(name, SampleNorm(cells, layout, cut(node, normal.maps), layer.eps, keeps), x, *kept, normal)
        if learned:
            y = b.new(node)
            has = "weight" in learned, "bias" in learned
            kernel = Vary(met(node, normal.maps), met(node, y.maps), steps_of(node), *has)
            b.step(name, kernel, normal, *(b.weight(node, short) for short in learned), y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Sum up the weights' gradients, and take the gradient through mean and variance."""
        name, learned, dy, steps = name_of(node), layer_of(node).learned(), b.grad(node), steps_of(node)
        deviation, buffer = b.buffers[name]
        normal = Held(buffer, maps_of(node.shape, dense=True) if learned else b.values[name].maps)
        made, given = met(node, normal.maps), met(node, dy.maps)
        if b.trains(node, "weight"):
            b.step(name, VaryWeightGradient(made, given, steps), normal, dy, b.slab(node, "weight"))
        if b.trains(node, "bias"):
            b.step(name, VaryWeightGradient(None, given, steps), dy, b.slab(node, "bias"))
        if not b.wants(node.inputs[0]):
            return
        if "weight" in learned:
            scaled = b.hold(f"scaled gradient of {name}", maps_of(node.shape, dense=True))
            kernel = VaryGradient(None, given, met(node, scaled.maps), steps)
            b.step(name, kernel, b.weight(node, "weight"), dy, scaled)
            dy = scaled
        dx, add = b.into(node.inputs[0])
        given = cut(node, dy.maps)
        kernel = SampleNormGradient(cells_of(node), cut(node, normal.maps), given, cut(node, dx.maps), add)
        b.step(name, kernel, normal, deviation, dy, dx)


def runs_of(shape: Shape, axes: tuple[int, ...]) -> Runs:
    """Return the axes of a shape, those that follow one another joined if they are all among `axes`, or none is.

    >>> runs_of((2, 3, 5, 7), (2, 3))
    [(6, False), (35, True)]
    """
    told = groupby(enumerate(shape), key=lambda axis: axis[0] in axes)
    return [(math.prod(size for _, size in run), among) for among, run in told]


def scattered(node: Node) -> str | None:
    """Return why no kernel normalises a value; None if one does."""
    apart = len(node.shape) != 3 and len(runs_of(*layer_of(node).cut(node.shape))) > 3
    return "the axes that it normalises together lie apart, among more than three" if apart else None


def cells_of(node: Node) -> Cells:
    """Return what a layer normalises together."""
    if len(node.shape) == 3 and layer_of(node).kind != "LayerNorm":
        return Cells(layer_of(node).cut(node.shape)[0][0])
    sizes, over = _three(node.shape, *layer_of(node).cut(node.shape))
    return Cells(1 if over[0] else sizes[0], over[1], over[2])


def cut(node: Node, maps: Maps) -> Maps:
    """Return a value's layout as channels, rows and columns that fall into cells."""
    return maps if len(node.shape) == 3 else Maps(*_three(node.shape, *layer_of(node).cut(node.shape))[0], dense=True)


def met(node: Node, maps: Maps) -> Maps:
    """Return a value's layout as channels, rows and columns along which the weights vary, or not."""
    return maps if len(node.shape) == 3 else Maps(*_varied(node)[0], dense=True)


def steps_of(node: Node) -> Steps:
    """Return how the weights vary along these."""
    sizes, among = _varied(node)
    behind = [math.prod(size for size, own in zip(sizes[k:], among[k:], strict=True) if own) for k in (1, 2, 3)]
    first, second, third = (step if own else 0 for step, own in zip(behind, among, strict=True))
    return first, second, third


def _varied(node: Node) -> tuple[Shape, tuple[bool, ...]]:
    return _three(node.shape, node.shape, layer_of(node).varies(node.shape))


def _three(shape: Shape, cut: Shape, axes: tuple[int, ...]) -> tuple[Shape, tuple[bool, ...]]:
    """Return the sizes of channels, rows and columns, and which are among some axes; maps stay what they are."""
    if len(shape) == 3:
        return shape, tuple(axis in axes for axis in range(3))
    runs = runs_of(cut, axes)
    sizes, among = zip(*[(1, True)] * (3 - len(runs)), *runs, strict=True)
    return sizes, among

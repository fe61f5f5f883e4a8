"""Batch norm: in training its statistics need all blocks, so that the network is cut into phases there."""

from __future__ import annotations

import math

from .....layers import BatchNorm2d, Node
from .....wiring import name_of
from ...layout import Maps
from ...plan import Place
from ..builder import Builder
from ..held import Held
from ..learning import TrainingBuilder
from ..normalization import Combine, Moments, Normalize, NormalizeRunning
from ..normalization_gradient import BatchNormInputGradient, BatchNormSums, CombineSums
from ..sums import partial_size
from .base import Rule, layer_of
from .convolution import fused


class BatchNormRule(Rule):
    """BatchNorm2d and BatchNorm1d."""

    def forward(self, b: Builder, node: Node) -> None:
        """Normalise, with the activation that alone reads it."""
        layer: BatchNorm2d = layer_of(node)
        name, call = name_of(node), b.arguments.call
        if name_of(node.inputs[0]) in b.arguments.folded:
            return  # the convolution does it
        x = b.read(node.inputs[0])
        x = Held(x.buffer, _seen(node, x.maps))
        b.remember(node, x)
        learned = [b.weight(node, short) for short in ("weight", "bias")] if layer.affine else []
        running = [b.weight(node, short) for short in ("running_mean", "running_var")]
        if not isinstance(b, TrainingBuilder):
            made, activation = fused(b, node)
            y = b.new(made)
            kernel = NormalizeRunning(x.maps, _seen(node, y.maps), layer.eps, layer.affine, activation)
            b.step(name, kernel, x, *running, *learned, y)
            b.finished(made)
            return
        channels, places = node.shape[0], math.prod(node.shape[1:])
        partial = b.buffer(f"moments of {name}", partial_size(channels))
        mean, deviation = (b.buffer(f"{what} of {name}", 4 * channels, copies="once") for what in ("mean", "deviation"))
        b.buffers[name] = mean, deviation
        b.step(name, Moments(x.maps), x, call["mask"], partial)
        stride = -(-partial.size // 64) * 16
        kernel = Combine(channels, places, layer.eps, layer.momentum, layer.unbiased, stride, b.goal.moves_averages)
        b.task(name, kernel, partial, call["blocks"], call["count"], mean, deviation, *running, items=1)
        made, activation = fused(b, node)
        y = b.new(made)
        b.step(name, Normalize(x.maps, _seen(node, y.maps), layer.affine, activation), x, mean, deviation, *learned, y)
        b.finished(made)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Take the gradient through mean and variance, which all samples share."""
        layer: BatchNorm2d = layer_of(node)
        name, call = name_of(node), b.arguments.call
        dy, x = b.grad(node), b.recall(node)
        mean, deviation = b.buffers[name]
        channels = node.shape[0]
        partial = b.buffer(f"sums of {name}", partial_size(channels))
        sums = b.buffer(f"all sums of {name}", 8 * channels, copies="once")
        b.step(name, BatchNormSums(x.maps, _seen(node, dy.maps)), x, dy, mean, deviation, partial)
        stride = -(-partial.size // 64) * 16
        b.task(name, CombineSums(channels, stride), partial, call["blocks"], sums, items=1)
        if layer.affine and b.trains(node, "weight"):
            b.summed(node, "bias", sums)
            b.summed(node, "weight", Place(sums, 4 * channels))
        if b.wants(node.inputs[0]):
            dx, add = b.into(node.inputs[0])
            learned = [b.weight(node, "weight")] if layer.affine else []
            kernel = BatchNormInputGradient(x.maps, _seen(node, dy.maps), _seen(node, dx.maps), layer.affine, add)
            b.step(name, kernel, x, dy, mean, deviation, *learned, sums, call["count"], call["mask"], dx)


def _seen(node: Node, maps: Maps) -> Maps:
    """Return a value's layout as channels with places: rows of numbers are maps of one row."""
    return Maps(node.shape[0], 1, node.shape[1], dense=True) if len(node.shape) == 2 else maps

"""Layers that are one kernel: activations, softmax, batch norm, pools, and where branches meet."""

from __future__ import annotations

import numpy as np

from .....layers import Node
from .....wiring import name_of
from ...plan import Buffer
from ...samples.rules.elementwise import activation_of
from ...samples.rules.merging import MOST
from ...samples.rules.pooling import divisors_of, taps_of_node
from ..builder import Builder
from ..elementwise import Forward, ScaleShift
from ..held import Floats, Held
from ..joining import Concat, ConcatPlaces
from ..packing import blocked_of
from ..pooling import AvgPool, LpPool, MaxPool
from ..softmax import ChannelSoftmax, PlaceSoftmax
from .base import Rule, activated, layer_of


class ActivationRule(Rule):
    """Activations that no step before did."""

    def forward(self, b: Builder, node: Node) -> None:
        """Add the function."""
        activation = activation_of(node)
        assert activation is not None
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), Forward(activation, x.maps, y.maps), x, y)


class SoftmaxRule(Rule):
    """Softmax along any axis, or its logarithm."""

    def forward(self, b: Builder, node: Node) -> None:
        """Add the softmax over channels, or over places."""
        x, y = b.read(node.inputs[0]), b.new(node)
        shape = node.shape
        axis, log = layer_of(node).axis % len(shape), layer_of(node).kind == "LogSoftmax"
        lanes = 0 if len(shape) == 3 else len(shape) - 1  # the axis that lies in lanes
        if axis == lanes:
            b.step(name_of(node), ChannelSoftmax(x.maps, y.maps, log), x, y)
            return
        places = tuple(size for k, size in enumerate(shape) if k != lanes)
        b.step(name_of(node), PlaceSoftmax(places, axis - (lanes < axis), x.maps, y.maps, log), x, y)


class DropoutRule(Rule):
    """Dropout, which drops nothing outside training."""

    def forward(self, b: Builder, node: Node) -> None:
        """Let the value be the input's."""
        b.values[name_of(node)] = b.seen(node.inputs[0])


class BatchNormRule(Rule):
    """Batch norm that no convolution does."""

    def forward(self, b: Builder, node: Node) -> None:
        """Add the scale and shift, with the activation that alone reads it."""
        x = b.read(node.inputs[0])
        last = activated(b, node)
        y = b.new(last.made)
        b.step(name_of(node), ScaleShift(x.maps, y.maps, last.activation), x, *scale_and_shift(b, node), y)


def scale_and_shift(b: Builder, node: Node) -> tuple[Buffer, Buffer]:
    """Return what a batch norm multiplies each channel with, and what it adds; zeros where there is no channel."""

    def pack(numbers: Floats | None) -> Floats:
        assert numbers is not None
        return np.pad(numbers, (0, -len(numbers) % b.target.lanes))

    scale, shift = (b.weight(name_of(node), short, "channels", pack) for short in ("scale", "shift"))
    return scale, shift


class MaxPoolRule(Rule):
    """Max pools of every kind."""

    def forward(self, b: Builder, node: Node) -> None:
        """Keep the largest of each window."""
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), MaxPool(x.maps, y.maps, *taps_of_node(node)), x, y)


class AveragePoolRule(Rule):
    """Average pools of every kind."""

    def forward(self, b: Builder, node: Node) -> None:
        """Average each window."""
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), AvgPool(x.maps, y.maps, *taps_of_node(node), *divisors_of(node)), x, y)


class PowerPoolRule(Rule):
    """LpPool2d."""

    def forward(self, b: Builder, node: Node) -> None:
        """Take the length of each window."""
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), LpPool(x.maps, y.maps, *taps_of_node(node), layer_of(node).norm_type), x, y)


class ConcatRule(Rule):
    """Concat: of channels, or of places."""

    def declines(self, node: Node) -> str | None:
        """Return that the places of an axis lie apart."""
        axis = layer_of(node).axis % len(node.shape)
        apart = len(node.shape) > 3 and axis not in (0, len(node.shape) - 1)
        return f"it joins its inputs along axis {axis} of {len(node.shape)}" if apart else None

    def forward(self, b: Builder, node: Node) -> None:
        """Join all inputs."""
        shape, axis = node.shape, int(layer_of(node).axis) % len(node.shape)
        lanes = 0 if len(shape) == 3 else len(shape) - 1  # the axis that lies in lanes
        xs, sizes = [b.read(before) for before in node.inputs], [before.shape[axis] for before in node.inputs]

        def kernel(xs: list[Held], y: Held) -> Concat | ConcatPlaces:
            layouts = tuple(x.maps for x in xs)
            return Concat(layouts, y.maps) if axis == lanes else ConcatPlaces(layouts, y.maps, axis == 1)

        while len(xs) > MOST:
            size = sum(sizes[:MOST])
            part = b.hold(
                f"part of {name_of(node)}", blocked_of((*shape[:axis], size, *shape[axis + 1 :]), b.target.lanes)
            )
            b.step(name_of(node), kernel(xs[:MOST], part), *xs[:MOST], part)
            xs, sizes = [part, *xs[MOST:]], [size, *sizes[MOST:]]
        y = b.new(node)
        b.step(name_of(node), kernel(xs, y), *xs, y)

"""Flatten, which costs nothing where a linear layer reads it, and linear layers."""

from __future__ import annotations

import math

from .....layers import Flatten, Linear, Node
from .....wiring import name_of
from ...plan import Buffer
from ...samples.geometry import ConvGeometry
from ..builder import Builder
from ..direct import DirectConv
from ..held import Flattened, Floats, Held
from ..linear import LinearForward
from ..packing import Pack, blocked_of
from ..telling import Tell
from ..unloading import steps_of
from .base import Rule, activated, layer_of

CACHED = 256 << 10  # bytes of a weight that every thread can hold beside its image


class FlattenRule(Rule):
    """Flatten: the same memory, until somebody wants it otherwise."""

    def forward(self, b: Builder, node: Node) -> None:
        """Look at the value in another way."""
        layer: Flatten = layer_of(node)
        before = node.inputs[0]
        if len(before.shape) == 1:
            b.values[name_of(node)] = b.seen(before)
            return
        order = layer.order if len(before.shape) == 3 else "HWC"  # vectors along the last axis, place after place
        b.values[name_of(node)] = Flattened(b.read(before), order)


class LinearRule(Rule):
    """Linear."""

    def forward(self, b: Builder, node: Node) -> None:
        """Add the product, with the activation that alone reads it."""
        if len(node.shape) == 1:
            self._vector(b, node)
            return
        x = b.read(node.inputs[0])
        last = activated(b, node)
        lanes, inputs, outputs = b.target.lanes, node.inputs[0].shape, node.shape
        turned = len(outputs) == 3  # maps are turned so that their columns lie in lanes
        rows_in, rows_out = (math.prod(inputs[:-1]), inputs[-1]), (math.prod(outputs[:-1]), outputs[-1])
        if turned:
            dense = b.buffer(f"{name_of(node)} reads", 4 * math.prod(inputs))
            b.step(name_of(node), Tell(x.maps, steps_of(inputs), x.maps), x, dense)
            x = b.hold(f"{name_of(node)} reads", blocked_of(rows_in, lanes))
            b.step(name_of(node), Pack(steps_of(rows_in), x.maps), dense, x)
        y = b.hold(f"{name_of(node)} gives", blocked_of(rows_out, lanes)) if turned else b.new(last.made)
        kernel = DirectConv(x.maps, y.maps, ConvGeometry(inputs[-1], outputs[-1], (1, 1)), last.activation)

        def pack(weight: Floats | None) -> Floats:
            assert weight is not None
            return kernel.pack(weight[:, :, None, None])

        weight = b.weight(name_of(node), "weight", "rows", pack)
        bias = b.weight(name_of(node), "bias", "rows", kernel.pack_bias)
        b.step(name_of(node), kernel, x, weight, bias, y, macs=_macs(node))
        if turned:
            dense = b.buffer(f"{name_of(node)} gives", 4 * math.prod(outputs))
            b.step(name_of(node), Tell(y.maps, steps_of(rows_out), y.maps), y, dense)
            y = b.new(last.made)
            b.step(name_of(node), Pack(steps_of(outputs), y.maps), dense, y)

    def _vector(self, b: Builder, node: Node) -> None:
        seen = b.seen(node.inputs[0])
        x, order = (seen.held, seen.order) if isinstance(seen, Flattened) else (seen, "CHW")
        name, last = name_of(node), activated(b, node)
        y = b.new(last.made)
        wide = 4 * node.inputs[0].shape[0] * node.shape[0] > CACHED and not b.single
        steps = (_stride(b, x), _stride(b, y)) if wide else None
        kernel = LinearForward(x.maps, y.maps, order, last.activation, steps)

        def pack(weight: Floats | None) -> Floats:
            assert weight is not None
            return kernel.pack(weight)

        form = order, x.maps.channels, x.maps.height, x.maps.width
        weights = b.weight(name, "weight", form, pack), b.weight(name, "bias", form, kernel.pack_bias)
        places: list[Held | Buffer] = [x, *weights, y]
        if wide:
            b.task(name, kernel, *places, b.images, macs=_macs(node))
        else:
            b.step(name, kernel, *places, macs=_macs(node))


def _macs(node: Node) -> int:
    layer: Linear = layer_of(node)
    return layer.cost(node.inputs[0].shape).macs


def _stride(b: Builder, held: Held) -> int:
    """Return the vectors from one image's copy to the next."""
    return -(-held.buffer.size // 64) * 16 // b.target.lanes

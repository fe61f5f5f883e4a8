"""Where branches meet."""

from __future__ import annotations

import math

import numpy as np

from .....layers import Node
from .....wiring import name_of
from ...layout import Maps
from ...plan import Place
from ..borders import Copy
from ..builder import Builder
from ..held import Held
from ..learning import TrainingBuilder
from ..moving import Gather, Scatter, Tables, tables_of
from .base import Rule, layer_of


class ConcatRule(Rule):
    """Concat: along the first axis a copy of each input to its channels, else one to the places that it gets."""

    def forward(self, b: Builder, node: Node) -> None:
        """Copy every input to its place."""
        name, y, done = name_of(node), b.new(node), 0
        for before in node.inputs:
            x, own = b.read(before), before.shape[_axis(node)]
            if _axis(node) == 0:
                b.step(name, Copy(x.maps, _some(y.maps, x.maps)), x, _from(b, y, done))
            else:
                b.step(name, Scatter(_tables(node, y.maps, done, own), _seen(before, x.maps), add=False), x, y)
            done += x.maps.channels if _axis(node) == 0 else own
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Give every input the gradient of its place."""
        name, dy, done = name_of(node), b.grad(node), 0
        for before in node.inputs:
            channels, own = b.values[name_of(before)].maps.channels, before.shape[_axis(node)]
            if b.wants(before):
                dx, add = b.into(before)
                if _axis(node) == 0:
                    b.step(name, Copy(_some(dy.maps, dx.maps), dx.maps, add), _from(b, dy, done), dx)
                else:
                    kernel = Gather(_tables(node, dy.maps, done, own), _seen(before, dx.maps), add=add)
                    b.step(name, kernel, dy, dx)
            done += channels if _axis(node) == 0 else own


def _axis(node: Node) -> int:
    """Return the axis along which inputs are joined, counted from 0."""
    return layer_of(node).axis % len(node.shape)


def _tables(node: Node, maps: Maps, first: int, count: int) -> Tables:
    """Return where in the joined value the numbers of one input lie."""
    numbers = np.arange(math.prod(node.shape)).reshape(node.shape)
    own = numbers.take(range(first, first + count), axis=_axis(node))
    offsets = numbers.ravel() if len(node.shape) != 3 else maps.at(*np.indices(node.shape)).ravel()
    return tables_of(own if own.ndim == 3 else own.reshape(1, 1, -1), offsets)


def _seen(node: Node, maps: Maps) -> Maps:
    """Return a value's layout in the terms of its tables: what is no maps is one row."""
    return maps if len(node.shape) == 3 else Maps(1, 1, maps.channels, dense=True)


def _some(whole: Maps, part: Maps) -> Maps:
    """Return the layout of some channels of a value."""
    from dataclasses import replace

    return replace(whole, channels=part.channels)


def _from(b: Builder, held: Held, channel: int) -> Place:
    """Return the place where a channel begins."""
    return Place(held.buffer, channel * held.maps.plane * b.vector)

"""Layers that only move numbers, and reshapes, which do not even that where the maps lie without gaps."""

from __future__ import annotations

import math

import numpy as np

from .....layers import Node
from .....wiring import name_of
from ...layout import Maps
from ..builder import Builder
from ..filling import Fill
from ..learning import TrainingBuilder
from ..moving import Gather, Places, Scatter, Tables, tables_of
from .base import Rule, layer_of
from .dense import FlattenRule

__all__ = ["MovementRule", "ReshapeRule"]


class ReshapeRule(FlattenRule):
    """Reshape: the same memory under another shape."""

    def order(self, node: Node) -> str:
        """Return the order in which numbers are laid out: their own."""
        return "CHW"


class MovementRule(Rule):
    """Any layer whose numbers are numbers of its input, or a constant."""

    def forward(self, b: Builder, node: Node) -> None:
        """Copy every number from its place."""
        x, y = b.read(node.inputs[0]), b.new(node)
        kernel = Gather(_tables(node, x.maps), _seen(node, y.maps), layer_of(node).filling)
        b.step(name_of(node), kernel, x, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Bring every gradient back to the place that its number came from."""
        name, dy = name_of(node), b.grad(node)
        dx, add = b.into(node.inputs[0])
        copies = _copies(node)
        several = bool(copies.max() > 1)
        if not add and (several or copies.min() == 0):
            b.step(name, Fill(dx.maps.size * b.target.lanes), dx)
        b.step(name, Scatter(_tables(node, dx.maps), _seen(node, dy.maps), add or several), dy, dx)


def _copies(node: Node) -> Places:
    """Return how often each number of the input stands in the output."""
    shape = node.inputs[0].shape
    places = layer_of(node).places(shape)
    return np.bincount(places[places >= 0], minlength=math.prod(shape))


def _tables(node: Node, x: Maps) -> Tables:
    """Return where each vector of a node's value comes from in the layout of its input."""
    shape = node.inputs[0].shape
    places, numbers = layer_of(node).places(shape), np.arange(math.prod(shape))
    offsets = x.at(*np.unravel_index(numbers, shape)) if len(shape) == 3 else numbers
    return tables_of(places if len(node.shape) == 3 else places.reshape(1, 1, -1), offsets)


def _seen(node: Node, maps: Maps) -> Maps:
    """Return a value's layout in the terms of its tables: what is no maps is one row."""
    return maps if len(node.shape) == 3 else Maps(1, 1, maps.channels, dense=True)

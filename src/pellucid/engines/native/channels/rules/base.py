"""What a rule is: how one kind of layer becomes steps; and what a step can do besides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from .....layers import Node
from .....wiring import name_of
from ...samples.elementwise import Activation
from ...samples.held import NONE, Halo
from ...samples.rules.base import layer_of
from ...samples.rules.elementwise import activation_of
from ..builder import Builder

__all__ = ["Chain", "Rule", "activated", "chain", "layer_of"]


class Rule(ABC):
    """How a kind of layer becomes steps of a plan in channel lanes."""

    def halo(self, node: Node) -> Halo:
        """Return how far the layer reads around its input, where the padding is zeros."""
        return NONE

    @abstractmethod
    def forward(self, b: Builder, node: Node) -> None:
        """Add the steps that make the node's value."""


@dataclass(frozen=True)
class Chain:
    """What the step of a layer does besides.

    Args:
        made: the node whose value it makes.
        activation: what is done last.
        other: the value that is added before that.
    """

    made: Node
    activation: Activation | None = None
    other: Node | None = None


def activated(b: Builder, node: Node) -> Chain:
    """Return the chain of a layer whose step can do the activation behind it."""
    reader = b.sole_reader(node) if b.may_fuse else None
    activation = None if reader is None else activation_of(reader)
    if reader is None or activation is None:
        return Chain(node)
    b.done.add(name_of(reader))
    return Chain(reader, activation)


def chain(b: Builder, node: Node) -> Chain:
    """Return the chain of a convolution: a batch norm, a sum with what is there already, an activation."""
    norm = b.rewriting.norms.get(name_of(node))
    if norm is not None:
        b.done.add(norm)
        node = b.net.node(norm)
    reader = b.sole_reader(node) if b.may_fuse else None
    if reader is None or layer_of(reader).kind != "Add" or len(reader.inputs) != 2:
        return activated(b, node)
    other = reader.inputs[1] if reader.inputs[0] is node else reader.inputs[0]
    if not b.known(other):
        return Chain(node)
    b.done.add(name_of(reader))
    last = activated(b, reader)
    return Chain(last.made, last.activation, other)

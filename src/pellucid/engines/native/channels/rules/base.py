"""What a rule is: how one kind of layer becomes steps; and what a step can do besides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

from .....layers import Node
from .....wiring import name_of
from ...samples.elementwise import Activation
from ...samples.held import NONE, Halo
from ...samples.rules.base import layer_of
from ...samples.rules.elementwise import activation_of
from ...samples.rules.merging import adds_two
from ...samples.rules.pooling import taps_of_node
from ..builder import Builder

__all__ = ["Chain", "Rule", "activated", "chain", "layer_of"]


class Rule(ABC):
    """How a kind of layer becomes steps of a plan in channel lanes."""

    def halo(self, b: Builder, node: Node) -> Halo:
        """Return how far the layer reads around its input, where the padding is zeros."""
        return NONE

    def declines(self, node: Node) -> str | None:
        """Return why the rule cannot make this node's value; None if it can."""
        return None

    @abstractmethod
    def forward(self, b: Builder, node: Node) -> None:
        """Add the steps that make the node's value."""


@dataclass(frozen=True)
class Chain:
    """What the step of a layer does besides.

    Args:
        made: the node whose value it makes.
        activation: what is done to each number.
        other: the value that is added before that.
        pool: only the largest of every two by two numbers are kept.
    """

    made: Node
    activation: Activation | None = None
    other: Node | None = None
    pool: bool = False


def activated(b: Builder, node: Node) -> Chain:
    """Return the chain of a layer whose step can do the activation behind it."""
    reader = b.sole_reader(node) if b.may_fuse else None
    activation = None if reader is None else activation_of(reader)
    if reader is None or activation is None:
        return Chain(node)
    b.done.add(name_of(reader))
    return Chain(reader, activation)


def chain(b: Builder, node: Node, *, pools: bool) -> Chain:
    """Return the chain of a convolution: a batch norm, a sum with what is there already, an activation, a pool.

    Args:
        b: the plan in the making.
        node: the convolution.
        pools: its kernel can make a pool of two by two.
    """
    norm = b.rewriting.norms.get(name_of(node))
    if norm is not None:
        b.done.add(norm)
        node = b.net.node(norm)
    other: Node | None = None
    reader = b.sole_reader(node) if b.may_fuse else None
    if reader is not None and adds_two(reader):
        beside = reader.inputs[1] if reader.inputs[0] is node else reader.inputs[0]
        if b.known(beside):
            b.done.add(name_of(reader))
            node, other = reader, beside
    last = activated(b, node)
    pools = pools and (last.activation is None or last.activation.may_follow_pool)
    pool = b.sole_reader(last.made) if pools and b.may_fuse else None
    if pool is None or not _halves(pool):
        return replace(last, other=other)
    b.done.add(name_of(pool))
    return Chain(pool, last.activation, other, pool=True)


def _halves(node: Node) -> bool:
    """Return whether a layer keeps the largest of every two by two numbers, of maps of even sides."""
    _, height, width = node.inputs[0].shape
    layer = layer_of(node)
    if layer.kind != "MaxPool2d" or height % 2 or width % 2:
        return False
    rows, columns = taps_of_node(node)
    return all(
        taps.count == (2,) * (size // 2) and taps.start == tuple(range(0, size, 2)) and taps.step == 1
        for taps, size in ((rows, height), (columns, width))
    )

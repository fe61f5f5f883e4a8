"""What a rule is: how one kind of layer becomes steps, forward and backward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from .....layers import Node
from ..builder import Builder
from ..held import NONE, Halo
from ..learning import TrainingBuilder


class Rule(ABC):
    """How a kind of layer becomes steps of a plan in sample lanes."""

    def halo(self, node: Node) -> Halo:
        """Return how far the layer reads around its input, where the padding is zeros."""
        return NONE

    def gradient_halo(self, node: Node, *, may_transform: bool) -> Halo:
        """Return how far the backward, which may use Winograd's algorithm, reads around the output's gradient."""
        return NONE

    def declines(self, node: Node) -> str | None:
        """Return why the rule cannot make this node's value, which its definition then does; None if it can."""
        return None

    @abstractmethod
    def forward(self, b: Builder, node: Node) -> None:
        """Add the steps that make the node's value."""

    @abstractmethod
    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Add the steps that take the gradient of the node's value on to its inputs and weights."""


def layer_of(node: Node) -> Any:
    """Return the layer of a node that has one."""
    assert node.layer is not None
    return node.layer

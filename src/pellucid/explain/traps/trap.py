"""A trap: where a layer as it stands here is easily taken for another, told with the layer's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...layers import Layer
from ...layers.node import Node, Shape
from ...network import Network
from ...wiring import name_of


@dataclass(frozen=True)
class Trap:
    """One way in which this layer is easily got wrong, in another framework or by hand.

    Args:
        title: what it is about, in a few words; the same for every layer that has it.
        text: one or two sentences with this layer's numbers.
    """

    title: str
    text: str


@dataclass(frozen=True, eq=False)
class Place:
    """Where a layer stands: what it reads, what it gives, and the network around it."""

    net: Network
    node: Node

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of its inputs, without the batch."""
        return tuple(before.shape for before in self.node.inputs)

    @property
    def shape(self) -> Shape:
        """The shape of its output, without the batch."""
        return self.node.shape

    @property
    def before(self) -> Node:
        """Its first input."""
        return self.node.inputs[0]

    @property
    def last(self) -> bool:
        """Whether it is an output of the network."""
        return self.node in self.net.outputs

    def weight(self, short: str) -> Shape:
        """Return the shape of a weight of it."""
        return self.net.weights[self.net.weight_names(name_of(self.node))[short]].shape


Rule = Callable[[Place, Any], Trap | None]
Rules = Mapping[type[Layer], tuple[Rule, ...]]


def readers(net: Network, node: Node) -> list[Node]:
    """Return the nodes that read one."""
    return [other for other in net.nodes if node in other.inputs]


def counted(number: int, what: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(3, "row")
    ('1 row', '3 rows')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def listed(words: list[str]) -> str:
    """Return words as a sentence lists them.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

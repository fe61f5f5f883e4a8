"""Slopes that are learned, constants that scale and shift, and batch norms of vectors, in channel lanes."""

from __future__ import annotations

from .....layers import Node
from .....wiring import name_of
from ...samples.rules.varying import unvaried
from ..builder import Builder
from ..held import Floats, Held
from ..packing import blocked_of
from ..varying import Vary, packed
from .base import Rule, activated, layer_of


class VaryingRule(Rule):
    """PReLU and Scale."""

    def declines(self, node: Node) -> str | None:
        """Return that the weight varies among many axes."""
        return unvaried(node)

    def axes(self, node: Node) -> tuple[int, ...]:
        """Return along which axes the weights vary."""
        return layer_of(node).axes

    def weights(self, b: Builder, node: Node) -> tuple[str, str]:
        """Return the names of factor and addend, empty where there is none."""
        own = b.net.weight_names(name_of(node))
        return "weight" if "weight" in own else "", "bias" if "bias" in own else ""

    def forward(self, b: Builder, node: Node) -> None:
        """Multiply and add, with the activation that alone reads it."""
        vary(b, node, b.read(node.inputs[0]), self.axes(node), self.weights(b, node))


class VectorNormRule(VaryingRule):
    """BatchNorm1d, whose factors and addends the rewriting makes."""

    def declines(self, node: Node) -> str | None:
        """Return that nothing stands against it."""
        return None

    def axes(self, node: Node) -> tuple[int, ...]:
        """Return the axis of the features."""
        return (0,)

    def weights(self, b: Builder, node: Node) -> tuple[str, str]:
        """Return the names of factor and addend."""
        return "scale", "shift"


def vary(b: Builder, node: Node, x: Held, axes: tuple[int, ...], names: tuple[str, str]) -> None:
    """Add the step that multiplies and adds, with the activation that alone reads it.

    Args:
        b: the plan in the making.
        node: whose weights they are.
        x: what is multiplied.
        axes: along which the weights vary.
        names: of factor and addend, empty where there is none.
    """
    shape = tuple(size if axis in axes else 1 for axis, size in enumerate(node.shape))
    maps = blocked_of(shape, b.target.lanes)

    def pack(numbers: Floats | None) -> Floats:
        assert numbers is not None
        return packed(numbers.reshape(shape), maps)

    weights = [b.weight(name_of(node), short, "varying", pack) for short in names if short]
    last = activated(b, node)
    y = b.new(last.made)
    factor, addend = (maps if short else None for short in names)
    kernel = Vary(x.maps, y.maps, factor, addend, layer_of(node).kind == "PReLU", last.activation)
    b.step(name_of(node), kernel, x, *weights, y)

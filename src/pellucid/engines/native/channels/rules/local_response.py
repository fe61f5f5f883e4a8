"""Local response normalisation in channel lanes."""

from __future__ import annotations

from .....layers import Node
from .....wiring import name_of
from ...samples.rules.local_response import may_be_zero, response_of
from ..builder import Builder
from ..local_response import LaneResponse, PlaceResponse
from .base import Rule, layer_of

MOST = 64  # channels of a sum over lanes, which is written out


class LocalResponseRule(Rule):
    """LocalResponseNorm."""

    def declines(self, node: Node) -> str | None:
        """Return that it may divide by 0, or that its sums are long."""
        size = layer_of(node).size
        return may_be_zero(node) or (f"its sums are over {size} channels" if size > MOST else None)

    def forward(self, b: Builder, node: Node) -> None:
        """Divide each number."""
        x, y, response = b.read(node.inputs[0]), b.new(node), response_of(node)
        if len(node.shape) in (1, 3):
            b.step(name_of(node), LaneResponse(response, x.maps, y.maps), x, y)
        else:
            b.step(name_of(node), PlaceResponse(response, node.shape[0], x.maps, y.maps), x, y)

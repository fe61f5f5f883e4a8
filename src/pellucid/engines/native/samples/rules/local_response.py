"""Local response normalisation: neighbours along the first axis."""

from __future__ import annotations

import math

from .....layers import LocalResponseNorm, Node
from .....wiring import name_of
from ...layout import Maps, maps_of
from ..builder import Builder
from ..learning import TrainingBuilder
from ..local_response import LocalResponse, LocalResponseLoss, LocalResponseShare, Response
from .base import Rule, layer_of


class LocalResponseRule(Rule):
    """LocalResponseNorm."""

    def declines(self, node: Node) -> str | None:
        """Return that it may divide by 0, which free lanes do."""
        return may_be_zero(node)

    def forward(self, b: Builder, node: Node) -> None:
        """Divide each number."""
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), LocalResponse(response_of(node), _seen(node, x.maps), _seen(node, y.maps)), x, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Divide the gradient, and take away what each number makes of its neighbours."""
        name, response, x, dy = name_of(node), response_of(node), b.values[name_of(node.inputs[0])], b.grad(node)
        through = b.hold(f"losses of {name}", maps_of(node.shape, dense=True))
        dx, add = b.into(node.inputs[0])
        read, given, lost, made = (_seen(node, held.maps) for held in (x, dy, through, dx))
        b.step(name, LocalResponseLoss(response, read, given, lost, made, add), x, dy, through, dx)
        b.step(name, LocalResponseShare(response, read, lost, made), x, through, dx)


def response_of(node: Node) -> Response:
    """Return what a layer divides by."""
    layer: LocalResponseNorm = layer_of(node)
    return Response(layer.sides(), layer.alpha / layer.size, layer.beta, layer.k)


def may_be_zero(node: Node) -> str | None:
    """Return why no kernel makes it; None if one does."""
    return None if layer_of(node).k else "with k = 0 it divides by 0 where a number and its neighbours are 0"


def _seen(node: Node, maps: Maps) -> Maps:
    """Return a value's layout with the axis of the neighbours as channels."""
    return maps if len(node.shape) == 3 else Maps(node.shape[0], 1, math.prod(node.shape[1:]), dense=True)

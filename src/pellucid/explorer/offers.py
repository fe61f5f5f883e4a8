"""What kinds of layers could stand in a place of a network, found by putting each of them there."""

from __future__ import annotations

from ..layers import REGISTRY
from ..network import Network
from .editing import Add, Change, edited
from .rewiring import layer_of
from .trials import tried


def kinds_instead(net: Network, name: str) -> list[str]:
    """Return the kinds that could stand in a layer's place, its own among them.

    Raises:
        UnknownNameError: there is no such layer.
    """
    layer = layer_of(net, name)
    wanted = [kind for kind, cls in REGISTRY.items() if cls.arity == layer.arity]
    return tried(wanted, lambda kind: edited(net, Change(name, {}, kind)), len(net.nodes))[1]


def kinds_after(net: Network, name: str) -> list[str]:
    """Return the kinds that could be put after a layer or an input.

    Raises:
        UnknownNameError: there is no such layer.
    """
    net.node(name)
    wanted = [kind for kind, cls in REGISTRY.items() if cls.arity == 1]
    return tried(wanted, lambda kind: edited(net, Add(name, kind)), len(net.nodes))[1]

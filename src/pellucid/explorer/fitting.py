"""What would fit in an edit: the values of one parameter, and the layers that can go, found by building networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import unknown_name
from ..layers import Layer
from ..network import Network
from .parameters import candidates, form_of
from .rewiring import layer_of, rewired, with_values
from .trials import listed, plain, shown, tried, worded

FAR = 1e12


def fitting(net: Network, name: str, parameter: str) -> str:
    """Return in words which values of a layer's parameter fit, others staying as they are.

    Raises:
        UnknownNameError: there is no such layer or parameter.

    >>> from pellucid.layers import Conv2d
    >>> fitting(Network((6, 8, 8), [Conv2d(12, 3)]), "conv1", "groups")
    '1 to 3, 6'
    """
    layer = layer_of(net, name)
    require(layer, parameter)
    return fits(net, name, parameter, getattr(layer, parameter), {})[1]


def require(layer: Layer, parameter: str) -> None:
    """Refuse a parameter that a layer does not have."""
    if parameter not in layer.config():
        raise unknown_name(f"{layer.kind} parameter", parameter, layer.config())


def removable(net: Network) -> str:
    """Return which layers could be removed, in words."""
    alone = [str(node.name) for node in net.nodes if len(node.inputs) == 1]
    _, good = tried(alone, lambda name: rewired(net, removed=name), len(net.nodes))
    few = ", ".join(good[:8]) + (f" and {len(good) - 8} more" if len(good) > 8 else "")
    return f"remove one of {few}" if good else "change layers instead"


def fits(net: Network, name: str, parameter: str, wanted: Any, values: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the fitting value that is nearest to the wanted one, and all of them, in words."""
    node, layer = net.node(name), net.layers[name]
    sizes = [size for shape in net.shapes.values() for size in shape] + [len(net.classes or ())]
    some = candidates(type(layer), parameter, wanted, [before.shape for before in node.inputs], sizes)
    some, good = tried(some, lambda value: with_values(net, name, {**values, parameter: value}), len(net.nodes))
    say = repr if form_of(type(layer), parameter).form == "list" else shown
    words = worded(some, good, say)
    if not good:
        return None, words
    if isinstance(some[-1], (int, tuple)) and some[-1] == good[-1] and say is shown:
        words += " (nothing larger was tried)"
    return say(min(good, key=lambda value: _distance(value, wanted))), words


def _distance(value: Any, wanted: Any) -> float:
    """Return how far two values are apart; those of another form are farther than any numbers."""
    ones, others = listed(value), listed(wanted)
    if ones and others:
        return sum(map(_distance, ones, others)) + FAR * (len(ones) != len(others))
    if ones:
        return _distance(ones[0], wanted)
    return abs(float(value) - float(wanted)) if plain(value) and plain(wanted) else FAR

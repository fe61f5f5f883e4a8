"""A part of a network as a network of its own: what computes one value from others that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..layers import Input, Layer, Node
from ..network import Network
from ..wiring import in_order, name_of


def part_of(net: Network, known: Sequence[str], name: str) -> Network:
    """Return the part of a network that computes a value from known ones, with the network's present weights.

    Args:
        net: the network.
        known: the names of the values that are known: the part's inputs, in this order.
        name: whose value it computes; layers keep their names.

    >>> from pellucid.layers import Linear, ReLU
    >>> part_of(Network(3, [Linear(4), ReLU(), Linear(2)]), ["linear1"], "linear2").layers
    {'relu1': ReLU(), 'linear2': Linear(2)}
    """
    part = rewired(net, known, name, lambda layer: layer)
    for each in part.layers:
        own = net.weight_names(each)
        for short, full in part.weight_names(each).items():
            part.weights.adopt(full, net.weights[own[short]])
    return part


def rewired(net: Network, known: Sequence[str], name: str, instead: Callable[[Layer], Layer | None]) -> Network:
    """Return a part of a network without its weights, and with other layers in the place of some.

    Args:
        net: the network.
        known: the names of the values that are known.
        name: whose value it computes.
        instead: what stands in a layer's place; None: nothing, its input goes on.
    """
    given = {each: Input(net.shapes[each], name=each) for each in known}
    made: dict[str, Node] = dict(given)
    for node in in_order([net.node(name)], [net.node(each) for each in known]):
        assert node.layer is not None
        read = [made[name_of(before)] for before in node.inputs]
        layer = instead(node.layer)
        made[name_of(node)] = read[0] if layer is None else layer(*read, name=name_of(node))
    return Network(list(given.values()), made[name], name=net.name)

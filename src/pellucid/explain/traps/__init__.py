"""The traps of a layer: where it, with its own numbers, is easily taken for another one. One family a file."""

from __future__ import annotations

from ...errors import ParameterError
from ...network import Network
from . import activations, convolutions, meeting, moving, norms, pools, vectors
from .trap import Place, Rules, Trap

TRAPS: Rules = {
    **convolutions.TRAPS,
    **pools.TRAPS,
    **vectors.TRAPS,
    **norms.TRAPS,
    **activations.TRAPS,
    **meeting.TRAPS,
    **moving.TRAPS,
}

__all__ = ["TRAPS", "Trap", "traps"]


def traps(net: Network, layer: str) -> tuple[Trap, ...]:
    """Return where one layer of a network is easily got wrong, in other frameworks or by hand.

    A trap is told only where it applies to this layer's own parameters and shapes, and with their numbers.

    Args:
        net: the network.
        layer: the layer's name.

    Raises:
        UnknownNameError: there is no such layer.
        ParameterError: it is an input of the network.

    >>> from pellucid.layers import MaxPool2d
    >>> for trap in traps(Network((1, 7, 7), [MaxPool2d(2)]), "pool1"):
    ...     print(trap.title)
    Places that nobody reads
    The stride that is not said
    """
    node = net.node(layer)
    if node.layer is None:
        raise ParameterError(
            f"traps of {layer!r}", got="an input", expected="a layer", fix="an input is given; ask for what reads it"
        )
    place = Place(net, node)
    found = (rule(place, node.layer) for rule in TRAPS.get(type(node.layer), ()))
    return tuple(trap for trap in found if trap is not None)

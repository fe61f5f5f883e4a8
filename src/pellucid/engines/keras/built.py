"""A network whose layers are Keras's: the one table of layers, weights carried over, values computed node by node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import EngineError
from ...layers import Layer
from ...layers.node import Node
from ...network import Network
from ...wiring import name_of
from . import activating, growing, moving, norming, others, varying, windows
from .framework import ops
from .made import Kept, Made, Table, Tensor

TABLE: Table = {
    **activating.TABLE,
    **growing.TABLE,
    **moving.TABLE,
    **norming.TABLE,
    **others.TABLE,
    **varying.TABLE,
    **windows.TABLE,
}
Special = Callable[[Node, list[Tensor]], Tensor | None]


@dataclass(frozen=True)
class Values:
    """All values by name, and one number that is NaN if a value may be one that a layer has lost; or None."""

    by_name: dict[str, Tensor]
    doubt: Tensor | None


def keras_name(name: str) -> str:
    """Return a name that Keras takes too: it has another use for "/", and ">" stands for it.

    >>> keras_name("block1/conv 2")
    'block1>conv 2'
    """
    return name.replace("/", ">")


class Built:
    """A network's layers in Keras.

    Args:
        net: the network.

    Raises:
        EngineError: a layer has no entry in the table.
    """

    def __init__(self, net: Network) -> None:
        self.net = net
        self.made: dict[int, Made] = {}
        self.kept: dict[str, Kept] = {}
        self._version = -1
        taken: set[str] = set()
        for node in net.nodes:
            layer = node.layer
            assert layer is not None
            if id(layer) in self.made:
                continue
            name = keras_name(name_of(node))
            while name in taken:
                name += "_"
            taken.add(name)
            made = self.made[id(layer)] = _entry(node)(layer, tuple(before.shape for before in node.inputs), name)
            for short, full in net.weight_names(name_of(node)).items():
                self.kept[full] = made.weights[short]

    def push(self) -> None:
        """Give Keras the network's weights, if any was assigned since."""
        version = self.net.weights.version
        if version == self._version:
            return
        for name, kept in self.kept.items():
            kept.variable.assign(kept.there(self.net.weights[name]))
        self._version = version

    def values(self, inputs: list[Tensor], special: Special | None = None, *, careful: bool = False) -> Values:
        """Return every value; `special` may compute a node in another way, `careful` loses no NaN."""
        known = {name_of(node): x for node, x in zip(self.net.inputs, inputs, strict=True)}
        return self.onward(known, self.net.nodes, special, careful=careful)

    def onward(
        self, known: dict[str, Tensor], nodes: Sequence[Node], special: Special | None = None, *, careful: bool
    ) -> Values:
        """Return the known values and those of nodes that can be computed from them in this order."""
        values = dict(known)
        doubts: list[Tensor] = []
        for node in nodes:
            read = [values[name_of(before)] for before in node.inputs]
            own = special(node, read) if special is not None else None
            if own is None:
                made = self.made[id(node.layer)]
                call = made.call
                if made.careful is not None:
                    call = made.careful if careful else call
                    doubts += [] if careful else [ops.sum(x) for x in read]
                own = call(read if len(read) > 1 else read[0])
            values[name_of(node)] = own
        return Values(values, sum(doubts[1:], doubts[0]) if doubts else None)


def _entry(node: Node) -> Callable[..., Made]:
    layer = node.layer
    assert isinstance(layer, Layer)
    entry = TABLE.get(type(layer))
    if entry is None:
        raise EngineError(
            f"{layer.kind} {node.name!r}",
            got=f"a {layer.kind}, which the engine 'keras' has no entry for",
            expected=f"one of {', '.join(sorted(kind.__name__ for kind in TABLE))}",
            fix="run it on 'native' or 'reference'",
        )
    return entry

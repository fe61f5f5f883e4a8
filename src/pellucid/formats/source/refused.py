"""A layer's entry in a dialect's table, or one error that names every layer without one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...errors import ParameterError
from ...layers import Layer
from ...layers.node import Node
from ...network import Network
from ...wiring import name_of
from .pieces import Piece, Write


class UnwritableError(Exception):
    """A layer that a dialect has no words for; the text says what it lacks."""


def entry_of(
    net: Network, node: Node, table: Mapping[type[Layer], Write], dialect: str, *, alone: bool = False
) -> Piece:
    """Return what a layer is in a dialect.

    Raises:
        ParameterError: the dialect has no words for some layers; the error names all of them, or if the layer is to be
            written `alone` only itself.
    """
    try:
        return _entry(node, table)
    except UnwritableError:
        raise ParameterError(
            f"code({dialect!r})",
            got="; ".join(_complaints([node] if alone else net.nodes, table)),
            expected="layers that the dialect has words for",
            fix="write another dialect, or run the network on its own engine",
        ) from None


def _entry(node: Node, table: Mapping[type[Layer], Write]) -> Piece:
    layer = node.layer
    assert layer is not None
    entry = table.get(type(layer))
    if entry is None:
        raise UnwritableError("no words for this kind")
    return entry(layer, tuple(before.shape for before in node.inputs))


def _complaints(nodes: Iterable[Node], table: Mapping[type[Layer], Write]) -> list[str]:
    found: list[str] = []
    for node in nodes:
        try:
            _entry(node, table)
        except UnwritableError as error:
            found.append(f"{node.layer!r} {name_of(node)!r}: {error}")
    return found

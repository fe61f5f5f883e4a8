"""A network's layers as the tree that their dotted names tell: `layer1.0.conv1` is a part of a part of the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...layers.node import Node
from ...network import Network
from ...wiring import name_of
from .pieces import Piece


@dataclass(frozen=True, eq=False)
class Leaf:
    """One layer of a network.

    Args:
        path: its name below the part that it stands in, in words.
        value: its whole name, which its output bears too.
        kind: the layer's kind.
        reads: the names of the values it reads.
        piece: what it is in the dialect.
        weights: the short names of its weights.
        owner: the layer whose weights these are: itself, or an earlier use of the same layer.
    """

    path: tuple[str, ...]
    value: str
    kind: str
    reads: tuple[str, ...]
    piece: Piece
    weights: tuple[str, ...]
    owner: str


@dataclass(frozen=True, eq=False)
class Group:
    """A part: layers and parts that run one after another, what they read from outside, what others read of them."""

    path: tuple[str, ...]
    items: tuple[Item, ...]
    reads: tuple[str, ...]
    gives: tuple[str, ...]


Item = Leaf | Group


def values_of(item: Item) -> tuple[str, ...]:
    """Return the names of the values that others read of it."""
    return (item.value,) if isinstance(item, Leaf) else item.gives


def tree_of(net: Network, pieces: Callable[[Node], Piece]) -> Group:
    """Return the whole network as one part.

    A name's first word makes a part where all layers under it run one after another; else they stay apart, and so do
    all layers of a network that uses one layer's weights twice.
    """
    leaves = [leaf_of(net, node, pieces(node)) for node in net.nodes]
    twice = any(leaf.owner != leaf.value for leaf in leaves)
    ends = tuple(name_of(node) for node in net.outputs)
    items = tuple(leaves) if twice else _parts(leaves, _readers(leaves, ends))
    return Group((), items, tuple(name_of(node) for node in net.inputs), ends)


def leaf_of(net: Network, node: Node, piece: Piece) -> Leaf:
    """Return one layer of the network, which is `piece` in the dialect."""
    name = name_of(node)
    return Leaf(
        tuple(name.split(".")),
        name,
        net.layers[name].kind,
        tuple(name_of(before) for before in node.inputs),
        piece,
        tuple(net.weight_names(name)),
        _owner(net, name),
    )


def _owner(net: Network, name: str) -> str:
    """Return the name of the layer that the weights are named after."""
    for short, full in net.weight_names(name).items():
        return full.removesuffix(f".{short}")
    return name


def _readers(leaves: Sequence[Leaf], ends: tuple[str, ...]) -> dict[str, set[str]]:
    """Return who reads each value; "" is the world outside."""
    readers: dict[str, set[str]] = {end: {""} for end in ends}
    for leaf in leaves:
        for read in leaf.reads:
            readers.setdefault(read, set()).add(leaf.value)
    return readers


def _parts(leaves: Sequence[Leaf], readers: dict[str, set[str]]) -> tuple[Item, ...]:
    runs: list[list[Leaf]] = []
    for leaf in leaves:
        if runs and len(leaf.path) > 1 and len(runs[-1][0].path) > 1 and runs[-1][0].path[0] == leaf.path[0]:
            runs[-1].append(leaf)
        else:
            runs.append([leaf])
    firsts = [run[0].path[0] for run in runs]
    items: list[Item] = []
    for run in runs:
        first = run[0]
        if len(first.path) == 1 or firsts.count(first.path[0]) > 1:
            items += run
            continue
        inside = {leaf.value for leaf in run}
        below = [replace(leaf, path=leaf.path[1:]) for leaf in run]
        reads = dict.fromkeys(read for leaf in run for read in leaf.reads if read not in inside)
        gives = tuple(leaf.value for leaf in run if readers.get(leaf.value, {""}) - inside)
        items.append(Group(first.path[:1], _parts(below, readers), tuple(reads), gives))
    return tuple(items)

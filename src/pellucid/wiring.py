"""How layers become a graph: what a network was given as nodes, their order, and a name for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import ParameterError
from .layers import Input, Layer, Node
from .layers.node import Shape

Named = Layer | tuple[str, Layer]


def input_nodes(inputs: int | Shape | Node | Sequence[Node]) -> list[Node]:
    """Return the input nodes of a shape, an input, or several."""
    given: Sequence[Any] = inputs if isinstance(inputs, Sequence) else [inputs]
    nodes: list[Node] = [item for item in given if isinstance(item, Node)]
    if not nodes or len(nodes) < len(given):
        shape: Any = inputs  # Input says what is wrong with anything that is not a shape
        return [Input(shape)]
    for node in nodes:
        if node.layer is not None or nodes.count(node) > 1:
            raise ParameterError(
                "Network",
                got=f"{node!r} as an input" + ("" if node.layer else " twice"),
                expected="each input once, made by Input",
                fix="make it with Input(shape), and call the layers on it",
            )
    return nodes


def output_nodes(nodes_in: list[Node], layers: Node | Sequence[Node] | Sequence[Named]) -> list[Node]:
    """Return the output nodes, wiring a list of layers first."""
    if isinstance(layers, Node):
        return [layers]
    if not isinstance(layers, Sequence) or not layers:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ParameterError(
            "Network", got=repr(layers), expected="a list of layers, or output nodes", fix="give one layer or more"
        )
    nodes = [item for item in layers if isinstance(item, Node)]
    if len(nodes) == len(layers):
        return nodes
    return [_chain(nodes_in, layers)]


def _chain(nodes_in: list[Node], layers: Sequence[object]) -> Node:
    """Wire layers one after another, naming them first so that an error can name its layer."""
    if len(nodes_in) != 1:
        raise ParameterError(
            "Network",
            got=f"a list of layers with {len(nodes_in)} inputs",
            expected="one input",
            fix="call the layers on nodes, and give the output nodes",
        )
    pairs = [_pair(item) for item in layers]
    node = nodes_in[0]
    chosen = _chosen([(node.name or "input", None), *pairs])[1:]
    for name, (_, layer) in zip(chosen, pairs, strict=True):
        node = layer(node, name=name)
    return node


def _pair(item: object) -> tuple[str | None, Layer]:
    """Return (name or None, layer) of one item of a list of layers."""
    match item:
        case Layer():
            return None, item
        case (str() as name, Layer() as layer):
            return name, layer
        case _:
            raise ParameterError(
                "Network",
                got=f"{item!r} in the list of layers",
                expected="layers, or (name, layer)",
                fix="make it, as in ReLU()" if isinstance(item, type) else "put layers in the list",
            )


def in_order(outputs: list[Node], inputs: list[Node]) -> list[Node]:
    """Return all nodes that the outputs need, in the order in which they were wired: each after what it reads."""
    found = {id(node): node for node in inputs}
    waiting = [*outputs]
    while waiting:
        node = waiting.pop()
        if id(node) in found:
            continue
        if node.layer is None:
            raise ParameterError(
                "Network",
                got=f"{node!r}, which the outputs read",
                expected="only inputs that the network was given",
                fix="add it to the inputs: Network([a, b], outputs)",
            )
        found[id(node)] = node
        waiting.extend(node.inputs)
    given = {id(node) for node in inputs}
    return sorted((node for node in found.values() if id(node) not in given), key=lambda node: node.serial)


def names_of(nodes: list[Node]) -> list[str]:
    """Return a name for every node: its own, or its kind's prefix and a number."""
    only_one = sum(node.layer is None for node in nodes) == 1
    return _chosen(
        [(node.name or ("input" if only_one and node.layer is None else None), node.layer) for node in nodes]
    )


def _chosen(given: Sequence[tuple[str | None, Layer | None]]) -> list[str]:
    taken: set[str] = set()
    for name, layer in given:
        if name is None:
            continue
        legal = isinstance(name, str) and name.isprintable() and name.strip() == name and name  # pyright: ignore[reportUnnecessaryIsInstance]
        if not legal or len(name) > 200 or set(name) & set("[]") or name in taken:
            raise ParameterError(
                "Network" if layer is None else layer.kind,
                got=f"name {name!r}" + (" twice" if name in taken else ""),
                expected="a name of its own: printable, at most 200 characters, without square brackets",
                fix="choose another name",
            )
        taken.add(name)
    counts: dict[str, int] = {}
    chosen: list[str] = []
    for name, layer in given:
        prefix = "input" if layer is None else layer.prefix
        while name is None:
            counts[prefix] = counts.get(prefix, 0) + 1
            candidate = f"{prefix}{counts[prefix]}"
            if candidate not in taken:
                taken.add(candidate)
                name = candidate
        chosen.append(name)
    return chosen


def owners_of(nodes: tuple[Node, ...]) -> dict[str, str]:
    """Return for each node the name under which its layer's weights are kept: the layer's first place."""
    first: dict[int, str] = {}
    return {name_of(node): first.setdefault(id(node.layer), name_of(node)) for node in nodes}


def name_of(node: Node) -> str:
    """Return the name of a node that a network has named."""
    assert node.name is not None
    return node.name

"""A network wired anew with one thing changed: through its own constructor, so that every check holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ShapeError, unknown_name
from ..layers import Input, Layer, Node
from ..layers.initializers import Weight
from ..network import Network

LARGEST = 1 << 30  # bytes of weights and of one image's values that an edited network may take


@dataclass(frozen=True)
class Insertion:
    """A layer that is put after the node `after`: what read that node reads the layer."""

    after: str
    layer: Layer
    name: str | None = None


def rewired(
    net: Network,
    *,
    layers: Mapping[str, Layer] | None = None,
    insertion: Insertion | None = None,
    removed: str | None = None,
    seed: int | None = None,
) -> Network:
    """Return a network like `net`, with all its names and other layers; its weights are first values.

    Args:
        net: the network, which stays as it is.
        layers: layers to stand in the place of others, by name. A layer that is used twice is replaced twice.
        insertion: a layer to put in.
        removed: the name of a layer to leave out: what read it reads what it read first.
        seed: the seed of the first values; None is that of `net`.

    Raises:
        ShapeError, ParameterError: a layer cannot read what would come then; the error names it. Or the network would
            be too large to be run in a page.

    >>> from pellucid.layers import ReLU, Tanh
    >>> rewired(Network((1, 2, 2), [ReLU()]), layers={"relu1": Tanh()}).layers
    {'relu1': Tanh()}
    """
    replaced = {id(net.node(name).layer): layer for name, layer in (layers or {}).items()}
    now: dict[str, Node] = {}  # by the name of a node of `net`: what is read in its place
    inputs = [Input(node.shape, node.name) for node in net.inputs]
    for node, fresh in zip(net.inputs, inputs, strict=True):
        now[str(node.name)] = _inserted(insertion, str(node.name), fresh)
    for node in net.nodes:
        name = str(node.name)
        reads = [now[str(before.name)] for before in node.inputs]
        if name == removed:
            now[name] = reads[0]
            continue
        assert node.layer is not None
        fresh = replaced.get(id(node.layer), node.layer)(*reads, name=name)
        now[name] = _inserted(insertion, name, fresh)
    outputs = [now[str(node.name)] for node in net.outputs]
    made = Network(inputs, outputs, seed=net.seed if seed is None else seed, classes=net.classes, name=net.name)
    if size(made) > max(LARGEST, size(net)):
        raise ShapeError(
            f"network {net.name!r}",
            got=f"{size(made):,} bytes of weights and values",
            expected=f"at most {LARGEST:,}",
            fix="use smaller numbers",
        )
    return made


def layer_of(net: Network, name: str) -> Layer:
    """Return the layer of that name.

    Raises:
        UnknownNameError: there is none; an input is none.
    """
    if name not in net.layers:
        raise unknown_name("layer", name, net.layers)
    return net.layers[name]


def with_values(net: Network, name: str, values: Mapping[str, Any]) -> Network:
    """Return a network like `net` with other values for some parameters of one layer."""
    layer = net.layers[name]
    return rewired(net, layers={name: type(layer)(**{**layer.config(), **values})})


def _inserted(insertion: Insertion | None, name: str, node: Node) -> Node:
    if insertion is None or insertion.after != name:
        return node
    return insertion.layer(node, name=insertion.name)


def size(net: Network) -> int:
    """Return the bytes of all weights and of the values of one image."""
    weights = sum(math.prod(spec.shape) for spec in net.weights.specs.values())
    return 4 * (weights + sum(math.prod(shape) for shape in net.shapes.values()))


def carry(old: Network, new: Network) -> tuple[str, ...]:
    """Give `new` the weights of `old` that fit: of the same layer's name and kind, and of the same shape.

    Returns:
        the names of the other weights of `new`: they have first values, which its seed decides.
    """
    before, after = _owners(old), _owners(new)
    kept = [
        name
        for name, spec in new.weights.specs.items()
        if name in before and type(before[name]) is type(after[name]) and _alike(old.weights.specs[name], spec)
    ]
    if old.weights.version:
        new.weights.adopt_all({name: old.weights[name] for name in kept})  # arrays that never change may be shared
    else:  # all are first values, which the seed and the names decide
        kept = [name for name in kept if old.weights.specs[name] == new.weights.specs[name]]
    return tuple(name for name in new.weights.specs if name not in kept)


def _alike(one: Weight, other: Weight) -> bool:
    """Return whether values of one can be values of the other; that they begin alike is a part of it."""
    return (one.shape, one.initializer, one.trainable) == (other.shape, other.initializer, other.trainable)


def _owners(net: Network) -> dict[str, Layer]:
    """Return the layer of each weight by the weight's full name."""
    return {full: layer for name, layer in net.layers.items() for full in net.weight_names(name).values()}


def copied(net: Network) -> Network:
    """Return the same network with the same weights, to be trained while `net` stays as it is."""
    made = rewired(net)
    carry(net, made)
    return made

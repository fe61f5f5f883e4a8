"""A network's graph as plain JSON values, and back. Only layers of the registry, only their own parameters.

{"version": 1, "name": "digits", "seed": 0, "classes": ["0", ...] or null,
 "inputs": [{"name": "input", "shape": [1, 28, 28]}],
 "nodes": [{"name": "conv1", "layer": "Conv2d", "params": {...}, "inputs": ["input"]},
           {"name": "again", "same_as": "conv1", "inputs": ["conv1"]}, ...],
 "outputs": ["linear1"]}

Nodes stand in an order in which they can run. A layer that is used again is named by its first node.
"""

from __future__ import annotations

import inspect
from typing import Any

from ..errors import ModelFileError, PellucidError, UnknownNameError, unknown_name
from ..layers import REGISTRY, Input, Layer, Node
from ..network import Network
from .affordable import check_padding, check_value
from .strict_json import DAMAGED, as_list, as_names, as_object, as_text, as_whole

VERSION = 1
MOST_NODES = 100_000


def describe(net: Network) -> dict[str, Any]:
    """Return the network without its weights."""
    first: dict[int, str] = {}
    nodes: list[dict[str, Any]] = []
    for node in net.nodes:
        assert node.layer is not None
        owner = first.setdefault(id(node.layer), str(node.name))
        own = owner == node.name
        layer = {"layer": node.layer.kind, "params": node.layer.config()} if own else {"same_as": owner}
        nodes.append({"name": node.name, **layer, "inputs": [before.name for before in node.inputs]})
    return {
        "version": VERSION,
        "name": net.name,
        "seed": int(net.seed),
        "classes": net.classes,
        "inputs": [{"name": node.name, "shape": node.shape} for node in net.inputs],
        "nodes": nodes,
        "outputs": [node.name for node in net.outputs],
    }


def build(description: object) -> Network:
    """Return the network of a description; its weights have first values, which are not made yet.

    Raises:
        ModelFileError: the description is not one of a network; the error names the place in it.
    """
    version = as_names(description, "network").get("version")
    if version != VERSION:
        fix = "open it with a newer Pellucid" if type(version) is int and version > VERSION else DAMAGED
        raise ModelFileError("network", got=f"version {version!r:.100}", expected=f"version {VERSION}", fix=fix)
    names = ("version", "name", "seed", "classes", "inputs", "nodes", "outputs")
    said = as_object(description, "network", names)
    graph = _Graph(as_list(said["inputs"], "inputs"), as_list(said["nodes"], "nodes"))
    outputs = [graph.find(name, "outputs") for name in as_list(said["outputs"], "outputs")]
    classes = said["classes"]
    settings: dict[str, Any] = {
        "seed": as_whole(said["seed"], "seed"),
        "classes": None if classes is None else [as_text(name, "classes") for name in as_list(classes, "classes")],
        "name": as_text(said["name"], "name"),
    }
    try:
        net = Network(graph.inputs, outputs, **settings)
    except PellucidError as error:
        raise _at("network", error) from None
    for name in graph.nodes:
        if name not in net.shapes:
            raise ModelFileError(f"node {name!r}", got="a node that no output reads", expected="none", fix=DAMAGED)
    return net


class _Graph:
    """The nodes of a description, wired one after another."""

    def __init__(self, inputs: list[object], nodes: list[object]) -> None:
        if not inputs or len(nodes) > MOST_NODES:
            raise ModelFileError(
                "network",
                got=f"{len(inputs)} inputs, {len(nodes)} nodes",
                expected=f"an input or more, and at most {MOST_NODES} nodes",
                fix=DAMAGED,
            )
        self.nodes: dict[str, Node] = {}
        self.inputs = [self._input(item, f"inputs[{number}]") for number, item in enumerate(inputs)]
        self._all = [as_names(item, f"nodes[{number}]").get("name") for number, item in enumerate(nodes)]
        for number, item in enumerate(nodes):
            self._node(as_names(item, f"nodes[{number}]"), f"nodes[{number}]")

    def _input(self, item: object, place: str) -> Input:
        said = as_object(item, place, ("name", "shape"))
        name = self._new_name(said["name"], place)
        shape = tuple(as_whole(size, place) for size in as_list(said["shape"], place))
        try:
            node = Input(shape, name)
        except PellucidError as error:
            raise _at(place, error) from None
        check_value(shape, f"{place} {name!r}")
        self.nodes[name] = node
        return node

    def _node(self, item: dict[str, object], place: str) -> None:
        layer_names = ("same_as",) if "same_as" in item else ("layer", "params")
        said = as_object(item, place, ("name", *layer_names, "inputs"))
        name = self._new_name(said["name"], place)
        place = f"{place} {name!r}"
        inputs = [self.find(before, place) for before in as_list(said["inputs"], place)]
        layer = self._shared(said["same_as"], place) if "same_as" in said else layer_of(said, place)
        shapes = tuple(node.shape for node in inputs)
        try:
            check_padding(layer, shapes, place)
            node = layer(*inputs, name=name)
        except PellucidError as error:
            raise _at(place, error) from None
        check_value(node.shape, place)
        self.nodes[name] = node

    def _new_name(self, value: object, place: str) -> str:
        name = as_text(value, place)
        if name in self.nodes:
            raise ModelFileError(place, got=f"the name {name!r} again", expected="a name of its own", fix=DAMAGED)
        return name

    def find(self, value: object, place: str) -> Node:
        """Return the node of that name, which must be wired already."""
        name = as_text(value, place)
        if name in self.nodes:
            return self.nodes[name]
        got = f"input {name!r}, which comes later" if name in self._all else f"input {name!r}, which does not exist"
        raise ModelFileError(
            place, got=got, expected="nodes that come before it, so that there is no cycle", fix=DAMAGED
        )

    def _shared(self, value: object, place: str) -> Layer:
        layer = self.find(value, place).layer
        if layer is None:
            raise ModelFileError(place, got=f"same_as {value!r}, an input", expected="a node with a layer", fix=DAMAGED)
        return layer


def layer_of(said: dict[str, object], place: str) -> Layer:
    """Return the layer of a registered kind, made with its own checks."""
    kind = as_text(said["layer"], place)
    if kind not in REGISTRY:
        raise _at(place, unknown_name("layer", kind, REGISTRY))
    known = inspect.signature(REGISTRY[kind]).parameters
    needed = tuple(name for name, parameter in known.items() if parameter.default is inspect.Parameter.empty)
    params = as_object(said["params"], place, needed, tuple(name for name in known if name not in needed))
    try:
        return REGISTRY[kind](**params)
    except PellucidError as error:
        raise _at(place, error) from None


def _at(place: str, error: PellucidError) -> ModelFileError:
    """Return a building error as one of the file, told from `place` in it."""
    if isinstance(error, ModelFileError):
        return error
    got = error.got if isinstance(error, UnknownNameError) else f"{error.where}: {error.got}"
    return ModelFileError(place, got=got, expected=error.expected, fix=error.fix)

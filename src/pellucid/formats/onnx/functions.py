"""A model's own functions, put in where they are called, after counting what comes of it.

A function that calls another twice, which calls another twice, is a few bytes and a million nodes: numbers are
multiplied here before anything is copied.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx.inliner import inline_local_functions

from ...errors import ModelFileError
from .wire import MOST_NODES

Key = tuple[str, str, str]  # domain, name, overload


def inlined(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model without functions of its own.

    Raises:
        ModelFileError: they call themselves, are defined twice, or would become too many nodes.
    """
    if not model.functions:
        return model
    bodies: dict[Key, onnx.FunctionProto] = {}
    for function in model.functions:
        key = function.domain, function.name, function.overload
        if key in bodies:
            raise _refused(function.name, "the same function twice", "each function once")
        bodies[key] = function
    counts: dict[Key, int] = {}
    for key in bodies:
        _count(key, bodies, counts)
    total = sum(counts.get(_key(node), 1) for node in _nodes(model.graph.node))
    if total > MOST_NODES:
        raise _refused("", f"{total} nodes, with every function put in where it is called", f"at most {MOST_NODES}")
    try:
        return inline_local_functions(model)
    except Exception as error:  # the checker's own kinds, and whatever its C++ side makes of others
        raise _refused(
            "", f"functions that ONNX cannot put in: {str(error)[:100]}", "functions of one version"
        ) from None


def _count(key: Key, bodies: dict[Key, onnx.FunctionProto], counts: dict[Key, int]) -> None:
    """Count the nodes that a function becomes; those that it calls are counted before it, without recursion here."""
    waiting, open_now = [key], set[Key]()
    while waiting:
        here = waiting[-1]
        if here in counts:
            waiting.pop()
            continue
        calls = [other for node in _nodes(bodies[here].node) if (other := _key(node)) in bodies]
        missing = [other for other in calls if other not in counts]
        if not missing:
            counts[here] = sum(counts.get(_key(node), 1) for node in _nodes(bodies[here].node))
            if counts[here] > MOST_NODES:
                raise _refused(here[1], f"{counts[here]} nodes when it is put in", f"at most {MOST_NODES}")
            open_now.discard(here)
            continue
        open_now.add(here)
        if again := next((other for other in missing if other in open_now), None):
            raise _refused(again[1], "a call of itself, directly or through others", "functions without a circle")
        waiting.extend(dict.fromkeys(missing))


def _key(node: onnx.NodeProto) -> Key:
    return node.domain, node.op_type, node.overload


def _nodes(nodes: Iterable[onnx.NodeProto]) -> Iterable[onnx.NodeProto]:
    """Yield nodes, those of graphs inside them among them."""
    waiting = [nodes]
    while waiting:
        for node in waiting.pop():
            yield node
            for attribute in node.attribute:
                waiting.extend(graph.node for graph in (*attribute.graphs, attribute.g) if len(graph.node))


def _refused(name: str, got: str, expected: str) -> ModelFileError:
    place = f"function {name!r}" if name else "functions"
    return ModelFileError(place, got=got, expected=expected, fix="export the model again, without functions")

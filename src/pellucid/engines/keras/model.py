"""A network as an ordinary model of Keras, as someone would write it there: channels last, layers under their names."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...errors import EngineError
from ...layers.node import Node
from ...network import Network
from ...wiring import name_of
from .activating import inside
from .built import Built, keras_name
from .framework import keras
from .made import Computes, Made, Tensor, theirs, titled


def ordinary(net: Network) -> Any:
    """Return a network as a functional keras.Model with its weights.

    What takes several steps in Keras has them under the layer's name and a word behind a dot, such as "conv1.pad"; a
    node called "conv1/relu", as one is when a Keras layer with an activation is opened, is that activation again.

    Raises:
        EngineError: Keras cannot say a layer.
    """
    built = Built(net)
    built.push()
    said = {id(node.layer): _said(node, built, net) for node in net.nodes}
    words = _activations(net, built)
    values: dict[str, Tensor] = {}
    for node in net.inputs:
        values[name_of(node)] = keras.Input(theirs(node.shape)[1:], name=keras_name(name_of(node)))
    for node in net.nodes:
        read = [values[name_of(before)] for before in node.inputs]
        name = name_of(node)
        if name in words:
            values[name] = read[0]
            continue
        y = said[id(node.layer)](read if len(read) > 1 else read[0])
        if y is read[0]:
            y = keras.layers.Activation("linear", name=keras_name(name))(y)
        elif not isinstance(y._keras_history.operation, keras.layers.Layer):
            titled(y, keras_name(name))
        values[name] = y
    ends = [[values[name_of(node)] for node in nodes] for nodes in (net.inputs, net.outputs)]
    given, found = (end if len(end) > 1 else end[0] for end in ends)
    return keras.Model(given, found, name=keras_name(net.name))


def _said(node: Node, built: Built, net: Network) -> Computes:
    """Return what computes a layer in an ordinary model."""
    made: Made = built.made[id(node.layer)]
    assert node.layer is not None
    if made.unsaid:
        raise EngineError(
            f"{node.layer.kind} {node.name!r}",
            got=f"a layer that Keras cannot say: {made.unsaid}",
            expected="layers that Keras has, or operations of it",
            fix="save the network as .safetensors or .onnx, or write the layer in another way",
        )
    if made.said is None:
        return made.call
    return made.said({short: net.weights[full] for short, full in net.weight_names(name_of(node)).items()})


def _activations(net: Network, built: Built) -> set[str]:
    """Put activations into the layers before them where their names say that they come from there; return the names."""
    readers = Counter(id(before) for node in net.nodes for before in node.inputs)
    calls = Counter(id(node.layer) for node in net.nodes)
    within: set[str] = set()
    for node in net.nodes:
        before = node.inputs[0]
        if before.layer is None or node.layer is None or readers[id(before)] > 1 or before in net.outputs:
            continue
        own = built.made[id(before.layer)].own
        word = inside(node.layer, len(node.shape))
        if own is None or word is None or len(node.inputs) > 1 or calls[id(before.layer)] > 1:
            continue
        if name_of(node) == f"{name_of(before)}/{word}":
            own.activation = keras.activations.get(word)
            within.add(name_of(node))
    return within

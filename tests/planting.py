"""One thing changed in a network: layers replaced or left out, weights moved, an engine that computes amiss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid import Input, Network
from pellucid.engines.reference import ReferenceEngine, ReferenceProgram, layer_weights
from pellucid.layers import Layer, Node
from pellucid.layers.base import Run
from pellucid.wiring import name_of

Array = np.ndarray
Step = Callable[..., Array]


def rebuilt(
    net: Network,
    *,
    layers: Mapping[str, Layer | None] | None = None,
    before: Mapping[str, tuple[str, Layer]] | None = None,
    reads: Mapping[str, tuple[str, ...]] | None = None,
    names: Callable[[str], str] = lambda name: name,
    weights: Mapping[str, Any] | None = None,
) -> Network:
    """The same network with something changed.

    Args:
        net: the network; its weights are copied wherever a layer still has them in that shape.
        layers: other layers by name; None leaves one out.
        before: layers to put in front of others, with names of their own.
        reads: what layers read instead.
        names: what layers are called.
        weights: new weights by their old full names.
    """
    found: dict[str, Node] = {name_of(node): Input(node.shape, name_of(node)) for node in net.inputs}
    called: dict[str, str] = {}
    for node in net.nodes:
        name = name_of(node)
        layer = (layers or {}).get(name, node.layer)  # None leaves it out
        inputs = [found[n] for n in (reads or {}).get(name, tuple(map(name_of, node.inputs)))]
        if before and name in before:
            extra, put = before[name]
            inputs = [put(inputs[0], name=extra), *inputs[1:]]
        if layer is None:
            found[name] = inputs[0]
            continue
        called[name] = names(name)
        found[name] = layer(*inputs, name=called[name])
    inputs = [found[name_of(node)] for node in net.inputs]
    other = Network(inputs, [found[name_of(node)] for node in net.outputs], name=f"{net.name} changed")
    for name, new in called.items():
        ours = other.weight_names(new)
        for short, full in net.weight_names(name).items():
            value = (weights or {}).get(full, net.weights[full])
            if short in ours and np.shape(value) == other.weights.specs[ours[short]].shape:
                other.weights[ours[short]] = value
    return other


def lively(net: Network, seed: int = 0) -> Network:
    """Give biases, norms and statistics numbers as after training, so that nothing is 0 or 1 by accident."""
    rng = np.random.default_rng(seed)
    for name, spec in net.weights.specs.items():
        if name.endswith("running_var"):
            net.weights[name] = rng.uniform(0.5, 1.5, spec.shape)
        elif len(spec.shape) == 1:
            net.weights[name] = rng.normal(0.0, 0.3, spec.shape) + (name.endswith("weight"))
    return net


class Bent(ReferenceEngine):
    """An engine that computes some layers in another way, or does something to what it is given.

    Args:
        steps: by layer, what is computed of its inputs, the layer and its weights instead.
        prepare: what is done to the inputs.
        training: run all layers in training mode.
    """

    name = "bent"

    def __init__(
        self,
        steps: Mapping[str, Step] | None = None,
        *,
        prepare: Callable[[Array], Array] = lambda x: x,
        training: bool = False,
    ) -> None:
        self.steps, self.prepare, self.mode = steps or {}, prepare, Run(training=training, seed=3)

    def program(self, net: Network) -> BentProgram:
        """Make `net` ready to run."""
        return BentProgram(net, self)


class BentProgram(ReferenceProgram):
    """Runs layer after layer, some of them in another way."""

    def __init__(self, net: Network, engine: Bent) -> None:
        super().__init__(net)
        self.engine = engine

    def trace(self, inputs: tuple[Array, ...]) -> dict[str, Array]:
        """Return every value."""
        net, engine = self._net, self.engine
        values = {name_of(node): x for node, x in zip(net.inputs, inputs, strict=True)}
        prepared = {name: engine.prepare(x).astype(np.float32) for name, x in values.items()}
        for node in net.nodes:
            assert node.layer is not None
            name = name_of(node)
            read = [prepared.get(name_of(n), values[name_of(n)]) for n in node.inputs]
            w = layer_weights(net, name)
            with np.errstate(all="ignore"):
                if name in engine.steps:
                    values[name] = engine.steps[name](*read, layer=node.layer, w=w).astype(np.float32)
                else:
                    values[name] = node.layer.forward(*read, w=w, run=engine.mode.at(name))
        return values


def with_parameters(net: Network, name: str, **parameters: Any) -> Network:
    """The same network, a layer of it with other parameters."""
    layer = net.layers[name]
    return rebuilt(net, layers={name: type(layer)(**{**layer.config(), **parameters})})


def with_weight(net: Network, full: str, change: Callable[[Array], Array]) -> Network:
    """The same network with one weight changed."""
    return rebuilt(net, weights={full: change(net.weights[full])})


def as_layer(layer: Layer) -> Step:
    """What an engine computes that takes another layer for one."""
    return lambda *x, w, **_: layer.forward(*x, w=w, run=Run())

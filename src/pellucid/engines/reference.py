"""The reference engine: calls each layer's own definition, in plain NumPy. Slow, and the truth for the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..layers import Node
from ..layers.base import Array, Run
from ..network import Network
from ..wiring import in_order, name_of
from .base import BatchGradients, Engine, Floats, LossRule, OptimizerRule, Program, Samples, State, Step, Trainer
from .threads import one_thread

Values = dict[str, Array]


@one_thread()
@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and infinities speak for themselves
def forward(
    net: Network,
    inputs: tuple[Array, ...],
    run: Run,
    *,
    weights: Values | None = None,
    keep: Collection[str] | None = None,
) -> Values:
    """Return values by name.

    Args:
        net: the network.
        inputs: an array (N, ...) for each input.
        run: in training or not, and the key of the random numbers.
        weights: what replaces the network's weights, float64 arrays for instance.
        keep: the names of the values wanted; the others are let go after their last reader. None: all.
    """
    values: Values = {name_of(node): x for node, x in zip(net.inputs, inputs, strict=True)}
    last = {name_of(before): name_of(node) for node in net.nodes for before in node.inputs}  # who reads it last
    for node in net.nodes:
        name = name_of(node)
        values[name] = _value(net, node, values, run, weights)
        if keep is not None:
            for before in {name_of(before) for before in node.inputs}:
                if last[before] == name and before not in keep:
                    del values[before]
    return values


def _value(net: Network, node: Node, values: Values, run: Run, weights: Values | None) -> Array:
    assert node.layer is not None
    read = [values[name_of(before)] for before in node.inputs]
    return node.layer.forward(*read, w=layer_weights(net, name_of(node), weights), run=run.at(name_of(node)))


def exact_values(net: Network, inputs: tuple[Array, ...]) -> Values:
    """Return every value by name (N, ...) of the layers' definitions in float64: what engines round to float32.

    >>> from pellucid.layers import ReLU
    >>> exact_values(Network(2, [ReLU()]), (np.array([[-1.0, 0.1]]),))["relu1"].tolist()
    [[0.0, 0.1]]
    """
    wide = {name: array.astype(np.float64) for name, array in net.weights.items()}
    return forward(net, tuple(x.astype(np.float64) for x in inputs), Run(), weights=wide)


@one_thread()
@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and infinities speak for themselves
def backward(net: Network, values: Values, grads: Values, run: Run, *, weights: Values | None = None) -> BatchGradients:
    """Return the gradients in every trainable weight and every input, given `grads`, those in outputs by name.

    What the given outputs do not depend on has a gradient of zeros.
    """
    flowing, in_weights = _flow(net, net.nodes, values, grads, run, weights)
    source = net.weights if weights is None else weights
    return BatchGradients(
        inputs=tuple(
            flowing[name] if name in flowing else np.zeros_like(values[name]) for name in map(name_of, net.inputs)
        ),
        weights={
            name: in_weights[name] if name in in_weights else np.zeros_like(source[name])
            for name in net.weights.trainable
        },
    )


@one_thread()
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def gradients(net: Network, known: Values, name: str, slope: Array, *, weights: Values | None = None) -> Values:
    """Return the gradient of sum(slope * value) in each of `known`: the definition of `Program.gradients`.

    >>> from pellucid.layers import ReLU
    >>> gradients(Network(2, [ReLU()]), {"input": np.array([[-1.0, 2.0]])}, "relu1", np.ones((1, 2)))["input"].tolist()
    [[0.0, 1.0]]
    """
    nodes = in_order([net.node(name)], [net.node(each) for each in known])
    values, run = dict(known), Run()
    for node in nodes:
        values[name_of(node)] = _value(net, node, values, run, weights)
    flowing, _ = _flow(net, nodes, values, {name: slope}, run, weights)
    return {each: flowing[each] if each in flowing else np.zeros_like(x) for each, x in known.items()}


def _flow(
    net: Network, nodes: Sequence[Node], values: Values, grads: Values, run: Run, weights: Values | None
) -> tuple[Values, Values]:
    """Let gradients flow back through nodes; return those that arrive where no node is, and the weights'."""
    flowing, in_weights = dict(grads), Values()
    for node in reversed(nodes):
        assert node.layer is not None
        name = name_of(node)
        if name not in flowing:
            continue
        read = [values[name_of(before)] for before in node.inputs]
        own = layer_weights(net, name, weights)
        found = node.layer.backward(flowing.pop(name), *read, y=values[name], w=own, run=run.at(name))
        for before, grad in zip(node.inputs, found.inputs, strict=True):
            _add(flowing, name_of(before), grad)
        full = net.weight_names(name)
        for short, grad in found.weights.items():
            _add(in_weights, full[short], grad)
    return flowing, in_weights


def _add(grads: Values, name: str, grad: Array) -> None:
    grads[name] = grads[name] + grad if name in grads else grad


def layer_weights(net: Network, name: str, weights: Values | None = None) -> Values:
    """Return a layer's weights by its own names for them."""
    source = net.weights if weights is None else weights
    return {short: source[full] for short, full in net.weight_names(name).items()}


class ReferenceProgram(Program):
    """Runs layer after layer."""

    def __init__(self, net: Network) -> None:
        self._net = net

    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...)."""
        wanted = [name_of(node) for node in self._net.outputs]
        values = forward(self._net, inputs, Run(), keep=wanted)
        return tuple(values[name] for name in wanted)

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...)."""
        return forward(self._net, inputs, Run())

    def gradients(self, known: Mapping[str, Floats], name: str, slope: Floats) -> dict[str, Floats]:
        """Return the gradient of sum(slope * value) in each of `known`."""
        return gradients(self._net, dict(known), name, slope)


class ReferenceTrainer(Trainer):
    """Trains by the layers', the loss's and the optimizer's own definitions."""

    def __init__(self, net: Network, loss: LossRule, optimizer: OptimizerRule, seed: int) -> None:
        self._net, self._loss, self._optimizer, self._seed = net, loss, optimizer, seed
        self._step = 0
        self._output = name_of(net.outputs[0])
        self._names = trained(net)
        self._slots: dict[str, dict[str, Floats]] = {
            name: {slot: np.zeros_like(net.weights[name]) for slot in optimizer.slots} for name in self._names
        }

    def _pass(
        self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples
    ) -> tuple[Values, BatchGradients]:
        """Return all values and all gradients of one batch."""
        run = Run(training=True, seed=self._seed, step=self._step, samples=samples)
        values = forward(self._net, inputs, run)
        grads = {self._output: self._loss.gradient(values[self._output], targets)}
        return values, backward(self._net, values, grads, run)

    def step(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, *, rate: float) -> Step:
        """Make one training step."""
        values, grads = self._pass(inputs, targets, samples)
        outputs = values[self._output]
        losses = self._loss.values(outputs, targets)
        weights = self._net.weights
        for node in self._net.nodes:  # what only watches the data moves first, with the batch's own values
            assert node.layer is not None
            name = name_of(node)
            read = [values[name_of(before)] for before in node.inputs]
            for short, new in node.layer.updates(*read, w=layer_weights(self._net, name)).items():
                weights[self._net.weight_names(name)[short]] = new
        for name in self._names:
            weights[name], self._slots[name] = self._optimizer.update(
                weights[name], grads.weights[name], self._slots[name], step=self._step, rate=rate
            )
        self._step += 1
        return Step(losses, outputs)

    def gradients(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> BatchGradients:
        """Return the mean loss's gradient in every trainable weight and every input."""
        return self._pass(inputs, targets, samples)[1]

    def sync(self) -> None:
        """Do nothing: the weights are the network's own."""

    def state(self) -> State:
        """Return the optimizer's arrays and the number of steps made."""
        state: State = {"step": np.array(self._step, np.int64)}
        for name, slots in self._slots.items():
            state |= {f"{name}/{slot}": array.copy() for slot, array in slots.items()}
        return state

    def restore(self, state: State) -> None:
        """Take back the optimizer's arrays and the number of steps made."""
        self._step = int(state["step"])
        for name, slots in self._slots.items():
            for slot in slots:
                slots[slot] = np.array(state[f"{name}/{slot}"], np.float32)


def trained(net: Network) -> tuple[str, ...]:
    """Return the trainable weights that the first output depends on: the others have no gradient, and stay."""
    needed = in_order([net.outputs[0]], list(net.inputs))
    reached = {full for node in needed for full in net.weight_names(name_of(node)).values()}
    return tuple(name for name in net.weights.trainable if name in reached)


class ReferenceEngine(Engine):
    """Plain NumPy: the definition."""

    name: ClassVar[str] = "reference"
    about: ClassVar[str] = "plain NumPy, the definition of every layer"

    def program(self, net: Network) -> Program:
        """Make `net` ready to run."""
        return ReferenceProgram(net)

    def trainer(self, net: Network, loss: LossRule, optimizer: OptimizerRule, *, seed: int) -> Trainer:
        """Make `net` ready to be trained."""
        return ReferenceTrainer(net, loss, optimizer, seed)

"""The reference engine: calls each layer's own definition, in plain NumPy. Slow, and the truth for the others."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..layers.base import Array, Run
from ..network import Network
from .base import Engine, Floats, LossRule, OptimizerRule, Program, Samples, State, Step, Trainer
from .threads import one_thread

Values = dict[str, Array]


@one_thread()
@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and infinities speak for themselves
def forward(net: Network, inputs: tuple[Array, ...], run: Run, weights: dict[str, Array] | None = None) -> Values:
    """Return every value by name; `weights` replaces the network's, in float64 for instance."""
    values: Values = {str(node.name): x for node, x in zip(net.inputs, inputs, strict=True)}
    for node in net.nodes:
        assert node.layer is not None
        name = str(node.name)
        read = [values[str(before.name)] for before in node.inputs]
        values[name] = node.layer.forward(*read, w=layer_weights(net, name, weights), run=run.at(name))
    return values


@one_thread()
@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and infinities speak for themselves
def backward(net: Network, values: Values, grads: Values, run: Run, weights: dict[str, Array] | None = None) -> Values:
    """Return the gradients in every weight and input by name, given those in the outputs."""
    grads = dict(grads)
    in_weights: Values = {}
    for node in reversed(net.nodes):
        assert node.layer is not None
        name = str(node.name)
        if name not in grads:
            continue
        read = [values[str(before.name)] for before in node.inputs]
        given = layer_weights(net, name, weights)
        found = node.layer.backward(grads.pop(name), *read, y=values[name], w=given, run=run.at(name))
        for before, grad in zip(node.inputs, found.inputs, strict=True):
            key = str(before.name)
            grads[key] = grads[key] + grad if key in grads else grad
        full = net.weight_names(name)
        for short, grad in found.weights.items():
            key = full[short]
            in_weights[key] = in_weights[key] + grad if key in in_weights else grad
    return {**in_weights, **grads}


def layer_weights(net: Network, name: str, weights: dict[str, Array] | None = None) -> Values:
    """Return a layer's weights by its own names for them."""
    source = net.weights if weights is None else weights
    return {short: source[full] for short, full in net.weight_names(name).items()}


class ReferenceProgram(Program):
    """Runs layer after layer."""

    def __init__(self, net: Network) -> None:
        self._net = net

    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...)."""
        values = self.trace(inputs)
        return tuple(values[str(node.name)] for node in self._net.outputs)

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...)."""
        return forward(self._net, inputs, Run())


class ReferenceTrainer(Trainer):
    """Trains by the layers', the loss's and the optimizer's own definitions."""

    def __init__(self, net: Network, loss: LossRule, optimizer: OptimizerRule, seed: int) -> None:
        self._net, self._loss, self._optimizer, self._seed = net, loss, optimizer, seed
        self._step = 0
        self._slots: dict[str, dict[str, Floats]] = {
            name: {slot: np.zeros_like(net.weights[name]) for slot in optimizer.slots} for name in net.weights.trainable
        }

    def _pass(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> tuple[Values, Values]:
        """Return all values and all gradients of one batch."""
        run = Run(training=True, seed=self._seed, step=self._step, samples=samples)
        values = forward(self._net, inputs, run)
        name = str(self._net.outputs[0].name)
        grads = {name: self._loss.gradient(values[name], targets)}
        return values, backward(self._net, values, grads, run)

    def step(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples, *, rate: float) -> Step:
        """Make one training step."""
        values, grads = self._pass(inputs, targets, samples)
        outputs = values[str(self._net.outputs[0].name)]
        losses = self._loss.values(outputs, targets)
        weights = self._net.weights
        for node in self._net.nodes:  # what only watches the data moves first, with the batch's own values
            assert node.layer is not None
            name = str(node.name)
            read = [values[str(before.name)] for before in node.inputs]
            for short, new in node.layer.updates(*read, w=layer_weights(self._net, name)).items():
                weights[self._net.weight_names(name)[short]] = new
        for name in weights.trainable:
            weights[name], self._slots[name] = self._optimizer.update(
                weights[name], grads[name], self._slots[name], step=self._step, rate=rate
            )
        self._step += 1
        return Step(losses, outputs)

    def gradients(self, inputs: tuple[Floats, ...], targets: NDArray[Any], samples: Samples) -> dict[str, Floats]:
        """Return the mean loss's gradient in every trainable weight and input."""
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

"""What must hold of an engine over several steps of training, on a network with everything that can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from contract import values
from numpy.typing import NDArray

from pellucid import Input, Network
from pellucid.engines import Engine, Trainer
from pellucid.engines.reference import backward, forward, gradients, layer_weights
from pellucid.layers import Add, BatchNorm2d, Concat, Conv2d, Dropout, Flatten, Linear, MaxPool2d, Tanh
from pellucid.layers.base import Run
from pellucid.train import SGD, Adam, AdamW, CrossEntropy, Loss, MeanSquaredError, Optimizer

Array = NDArray[Any]
SEED = 11
BATCHES = (np.array([4, 0, 6]), np.array([1, 3, 5]), np.array([2, 7]))  # the last is smaller
RATES = (0.1, 0.05, 0.02)  # none is the optimizer's own
LOSSES: list[Loss] = [CrossEntropy(), MeanSquaredError()]
OPTIMIZERS: list[Optimizer] = [
    SGD(0.3),
    SGD(0.3, momentum=0.9, nesterov=True, weight_decay=0.01),
    Adam(0.3, weight_decay=0.01),
    AdamW(0.3),
]


def network() -> Network:
    """Two inputs, two outputs, branches, a shared layer, batch norm, dropout; no kinks for rounding to fall over."""
    picture, extra = Input((2, 6, 5), name="picture"), Input((3,), name="extra")
    shared = Conv2d(2, 3, padding=1)
    a = Tanh()(BatchNorm2d()(shared(picture)))
    b = Add()(a, shared(a))
    pooled = Flatten()(MaxPool2d(2)(b))
    y = Linear(4)(Dropout(0.4)(Concat()(pooled, Tanh()(Linear(5)(extra)))))
    aside = Linear(2)(pooled)  # a second output, which is not trained
    return Network([picture, extra], [y, aside], seed=3)


def data() -> tuple[tuple[Array, ...], Array]:
    """Eight samples and their classes."""
    inputs = values((8, 2, 6, 5), 1) / 4, values((8, 3), 2) / 4
    return tuple(x.astype(np.float32) for x in inputs), np.arange(8) % 4


class Definition:
    """Training in float64, straight from the definitions."""

    def __init__(self, net: Network, loss: Loss, optimizer: Optimizer) -> None:
        self.net, self.loss, self.optimizer = net, loss, optimizer
        self.weights: dict[str, Array] = {name: net.weights[name].astype(np.float64) for name in net.weights}
        self.slots = {n: {s: np.zeros_like(self.weights[n]) for s in optimizer.slots} for n in net.weights.trainable}
        self.made = 0

    def step(self, inputs: tuple[Array, ...], targets: Array, samples: Array, rate: float) -> tuple[Array, Array]:
        """Return losses and outputs of one step."""
        run = Run(training=True, seed=SEED, step=self.made, samples=samples)
        found = forward(self.net, tuple(x.astype(np.float64) for x in inputs), run, weights=self.weights)
        y = found["linear2"]
        grads = backward(self.net, found, {"linear2": self.loss.gradient(y, targets)}, run, weights=self.weights)
        for node in self.net.nodes:
            assert node.layer is not None
            read = [found[str(before.name)] for before in node.inputs]
            own = layer_weights(self.net, str(node.name), self.weights)
            for short, new in node.layer.updates(*read, w=own).items():
                self.weights[f"{node.name}.{short}"] = new
        for name in self.net.weights.trainable:
            if name.startswith("linear3"):
                continue  # the first output does not depend on it
            self.weights[name], self.slots[name] = self.optimizer.update(
                self.weights[name], grads.weights[name], self.slots[name], step=self.made, rate=rate
            )
        self.made += 1
        return self.loss.values(y, targets), y


def check_training(engine: Engine, loss: Loss, optimizer: Optimizer, *, tolerance: float = 2e-4) -> None:
    """Three steps with other rates, samples and batch sizes give the definition's losses, outputs and weights.

    So they do when the trainer is thrown away after the second step and a new one takes up its state. The tolerance is
    float32's over three steps of Adam, whose first steps divide numbers near 0 by each other.
    """
    net, (inputs, labels) = network(), data()
    right = Definition(network(), loss, optimizer)
    trainer: Trainer = engine.trainer(net, loss, optimizer, seed=SEED)
    for number, (chosen, rate) in enumerate(zip(BATCHES, RATES, strict=True)):
        if number == 2:
            trainer.sync()
            kept = {name: net.weights[name].copy() for name in net.weights}
            state = {name: np.array(value) for name, value in trainer.state().items()}
            net = network()
            for name, value in kept.items():
                net.weights[name] = value
            trainer = engine.trainer(net, loss, optimizer, seed=SEED)
            trainer.restore(state)
        batch, targets = tuple(x[chosen] for x in inputs), labels[chosen]
        wanted = right.step(batch, targets, chosen, rate)
        made = trainer.step(batch, targets, chosen, rate=rate)
        _close({"losses": made.losses, "outputs": made.outputs}, {"losses": wanted[0], "outputs": wanted[1]}, tolerance)
    trainer.sync()
    _close({name: net.weights[name] for name in net.weights}, right.weights, tolerance)
    assert int(trainer.state()["step"]) == 3


def check_running(engine: Engine) -> None:
    """A program sees weights assigned after it was made, and what it returned before stays as it was."""
    net, (inputs, _) = network(), data()
    program = engine.program(net)
    first = program.run(inputs)
    kept = [array.copy() for array in first]
    for name in net.weights:
        net.weights[name] = net.weights[name] + 0.25
    second = program.run(inputs)
    wanted = engine.program(net).run(inputs)
    for before, now, right, copy in zip(first, second, wanted, kept, strict=True):
        assert np.array_equal(before, copy), "a later call wrote into an array that an earlier one returned"
        assert np.array_equal(now, right), "the program did not see the weights that were assigned"
        assert not np.array_equal(now, before)


def check_values_gradients(engine: Engine, *, tolerance: float = 2e-5) -> None:
    """A value's gradients in inputs and inner values equal the definition's, for any batch, and see new weights.

    Known values cut the network: what lies before them is not computed, and the gradient is taken in them.
    """
    net, (inputs, _) = network(), data()
    program = engine.program(net)
    for shift in (0.0, 0.25):
        for name in net.weights:
            net.weights[name] = net.weights[name] + shift
        values = {**forward(net, inputs, Run()), **dict(zip(("picture", "extra"), inputs, strict=True))}
        for read, name in (
            (("picture", "extra"), "linear2"),
            (("picture", "extra"), "linear3"),  # it does not depend on "extra", and is no first output
            (("add1", "extra"), "linear2"),
            (("picture", "extra", "tanh1"), "linear2"),  # "picture" reaches it through "tanh1" only, which is known
            (("pool1", "tanh2"), "dropout1"),
            (("tanh1",), "tanh1"),
        ):
            for count in (1, 8, 17):
                known = {each: np.resize(values[each], (count, *net.shapes[each])) for each in read}
                slope = np.random.default_rng(count).standard_normal((count, *net.shapes[name])).astype(np.float32)
                exact = {each: np.asarray(net.weights[each], np.float64) for each in net.weights}
                wide = {each: x.astype(np.float64) for each, x in known.items()}
                right = gradients(net, wide, name, slope.astype(np.float64), weights=exact)
                _close(program.gradients(known, name, slope), right, tolerance)


def _close(found: Mapping[str, Array], wanted: Mapping[str, Array], tolerance: float) -> None:
    assert set(found) == set(wanted)
    for name, right in wanted.items():
        worst = float(np.abs(found[name] - right).max())
        assert worst <= tolerance * max(1.0, float(np.abs(right).max())), f"{name}: off by {worst}"

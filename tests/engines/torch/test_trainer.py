"""Training in PyTorch writes over nothing that somebody still reads."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.engines import ReferenceEngine, TorchEngine
from pellucid.layers import Add, BatchNorm2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU, Sigmoid
from pellucid.train import SGD, Adam, CrossEntropy

pytest.importorskip("torch", reason="PyTorch is not installed")


def networks() -> list[Network]:
    """ReLUs behind layers that need their own values, whose values others read, and that are used twice."""
    made: list[Network] = []
    x = Input((3, 6, 5), name="x")
    conv = Conv2d(4, 3, padding=1)(x)
    made.append(Network(x, Linear(3)(Flatten()(Add()(ReLU()(conv), conv))), seed=1))
    made.append(
        Network(x, Linear(3)(Flatten()(ReLU()(Sigmoid()(ReLU()(BatchNorm2d()(Conv2d(4, 3, bias=False)(x))))))), seed=2)
    )
    made.append(Network(x, Linear(3)(Flatten()(MaxPool2d(2)(ReLU()(ReLU()(conv))))), seed=3))
    made.append(Network(x, Linear(3)(Flatten()(ReLU()(x))), seed=4))
    twice: Layer = ReLU()
    made.append(Network(x, Linear(3)(Flatten()(twice(Conv2d(4, 3)(twice(Conv2d(4, 3)(x)))))), seed=5))
    return made


@pytest.mark.parametrize("optimizer", [SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01), Adam(0.01)], ids=repr)
@pytest.mark.parametrize("number", range(len(networks())))
def test_steps_are_those_of_the_definition(number: int, optimizer: SGD | Adam) -> None:
    """Gradients, inputs' among them, and three steps of training are the reference engine's."""
    rng = np.random.default_rng(0)
    images, classes = rng.normal(size=(4, 3, 6, 5)).astype(np.float32), np.array([0, 1, 2, 1])
    before = images.copy()
    found: list[list[np.ndarray]] = []
    for engine in (TorchEngine(), ReferenceEngine()):
        net = networks()[number]
        trainer = engine.trainer(net, CrossEntropy(), optimizer, seed=0)
        grads = trainer.gradients((images,), classes, np.arange(4))
        losses = [trainer.step((images,), classes, np.arange(4), rate=0.05).losses for _ in range(3)]
        trainer.sync()
        found.append([*grads.inputs, *grads.weights.values(), *losses, *net.weights.values()])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-6)
    np.testing.assert_array_equal(images, before)

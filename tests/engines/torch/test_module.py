"""The module that a network is in PyTorch: ordinary, with the network's names and weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pellucid import Network
from pellucid.engines import ENGINES, TorchEngine, predict
from pellucid.errors import EngineError
from pellucid.layers import Conv2d, Flatten, Linear, ReLU
from pellucid.layers.activations import Elementwise
from pellucid.zoo import Builder, lenet5, mobilenet_v2, resnet20, shufflenet_v2_x1_0


class Cube(Elementwise):
    """A layer of a user's own."""

    prefix = "cube"

    def value(self, x: np.ndarray) -> np.ndarray:
        """Return the third power."""
        return x**3


def test_the_state_dict_has_the_networks_names() -> None:
    """Weights are called what they are called here, and are the same numbers."""
    net = resnet20(seed=3)
    state = TorchEngine().module(net).state_dict()
    kept = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    assert set(kept) == set(net.weights)
    assert all(np.array_equal(value.numpy(), net.weights[name]) for name, value in kept.items())


@pytest.mark.parametrize("build", [lenet5, resnet20])
def test_the_module_computes_what_the_network_does(build: Builder) -> None:
    """Called by hand, the module gives the network's outputs."""
    net = build()
    x = np.random.default_rng(0).standard_normal((2, *net.inputs[0].shape), dtype=np.float32)
    with torch.no_grad():
        found = TorchEngine().module(net)(torch.from_numpy(x))
    wanted = net.predict(x, engine="reference")
    np.testing.assert_allclose(found.numpy(), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize("build", [mobilenet_v2, shufflenet_v2_x1_0])
def test_engines_agree_on_networks_of_the_zoo(build: Builder) -> None:
    """PyTorch and the native engine give the same scores."""
    net = build(input_shape=(3, 32, 32))
    x = np.random.default_rng(0).standard_normal((2, 3, 32, 32), dtype=np.float32)
    ours, theirs = (predict(net, x, engine=name) for name in ("native", "torch"))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5 * np.abs(theirs).max())


def test_new_weights_are_seen() -> None:
    """Weights assigned after the first run are those of the next."""
    net = Network((1, 5, 5), [Conv2d(2, 3), ReLU(), Flatten(), Linear(3)])
    x = np.ones((1, 1, 5, 5), np.float32)
    before = predict(net, x, engine="torch")
    net.weights["linear1.bias"] = net.weights["linear1.bias"] + 1
    np.testing.assert_allclose(predict(net, x, engine="torch"), before + 1, rtol=1e-6)


def test_a_layer_of_ones_own_is_refused_by_name() -> None:
    """A kind that has no entry is named, and what can run it."""
    with pytest.raises(EngineError, match="a Cube, which the engine 'torch' has no entry for"):
        ENGINES["torch"].program(Network(3, [Cube()]))

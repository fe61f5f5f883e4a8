"""A network that goes to PyTorch and comes back is the same network, down to the bits of its weights."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid
from pellucid import Network
from pellucid.layers import Layer
from pellucid.zoo import NETWORKS

# These run always; the others are as large as they are, and slow.
QUICK = {"lenet5", "resnet18", "googlenet", "resnet20", "squeezenet1_1", "densenet121", "mobilenet_v1", "mobilenet_v2"}
SMALL = {"googlenet", "squeezenet1_1", "densenet121", "mobilenet_v1", "mobilenet_v2", "resnet18"}  # any size will do
BUILDS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in NETWORKS]


def meaning(layer: Layer) -> dict[str, object]:
    """A layer's parameters as PyTorch says them: no first values, and a pool's stride where it has one of its own."""
    config = {name: value for name, value in layer.config().items() if not name.endswith("_init")}
    return config | ({"stride": config.get("stride") or config["kernel_size"]} if "kernel_size" in config else {})


def assert_same(net: Network, back: Network) -> None:
    """Kinds, parameters, names, wiring, and the weights' bits are equal."""
    for one, other in zip((*net.inputs, *net.nodes), (*back.inputs, *back.nodes), strict=True):
        assert (one.name, one.shape) == (other.name, other.shape)
        assert [node.name for node in one.inputs] == [node.name for node in other.inputs]
        if one.layer is not None and other.layer is not None:
            assert (one.layer.kind, meaning(one.layer)) == (other.layer.kind, meaning(other.layer)), one.name
    assert [node.name for node in net.outputs] == [node.name for node in back.outputs]
    assert list(net.weights) == list(back.weights)
    for name in net.weights:
        assert net.weights[name].tobytes() == back.weights[name].tobytes(), name


@pytest.mark.parametrize("name", BUILDS)
def test_networks_of_the_zoo_come_back(name: str) -> None:
    """Every famous network is the same after it was a module of PyTorch."""
    net = NETWORKS[name](input_shape=(3, 64, 64)) if name in SMALL else NETWORKS[name]()
    back = pellucid.load(net.to_torch(), input_shape=net.inputs[0].shape)
    assert back.name == net.name
    assert_same(net, back)


def test_outputs_are_the_same() -> None:
    """What came back computes what PyTorch does."""
    net = NETWORKS["resnet20"](seed=4)
    back = pellucid.load(net.to_torch(), input_shape=(3, 32, 32))
    x = np.random.default_rng(0).standard_normal((2, 3, 32, 32), dtype=np.float32)
    wanted = net.predict(x, engine="torch")
    np.testing.assert_allclose(back.predict(x), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())

"""A network that goes to PyTorch and comes back is the same network, down to the bits of its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from formats.torch.said import assert_same

import pellucid
from pellucid import Input, Network
from pellucid.layers import REGISTRY
from pellucid.layers.base import Example
from pellucid.zoo import NETWORKS

# These run always; the others are as large as they are, and slow.
QUICK = {
    "lenet5",
    "resnet18",
    "googlenet",
    "resnet20",
    "squeezenet1_1",
    "shufflenet_v2_x1_0",
    "mobilenet_v1",
    "mobilenet_v2",
}
SMALL = {"googlenet", "squeezenet1_1", "densenet121", "mobilenet_v1", "mobilenet_v2", "resnet18"}  # any size will do
BUILDS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in NETWORKS]


EXAMPLES = [pytest.param(example, id=f"{k}-{i}") for k in REGISTRY for i, example in enumerate(REGISTRY[k].examples())]

REAL = [
    "burn-mnist/mnist.onnx",
    "cnn-explainer/model.json",
    "keras-digit-recognizer/mnist_cnn.keras",
    "mlperf-tiny/pretrainedResnet.h5",
    "mlperf-tiny/vww_96.h5",
    "onnx-winml/ImageClassifier_cifar10.onnx",
    "onnx-winml/SqueezeNet_fp16.onnx",
    "onnx-winml/mnist.onnx",
    "onnxrt-mnist/mnist.onnx",
]


def there_and_back(net: Network) -> Network:
    """Return the network of the module that a network is."""
    return pellucid.load(net.to_torch(), input_shape=[node.shape for node in net.inputs])


def assert_computes_the_same(net: Network, back: Network) -> None:
    """Outputs agree to 1e-5 of their largest number, by the definitions in float64."""
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((2, *node.shape), dtype=np.float32) for node in net.inputs]
    given = inputs if len(inputs) > 1 else inputs[0]
    wanted, found = net.predict(given, engine="torch"), back.predict(given, engine="reference")
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * float(np.abs(wanted).max()))


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_layer_comes_back(example: Example) -> None:
    """Each example of each layer is the same layer after it was a module, and computes what the module does."""
    inputs = [Input(shape, f"in{number}") for number, shape in enumerate(example.shapes)]
    net = Network(inputs, example.layer(*inputs, name="layer"), seed=3)
    back = there_and_back(net)
    assert_same(net, back)
    assert_computes_the_same(net, back)


@pytest.mark.parametrize("file", REAL)
def test_real_models_come_back(shared_data: Path, file: str) -> None:
    """Models that others trained, in other formats, are the same after they were modules."""
    net = pellucid.load(shared_data / file)
    back = there_and_back(net)
    assert_same(net, back)
    assert_computes_the_same(net, back)


@pytest.mark.parametrize("name", BUILDS)
def test_networks_of_the_zoo_come_back(name: str) -> None:
    """Every famous network is the same after it was a module of PyTorch."""
    net = NETWORKS[name](input_shape=(3, 64, 64)) if name in SMALL else NETWORKS[name]()
    back = there_and_back(net)
    assert back.name == net.name
    assert_same(net, back)


def test_outputs_are_the_same() -> None:
    """What came back computes what PyTorch does, as deep as it is."""
    net = NETWORKS["resnet20"](seed=4)
    assert_computes_the_same(net, there_and_back(net))

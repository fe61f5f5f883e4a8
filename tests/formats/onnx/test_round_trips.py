"""Whole networks there and back: the zoo's, and real models that others made, saved as ONNX and opened again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from crafted_files import assert_same_network

import pellucid
from pellucid import Network
from pellucid.formats.onnx.saving import model_of
from pellucid.zoo import NETWORKS

BIG = ("alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "resnet50", "resnet101", "resnet152", "inception_v3")
REAL = {  # model -> its input
    "onnx-winml/SqueezeNet_fp16.onnx": (3, 224, 224),
    "onnx-winml/mnist.onnx": (1, 28, 28),
    "onnx-winml/ImageClassifier_cifar10.onnx": (3, 32, 32),
    "onnxrt-mnist/mnist.onnx": (1, 28, 28),
    "burn-mnist/mnist.onnx": (1, 28, 28),
    "keras-digit-recognizer/mnist_cnn.keras": (1, 28, 28),
    "keras-digit-recognizer/mnist_cnn.h5": (1, 28, 28),
    "mlperf-tiny/pretrainedResnet.h5": (3, 32, 32),
    "mlperf-tiny/vww_96.h5": (3, 96, 96),
    "cnn-explainer/model.json": (3, 64, 64),
}


def there_and_back(net: Network, path: Path) -> Network:
    """The network, saved as ONNX and opened again."""
    net.save(path)
    return pellucid.load(path)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in BIG else name for name in NETWORKS]
)
def test_networks_of_the_zoo_come_back(name: str, tmp_path: Path) -> None:
    """Kinds, parameters, names, wiring and every bit of the weights."""
    net = NETWORKS[name]()
    assert_same_network(net, there_and_back(net, tmp_path / "net.onnx"))


@pytest.mark.parametrize("name", REAL)
def test_models_of_others_come_back(name: str, tmp_path: Path, shared_data: Path) -> None:
    """What others made is saved by us as they are told here, and gives the same numbers."""
    net = pellucid.load(shared_data / name)
    back = there_and_back(net, tmp_path / "net.onnx")
    assert_same_network(net, back)
    assert net.inputs[0].shape == REAL[name]
    image = np.random.default_rng(3).uniform(0, 255, (1, *REAL[name])).astype(np.float32)
    np.testing.assert_array_equal(back.predict(image), net.predict(image))


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "squeezenet1_1", "shufflenet_v2_x1_0", "mobilenet_v2"])
def test_networks_run_in_onnx_runtime(name: str) -> None:
    """Whole networks give the same numbers there, for a batch of any size."""
    net = NETWORKS[name]()
    image = np.random.default_rng(3).normal(size=(2, *net.inputs[0].shape)).astype(np.float32)
    session = onnxruntime.InferenceSession(model_of(net).SerializeToString(), providers=["CPUExecutionProvider"])
    found: Any = session.run([net.outputs[0].name], {net.inputs[0].name: image})[0]
    wanted = net.predict(image)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())

"""ONNX models that others trained give the answers that are published, or were measured, of them.

Needs the folder of real data beside the project; sources and known answers stand in its READMEs.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from PIL import Image

import pellucid
from pellucid.errors import ModelFileError
from pellucid.layers import LogSoftmax

EXPECTED = "expected_Squeezenet_fp16_fish_input_CPU.csv"


def digits(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The test digits of MNIST, 0 to 255, and what they are."""
    images = gzip.decompress((folder / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "mnist" / "t10k-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return pixels.astype(np.float32), np.frombuffer(labels, np.uint8, offset=8)


def tensor(path: Path) -> Any:
    """The numbers of a TensorProto."""
    proto = onnx.TensorProto()
    proto.ParseFromString(path.read_bytes())
    return numpy_helper.to_array(proto)


def test_squeezenet_gives_its_thousand_published_numbers(shared_data: Path) -> None:
    """SqueezeNet in float16 gives a fish the probabilities that are published of it."""
    folder = shared_data / "onnx-winml"
    net = pellucid.load(folder / "SqueezeNet_fp16.onnx")
    assert net.params == 1_235_496
    fish = np.loadtxt(folder / "fish.csv", np.float32, delimiter=",").reshape(1, 3, 224, 224)
    published = np.loadtxt(folder / EXPECTED, np.float32, delimiter=",", skiprows=1)[:, 1]
    found = net.predict(fish).ravel()
    assert found.shape == published.shape == (1000,)
    assert int(found.argmax()) == 0
    np.testing.assert_allclose(
        found, published, rtol=0, atol=2e-4
    )  # published: float16 sums; ONNX Runtime in float32 is 1.2e-4 off too


def test_a_digits_model_with_its_own_tensors(shared_data: Path) -> None:
    """The input that comes with a model gives the output that comes with it."""
    folder = shared_data / "onnxrt-mnist"
    given, wanted = tensor(folder / "input_0.pb"), tensor(folder / "output_0.pb")
    found = pellucid.load(folder / "mnist.onnx").predict(given)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def test_a_digits_model_scores_as_measured(shared_data: Path) -> None:
    """CNTK's small network has 98.91 % of MNIST's test digits right."""
    images, labels = digits(shared_data)
    net = pellucid.load(shared_data / "onnx-winml" / "mnist.onnx")
    assert int((net.predict(images).argmax(axis=1) == labels).sum()) == 9891


def test_a_model_of_logarithms_scores_as_measured(shared_data: Path) -> None:
    """A digits network that ends in logarithms of probabilities has 99.16 % of the test digits right."""
    net = pellucid.load(shared_data / "burn-mnist" / "mnist.onnx")
    assert net.outputs[0].layer == LogSoftmax()
    images, labels = digits(shared_data)
    found = net.predict((images / 255 - 0.1307) / 0.3081)
    np.testing.assert_allclose(np.exp(found[:100]).sum(axis=1), 1, rtol=1e-5)
    assert int((found.argmax(axis=1) == labels).sum()) == 9916


def test_a_cifar_model_scores_as_measured(shared_data: Path) -> None:
    """A tutorial's network has 655 of 1,000 pictures right."""
    pictures = np.asarray(Image.open(shared_data / "cifar10" / "cifar10_batch_50.png"), np.float32)
    text = (shared_data / "cifar10" / "cifar10_labels.js").read_text()
    labels = np.array(json.loads(text[text.index("[") : text.index("]") + 1])[50_000:])
    images = (pictures.reshape(-1, 32, 32, 3) / 255 - 0.5) / 0.5
    net = pellucid.load(shared_data / "onnx-winml" / "ImageClassifier_cifar10.onnx")
    assert int((net.predict(images, channels_last=True).argmax(axis=1) == labels).sum()) == 655


def test_the_oldest_format_is_refused(shared_data: Path) -> None:
    """A model without an opset says what is missing, and what to do."""
    with pytest.raises(ModelFileError, match="ONNX of IR version 1, without an opset"):
        pellucid.load(shared_data / "onnx-ir1-superres" / "super_resolution.onnx")

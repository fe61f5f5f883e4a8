"""Differences planted in models that others trained, as their files are opened; needs the folder of real data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planting import Bent, rebuilt, with_parameters, with_weight

from pellucid import Network, compare, load
from pellucid.layers import AvgPool2d, Flatten, LeakyReLU, Scale


@pytest.fixture(scope="module")
def vgg(shared_data: Path) -> Network:
    """CNN Explainer's Tiny VGG, a TensorFlow.js model."""
    return load(shared_data / "cnn-explainer" / "model.json")


@pytest.fixture(scope="module")
def resnet(shared_data: Path) -> Network:
    """ResNet-8 of MLPerf Tiny, a Keras model in HDF5."""
    return load(shared_data / "mlperf-tiny" / "pretrainedResnet.h5")


@pytest.fixture(scope="module")
def squeezenet(shared_data: Path) -> Network:
    """SqueezeNet, an ONNX model whose weights are float16."""
    return load(shared_data / "onnx-winml" / "SqueezeNet_fp16.onnx")


def first(a: Network, b: Network, **given: Any) -> tuple[str, str, str]:
    """The layer of the first difference, the first rule, and its words."""
    found = compare(a, b, **given).differences[0]
    return found.layer.a, found.findings[0].rule, found.findings[0].words


def test_tiny_vgg_with_its_flatten_order_lost(vgg):
    """What Keras flattens by height, width, channels, taken for PyTorch's order."""
    at, rule, words = first(vgg, rebuilt(vgg, layers={"flatten": Flatten()}))
    assert (at, rule) == ("output", "flatten order")
    assert "'HWC' in A and 'CHW' in B" in words
    assert "permute axis 1 of the weight" in words


def test_tiny_vgg_with_a_kernel_not_transposed(vgg):
    """Kernels of (height, width, in, out), only reshaped."""
    other = with_weight(vgg, "conv_1_2.weight", lambda w: w.transpose(2, 3, 1, 0).reshape(w.shape))
    at, rule, words = first(vgg, other)
    assert (at, rule) == ("conv_1_2", "kernel read as height, width, in, out")
    assert "transpose its axes by [3, 2, 0, 1]" in words


def test_tiny_vgg_given_other_colours_and_another_range(vgg):
    """BGR for RGB, and 0 to 255 for 0 to 1, on an engine that is given the image so."""
    at, rule, words = first(vgg, vgg, engines=("reference", Bent(prepare=lambda x: x[:, ::-1])))
    assert (at, rule) == ("conv_1_1", "channel order")
    assert "flip axis 0" in words
    at, rule, words = first(vgg, vgg, engines=("reference", Bent(prepare=lambda x: x * 255)))
    assert (at, rule) == ("conv_1_1", "input scaling")
    assert "multiplies its input by 255" in words


def test_resnet_8_with_its_padding_as_pytorch_pads(resnet):
    """Keras pads "same" at stride 2 on one side only, where padding=1 pads both; all such layers are found."""
    strided = [name for name, layer in resnet.layers.items() if layer.config().get("stride") == (2, 2)]
    other = resnet
    for name in strided:
        pads = resnet.layers[name].config()["kernel_size"][0] // 2
        other = with_parameters(other, name, padding=pads)
    found = compare(resnet, other)
    at, rule, words = first(resnet, other)
    assert (at, rule) == ("conv2d_3", "padding")
    assert "'same' (top 0, bottom 1, left 0, right 1) in A and (top 1, bottom 1, left 1, right 1) in B" in words
    assert "along the height B has 1 more at the top" in words
    assert "F.pad(x, (0, 1, 0, 1))" in words
    assert [one.layer.a for one in found.differences] == [
        name for name in strided if resnet.layers[name].config()["kernel_size"] == (3, 3)
    ]


def test_resnet_8_with_pytorchs_epsilon(resnet):
    """Every batch norm's epsilon is another: each is found, and the first is told."""
    norms = [name for name in resnet.layers if name.startswith("batch_normalization")]
    other = resnet
    for name in norms:
        other = with_parameters(other, name, eps=1e-5, momentum=0.1)
    found = compare(resnet, other)
    assert [one.layer.a for one in found.differences] == norms
    assert {one.findings[0].rule for one in found.differences} == {"eps"}
    assert "0.001 in A and 1e-05 in B" in found.rules[0]
    momenta = [one for one in found.stated if one.what == "momentum"]
    assert [one.a for one in momenta] == norms
    assert "momentum is 0.01 in A and 0.1 in B" in momenta[0].words
    assert "running mean and variance of each channel (axis 0) in training" in momenta[0].words


def test_resnet_8_in_training_mode(resnet):
    """A model that somebody forgot to switch to evaluation."""
    at, rule, words = first(resnet, resnet, engines=("reference", Bent(training=True)))
    assert (at, rule) == ("batch_normalization", "training mode")
    assert "call eval()" in words


def test_resnet_8_with_another_shortcut_and_slope(resnet):
    """Two differences far apart are both found, each by its rule."""
    other = rebuilt(resnet, layers={"activation_2": LeakyReLU(0.01)})
    other = with_weight(other, "dense.weight", lambda w: w.T.reshape(w.shape))
    found = compare(resnet, other)
    assert [(one.layer.a, one.findings[0].rule) for one in found.differences] == [
        ("activation_2", "activation"),
        ("dense", "weight transposed"),
    ]


def test_squeezenet_with_a_mean_pool_and_caffes_mean(squeezenet):
    """A pool of another kind, and a mean that was subtracted before."""
    pool = squeezenet.layers["pool1_1"].config()
    other = rebuilt(squeezenet, layers={"pool1_1": AvgPool2d(pool["kernel_size"], pool["stride"])})
    at, rule, words = first(squeezenet, other)
    assert (at, rule) == ("pool1_1", "kind")
    assert "MaxPool2d(3, stride=2)" in words
    assert "AvgPool2d(3, stride=2)" in words
    other = rebuilt(squeezenet, before={"conv1_1": ("rescale", Scale((), shift=False))})
    other.weights["rescale.weight"] = [1 / 255]
    at, rule, words = first(squeezenet, other)
    assert (at, rule) == ("conv1_1", "input scaling")
    assert "divides its input by 255" in words


def test_two_files_of_one_model_are_the_same(shared_data):
    """One network saved as .keras and as .h5 is told to be one."""
    folder = shared_data / "keras-digit-recognizer"
    found = compare(folder / "mnist_cnn.keras", folder / "mnist_cnn.h5")
    assert found.sentence == "the same, number by number"


@pytest.mark.parametrize("name", ["vgg", "resnet", "squeezenet"])
def test_a_model_is_the_same_under_other_names(name, request):
    """Nothing is found where only names differ."""
    net = request.getfixturevalue(name)
    other = rebuilt(net, names=lambda name: f"layer {abs(hash(name))}")
    assert compare(net, other).sentence == "the same, number by number"
    assert not np.isnan(other.predict(np.zeros((1, *net.inputs[0].shape)), engine="reference")).any()

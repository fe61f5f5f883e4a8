"""Peers are given the same network: what the bench makes of it for them computes what our definitions compute."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from bench.graph import channels_last, folded, is_chain, steps
from bench.ncnn_file import ncnn_files
from bench.onnx_file import onnx_model
from bench.torch_module import module
from bench.works import WORKS
from pellucid import Input, Network, engines
from pellucid.layers import (
    Add,
    BatchNorm2d,
    ChannelShuffle,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    HardSigmoid,
    HardSwish,
    Linear,
    MaxPool2d,
    Multiply,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Slice,
)

F = torch.nn.functional


def residual() -> Network:
    """A small network with everything that the large ones have: a stride, batch norms, a branch."""
    image = Input((3, 9, 9))
    x = Conv2d(4, 3, stride=2, padding=1, bias=False)(image)
    x = ReLU()(BatchNorm2d()(x))
    y = BatchNorm2d()(Conv2d(4, 3, padding=1)(MaxPool2d(3, stride=1, padding=1)(x)))
    return Network(image, Linear(5)(GlobalAvgPool2d()(ReLU()(Add()(x, y)))), seed=3)


def flat() -> Network:
    """A chain with a matrix behind maps."""
    return Network((2, 4, 3), [Conv2d(3, 3, padding=1), ReLU(), Flatten(), Linear(4)], seed=3)


def mobile() -> Network:
    """A small network with what phones' networks have: groups, gates, halves, shuffles, other activations."""
    x = Input((4, 9, 9))
    wide = ReLU6()(BatchNorm2d()(Conv2d(8, 3, padding=1, groups=4, bias=False)(x)))
    gate = HardSigmoid()(Conv2d(8, 1)(SiLU()(Conv2d(4, 1)(GlobalAvgPool2d(keepdims=True)(wide)))))
    gated = HardSwish()(Multiply()(wide, gate))
    left, right = Slice(0, 3)(gated), Sigmoid()(Slice(3, 8)(gated))
    y = MaxPool2d(3, stride=2, ceil_mode=True)(ChannelShuffle(4)(Concat()(left, right)))
    return Network(x, Linear(5)(GlobalAvgPool2d()(y)), seed=3)


def shaken(net: Network) -> Network:
    """Give every weight, statistics too, a value of its own."""
    random = np.random.default_rng(0)
    for name in net.weights:
        net.weights[name] = random.uniform(0.5, 1.5, net.weights[name].shape).astype(np.float32)
    return net


def outputs(net: Network, images: np.ndarray) -> np.ndarray:
    """What the definitions give."""
    return engines.get("reference").program(net).run((images,))[0]


def images_of(net: Network) -> np.ndarray:
    """Two images."""
    return np.random.default_rng(1).standard_normal((2, *net.inputs[0].shape), np.float32)


@pytest.mark.parametrize("build", [residual, flat, mobile])
def test_the_module_for_pytorch_is_the_same_network(build) -> None:
    """All weights arrive where they belong, statistics among them."""
    net = shaken(build())
    images = images_of(net)
    with torch.inference_mode():
        found = module(net).eval()(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(found, outputs(net, images), rtol=1e-5)


@pytest.mark.parametrize("build", [residual, flat, mobile])
def test_the_onnx_model_is_the_same_network(build) -> None:
    """Our own reader opens what is written for the runtimes, and finds the network that it was made of."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    net = shaken(build())
    images = images_of(net)
    session = onnxruntime.InferenceSession(onnx_model(net, len(images)), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"x": images})[0], outputs(net, images), rtol=1e-4)


def test_a_matrix_behind_maps_reads_them_channels_last() -> None:
    """Keras and JAX flatten maps (H, W, C): the matrix's rows come in that order."""
    net = shaken(flat())
    maps = np.random.default_rng(1).standard_normal((3, 4, 3)).astype(np.float32)  # (C, H, W)
    wanted = net.weights["linear1.weight"] @ maps.reshape(-1)
    np.testing.assert_allclose(
        maps.transpose(1, 2, 0).reshape(-1) @ channels_last(net)["linear1"]["weight"], wanted, rtol=1e-5
    )


def test_kernels_for_maps_with_channels_last_have_height_and_width_first() -> None:
    """(out, in, kh, kw) becomes (kh, kw, in, out)."""
    net = shaken(flat())
    kernel = channels_last(net)["conv1"]["weight"]
    assert kernel.shape == (3, 3, 2, 3)
    assert kernel[2, 0, 1, 2] == net.weights["conv1.weight"][2, 1, 2, 0]


def test_a_batch_norm_folds_into_the_convolution_before() -> None:
    """The folded weights give what both layers give."""
    net = shaken(residual())
    images = images_of(net)
    conv, norm = list(steps(net))[:2]
    weight, bias = folded(conv, norm)
    found = F.conv2d(torch.from_numpy(images), torch.from_numpy(weight), torch.from_numpy(bias), 2, 1).numpy()
    np.testing.assert_allclose(found, engines.get("reference").program(net).trace((images,))[norm.name], rtol=1e-4)


def test_ncnn_reads_every_value_once_and_every_weight() -> None:
    """A value with two readers is split; each blob that is read was written; the weights are all there."""
    text, weights = ncnn_files(shaken(residual()))
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["7767517"]
    written: list[str] = []
    read: list[str] = []
    for kind, _, inputs, made, *names in lines[2:]:
        assert set(names[: int(inputs)]) <= set(written), kind
        read += names[: int(inputs)]
        written += names[int(inputs) : int(inputs) + int(made)]
    assert lines[1] == [str(len(lines) - 2), str(len(written))]
    assert sorted([*read, "y"]) == sorted(written)
    assert [line[0] for line in lines[2:]] == [
        *("Input", "Convolution", "Split", "Pooling", "Convolution", "BinaryOp", "ReLU", "Pooling", "InnerProduct"),
    ]
    numbers = 4 * 3 * 9 + 4 + 4 * 4 * 9 + 4 + 4 * 5 + 5
    assert len(weights) == 4 * (numbers + 3)  # and a mark before each kernel
    assert re.search(r"Convolution \S+ 1 1 x \S+ .*9=1$", text, re.MULTILINE)  # the ReLU is in it


def test_networks_know_whether_they_are_chains() -> None:
    """A branch is none."""
    assert is_chain(flat())
    assert not is_chain(residual())


def test_a_work_counts_the_multiplications_of_its_definition() -> None:
    """LeNet-5 has 416,520 an image; a step three times those, less the first layer's gradient in the images."""
    forward, step = WORKS["lenet-64"], WORKS["lenet-train"]
    assert forward.macs(forward.build()) == 64 * 416_520
    assert step.macs(step.build()) == 64 * (3 * 416_520 - 117_600)


def test_works_are_the_same_every_time() -> None:
    """Every peer's process makes its own, so weights, images and labels must not depend on the process."""
    work = WORKS["lenet-train"]
    one, other = work.network(), work.network()
    assert all((one.weights[name] == other.weights[name]).all() for name in one.weights)
    assert (work.images(one) == work.images(other)).all()
    assert (work.labels(one) == work.labels(other)).all()

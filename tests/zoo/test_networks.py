"""What can be asked of every network of the zoo: classes, input shapes, seeds, and that it computes what it should."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as f

from pellucid.errors import ShapeError
from pellucid.zoo import NETWORKS, alexnet, efficientnet_b0, lenet5, mobilenet_v3_small, resnet18, vgg16

SMALLEST = {  # (channels, height, width); VGG's is 32, ResNet's is 1
    "lenet5": (1, 12, 12),
    "alexnet": (3, 63, 63),
    "googlenet": (3, 64, 64),
    "densenet121": (3, 64, 64),
    "squeezenet1_1": (3, 64, 64),
    "inception_v3": (3, 96, 96),
}


def small(name):
    """Return an input that is small, and that the network can read."""
    return SMALLEST.get(name, (3, 32, 32) if name.startswith("vgg") else (3, 1, 1))


@pytest.mark.parametrize("name", NETWORKS)
def test_class_names_become_outputs(name):
    """Class names make as many outputs and are kept; a number makes outputs without names."""
    net = NETWORKS[name](["cat", "dog", "eel"], input_shape=small(name))
    assert net.outputs[0].shape == (3,)
    assert net.classes == ("cat", "dog", "eel")
    assert NETWORKS[name](7, input_shape=small(name)).classes is None
    assert NETWORKS[name](7, input_shape=small(name)).outputs[0].shape == (7,)


@pytest.mark.parametrize("name", NETWORKS)
def test_building_makes_no_weights(name, monkeypatch):
    """However large the network, building it makes no weight: they are made when they are first read."""
    made: list[object] = []
    monkeypatch.setattr("pellucid.layers.initializers.Weight.initial", lambda *args: made.append(args))
    NETWORKS[name]()
    assert not made


@pytest.mark.parametrize("name", NETWORKS)
def test_the_seed_makes_the_weights(name):
    """The same seed gives the same first values, another seed others."""
    first = next(key for key in NETWORKS[name]().weights if key.endswith(".weight"))
    one, same, other = (NETWORKS[name](seed=seed).weights[first] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.9


@pytest.mark.parametrize(
    ("build", "shape", "layer"),
    [
        (alexnet, (3, 62, 63), "MaxPool2d 'features.12'"),
        (vgg16, (3, 32, 31), "MaxPool2d 'features.30'"),
        (lenet5, (1, 11, 12), "AvgPool2d 'pool2'"),
    ],
)
def test_an_input_that_is_too_small_is_refused_by_the_layer(build, shape, layer):
    """An input one pixel below the smallest is refused by the layer that cannot read it."""
    with pytest.raises(ShapeError, match=layer):
        build(input_shape=shape)


def test_lenet5_in_torch():
    """LeNet-5 computes what PyTorch's functions compute when they are called in the paper's order."""
    net = lenet5(seed=1)
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, 1, 28, 28), dtype=np.float32))
    w = {name: torch.tensor(array) for name, array in net.weights.items()}
    y = f.avg_pool2d(torch.tanh(f.conv2d(x, w["conv1.weight"], w["conv1.bias"], padding=2)), 2)
    y = f.avg_pool2d(torch.tanh(f.conv2d(y, w["conv2.weight"], w["conv2.bias"])), 2).flatten(1)
    y = torch.tanh(f.linear(y, w["linear1.weight"], w["linear1.bias"]))
    y = torch.tanh(f.linear(y, w["linear2.weight"], w["linear2.bias"]))
    y = f.linear(y, w["linear3.weight"], w["linear3.bias"])
    np.testing.assert_allclose(net.predict(x.numpy(), engine="reference"), y.numpy(), rtol=1e-4, atol=1e-5)


def test_resnet18_in_torch():
    """ResNet-18 computes what PyTorch's functions compute when they are called in the paper's order."""
    net = resnet18(10, input_shape=(3, 64, 48), seed=1)
    rng = np.random.default_rng(0)
    for name, array in net.weights.items():
        if array.ndim == 1:  # a forgotten mean, variance, scale or shift would not show in first values, 0 and 1
            net.weights[name] = rng.uniform(0.5, 1.5, array.shape)
    x = torch.tensor(rng.standard_normal((2, 3, 64, 48), dtype=np.float32))
    expected = torch_resnet18({name: torch.tensor(array) for name, array in net.weights.items()}, x).numpy()
    result = net.predict(x.numpy(), engine="reference")
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def torch_resnet18(w, x):
    """Return the logits, by the names of torchvision's state dict."""

    def conv(x, name, stride=1):
        kernel = w[f"{name}.weight"]
        return f.conv2d(x, kernel, stride=stride, padding=kernel.shape[2] // 2)

    def norm(x, name):
        mean, variance, scale, shift = (w[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
        return f.batch_norm(x, mean, variance, scale, shift, eps=1e-5)

    x = f.max_pool2d(f.relu(norm(conv(x, "conv1", 2), "bn1")), 3, stride=2, padding=1)
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            y = f.relu(norm(conv(x, f"{name}.conv1", stride), f"{name}.bn1"))
            y = norm(conv(y, f"{name}.conv2"), f"{name}.bn2")
            if f"{name}.downsample.0.weight" in w:
                x = norm(conv(x, f"{name}.downsample.0", stride), f"{name}.downsample.1")
            x = f.relu(x + y)
    return f.linear(x.mean((2, 3)), w["fc.weight"], w["fc.bias"])


# Stride of each block's depthwise convolution, and what is done to each number: the last two columns of the tables.
SMALL = ["2 relu", "2 relu", "1 relu", "2 hard", "1 hard", "1 hard", "1 hard", "1 hard", "2 hard", "1 hard", "1 hard"]
B0 = [(1,), (2, 1), (2, 1), (2, 1, 1), (1, 1, 1), (2, 1, 1, 1), (1,)]
CURVES = {"relu": f.relu, "hard": f.hardswish, "silu": f.silu}


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "efficientnet_b0"])
def test_networks_of_gates_in_torch(name):
    """With squeeze-and-excite a network computes what PyTorch's functions compute, called in the paper's order."""
    build = {"mobilenet_v3_small": mobilenet_v3_small, "efficientnet_b0": efficientnet_b0}[name]
    net = build(10, input_shape=(3, 64, 48), seed=1)
    rng = np.random.default_rng(0)
    for key, array in net.weights.items():
        if array.ndim == 1:
            net.weights[key] = rng.uniform(0.5, 1.5, array.shape)
    w = {key: torch.tensor(array) for key, array in net.weights.items()}
    x = torch.tensor(rng.standard_normal((2, 3, 64, 48), dtype=np.float32))
    expected = (torch_small if name == "mobilenet_v3_small" else torch_b0)(w, x).numpy()
    result = net.predict(x.numpy(), engine="reference")
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def normed(w, x, name, eps, *, stride=1, curve=None):
    """Return a convolution, depthwise if its kernels are, with its norm and curve."""
    kernel = w[f"{name}.0.weight"]
    groups = x.shape[1] if kernel.shape[1] == 1 else 1
    y = f.conv2d(x, kernel, stride=stride, padding=kernel.shape[2] // 2, groups=groups)
    mean, variance, scale, shift = (w[f"{name}.1.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
    y = f.batch_norm(y, mean, variance, scale, shift, eps=eps)
    return y if curve is None else CURVES[curve](y)


def mobile_block(w, x, name, eps, stride, curve, squeezed, gate):
    """Return one block: wider, each channel by itself, gated, narrower; and the shortcut."""
    y = x
    for place in range(4):
        part = f"{name}.block.{place}"
        if f"{part}.fc1.weight" in w:
            means = y.mean((2, 3), keepdim=True)
            inner = CURVES[squeezed](f.conv2d(means, w[f"{part}.fc1.weight"], w[f"{part}.fc1.bias"]))
            y = y * gate(f.conv2d(inner, w[f"{part}.fc2.weight"], w[f"{part}.fc2.bias"]))
        elif f"{part}.0.weight" in w:
            depthwise = w[f"{part}.0.weight"].shape[1] == 1
            last = f"{name}.block.{place + 1}.0.weight" not in w and f"{name}.block.{place + 1}.fc1.weight" not in w
            y = normed(w, y, part, eps, stride=stride if depthwise else 1, curve=None if last else curve)
    return x + y if stride == 1 and x.shape == y.shape else y


def torch_small(w, x):
    """Return MobileNetV3-Small's logits, by the names of torchvision's state dict."""
    x = normed(w, x, "features.0", 1e-3, stride=2, curve="hard")
    for place, row in enumerate(SMALL, start=1):
        stride, curve = row.split()
        x = mobile_block(w, x, f"features.{place}", 1e-3, int(stride), curve, "relu", f.hardsigmoid)
    x = normed(w, x, "features.12", 1e-3, curve="hard").mean((2, 3))
    x = f.hardswish(f.linear(x, w["classifier.0.weight"], w["classifier.0.bias"]))
    return f.linear(x, w["classifier.3.weight"], w["classifier.3.bias"])


def torch_b0(w, x):
    """Return EfficientNet-B0's logits, by the names of torchvision's state dict."""
    x = normed(w, x, "features.0", 1e-5, stride=2, curve="silu")
    for stage, strides in enumerate(B0, start=1):
        for number, stride in enumerate(strides):
            x = mobile_block(w, x, f"features.{stage}.{number}", 1e-5, stride, "silu", "silu", torch.sigmoid)
    x = normed(w, x, "features.8", 1e-5, curve="silu").mean((2, 3))
    return f.linear(x, w["classifier.1.weight"], w["classifier.1.bias"])

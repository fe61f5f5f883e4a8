"""What can be asked of every network of the zoo: classes, input shapes, seeds, and that it computes what it should."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as f

from pellucid.errors import ShapeError
from pellucid.zoo import NETWORKS, alexnet, lenet5, resnet18, vgg16

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

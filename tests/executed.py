"""Programs that we wrote, run: what they compute with a network's weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import Network

Array = NDArray[Any]


def executed(text: str, name: str) -> Any:
    """Run a program in a world of its own, and return what it left under `name`."""
    space: dict[str, Any] = {"__name__": "written"}
    exec(compile(text, "written.py", "exec"), space)
    return space[name]


def with_torch(text: str, net: Network, inputs: Sequence[Array]) -> Array:
    """Return what the PyTorch program computes with the network's weights, taken by the network's own names."""
    import torch

    model = executed(text, "model")
    own = {name: value for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")}
    for name, value in net.weights.items():
        first, rest = name.split(".", 1)  # a name that every module has already gets a "_" behind it
        own[f"{first}_.{rest}" if hasattr(torch.nn.Module(), first) else name] = torch.from_numpy(value.copy())
    model.load_state_dict(own)
    with torch.no_grad():
        return model(*(torch.from_numpy(x.copy()) for x in inputs)).numpy()


def with_numpy(text: str, net: Network, inputs: Sequence[Array]) -> Array:
    """Return what the NumPy program computes; it may use nothing but NumPy and the standard library."""
    assert "pellucid" not in text
    return executed(text, "network")(*inputs, dict(net.weights))


def with_keras(text: str, net: Network, inputs: Sequence[Array]) -> Array:
    """Return what the Keras program computes with the network's weights, as maps (N, C, H, W)."""
    model = executed(text, "model")
    for layer in model.layers:
        own = {short: net.weights[full] for short, full in _weights_of(net, layer.name).items()}
        assert len(own) == len(layer.weights)
        for variable in layer.weights:
            variable.assign(_as_keras(layer, variable, own))
    given = [np.moveaxis(x, 1, -1) if x.ndim == 4 else x for x in inputs]
    y = np.asarray(model(given if len(given) > 1 else given[0]))
    return np.moveaxis(y, -1, 1) if len(net.outputs[0].shape) == 3 else y


def _weights_of(net: Network, name: str) -> dict[str, str]:
    found = [layer for layer in net.layers if layer.replace("/", "_") == name]
    return net.weight_names(found[0]) if found else {}


def _as_keras(layer: Any, variable: Any, own: dict[str, Array]) -> Array:
    """Return the weight that Keras holds in `variable`, in Keras's layout."""
    kind, name = type(layer).__name__, str(variable.path).rsplit("/", 1)[1]
    if name == "kernel":
        if kind == "DepthwiseConv2D":
            return _depthwise(layer, own["weight"])
        return own["weight"].T if kind == "Dense" else own["weight"].transpose(2, 3, 1, 0)
    if name == "depthwise_kernel":
        return _depthwise(layer, own["depthwise_weight"])
    if name == "pointwise_kernel":
        return own["pointwise_weight"].transpose(2, 3, 1, 0)
    if kind in ("PReLU", "Scale"):
        value = own["weight" if name == "alpha" else name]
        channels_too = value.ndim > 1 and variable.shape[-1] > 1  # ours come first
        return (np.moveaxis(value, 0, -1) if channels_too else value).reshape(variable.shape)
    ours = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    weight = own[ours.get(name, name)]
    turned = kind == "LayerNormalization" and weight.ndim > 1 and len(layer.input.shape) == 4 and 3 in layer.axis
    return np.moveaxis(weight, 0, -1) if turned else weight


def _depthwise(layer: Any, weight: Array) -> Array:
    channels = layer.input.shape[-1]
    return weight.reshape(channels, -1, *weight.shape[2:]).transpose(2, 3, 0, 1)

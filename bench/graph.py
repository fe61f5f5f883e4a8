"""A network as the list of steps that the peers' builders walk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import Network
from pellucid.layers import BatchNorm2d, Conv2d, Layer
from pellucid.layers.node import Shape
from pellucid.wiring import name_of

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """One layer in its place: its name, the names of what it reads, their shapes and its own, its weights."""

    name: str
    kind: str
    layer: Any
    reads: tuple[str, ...]
    shapes: tuple[Shape, ...]
    shape: Shape
    weights: Mapping[str, Array]


def steps(net: Network) -> Iterator[Step]:
    """Yield the layers in the order in which they run; in these networks dropout has nothing to do."""
    for node in net.nodes:
        name = name_of(node)
        layer = node.layer
        assert isinstance(layer, Layer)
        yield Step(
            name,
            "Identity" if _does_nothing(layer, node.inputs[0].shape, node.shape) else layer.kind,
            layer,
            tuple(name_of(before) for before in node.inputs),
            tuple(before.shape for before in node.inputs),
            node.shape,
            {short: net.weights[full] for short, full in net.weight_names(name).items()},
        )


def _does_nothing(layer: Layer, before: Shape, after: Shape) -> bool:
    """Return whether the layer gives what it reads, in a run that is no training."""
    return layer.kind == "Dropout" or (layer.kind == "AdaptiveAvgPool2d" and before == after)


def margin(layer: Any) -> tuple[int, int]:
    """Return the padding (rows, columns), the same on both sides."""
    (top, bottom), (left, right) = layer.padding
    if (top, left) != (bottom, right):
        raise NotImplementedError(f"{layer} pads two sides differently")
    return top, left


def is_chain(net: Network) -> bool:
    """Return whether every layer reads the one before it and nothing else."""
    before = name_of(net.inputs[0])
    for step in steps(net):
        if step.reads != (before,):
            return False
        before = step.name
    return True


def scale_and_shift(norm: Step) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return a, b of each channel: a batch norm that does not train is a * x + b."""
    assert isinstance(norm.layer, BatchNorm2d)
    scale = norm.weights["weight"] / np.sqrt(norm.weights["running_var"] + np.float32(norm.layer.eps))
    return scale, norm.weights["bias"] - norm.weights["running_mean"] * scale


def folded(conv: Step, norm: Step) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return weight and bias of the convolution that does what both do."""
    assert isinstance(conv.layer, Conv2d)
    scale, shift = scale_and_shift(norm)
    return conv.weights["weight"] * scale[:, None, None, None], conv.weights.get("bias", np.float32(0)) * scale + shift


def channels_last(net: Network) -> dict[str, dict[str, Array]]:
    """Return each layer's weights for maps (H, W, C): kernels (kh, kw, in, out), matrices (in, out).

    A matrix behind a Flatten has its rows in the order in which maps (H, W, C) are laid out.
    """
    flat: dict[str, Shape] = {}
    weights: dict[str, dict[str, Array]] = {}
    for step in steps(net):
        own = dict(step.weights)
        if step.kind == "Flatten":
            flat[step.name] = step.shapes[0]
        elif step.kind == "Identity" and step.reads[0] in flat:
            flat[step.name] = flat[step.reads[0]]
        elif step.kind == "Conv2d":
            own["weight"] = np.ascontiguousarray(own["weight"].transpose(2, 3, 1, 0))
        elif step.kind == "Linear":
            matrix = own["weight"]
            maps = flat.get(step.reads[0], ())
            if len(maps) == 3:
                matrix = matrix.reshape(-1, *maps).transpose(0, 2, 3, 1).reshape(len(matrix), -1)
            own["weight"] = np.ascontiguousarray(matrix.T)
        weights[step.name] = own
    return weights

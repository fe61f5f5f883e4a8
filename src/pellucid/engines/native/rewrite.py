"""How a network is run when it is not trained: batch norms become part of the convolution before them.

A batch norm with running averages is y = scale * x + shift for each channel. Where it alone reads a convolution, the
convolution's weights and bias can take that over: W' = scale * W and b' = scale * b + shift, in float64, rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...layers import BatchNorm2d, Dropout, Dropout2d, Node, Scale
from ...network import Network
from ...wiring import name_of

Floats = NDArray[np.float32]
KERNELS = {"Conv2d": "weight", "SeparableConv2d": "pointwise_weight"}  # the weight that takes over a norm's factors


@dataclass(frozen=True)
class Rewriting:
    """Which layers of a network are done by others.

    Args:
        folded: by a batch norm's name, the convolution before it that does it too.
        same: layers whose value is their input's: dropout.
    """

    folded: Mapping[str, str]
    same: frozenset[str]

    @property
    def norms(self) -> dict[str, str]:
        """By a convolution's name, the batch norm behind it that it does too."""
        return {conv: norm for norm, conv in self.folded.items()}


def rewritten(net: Network, *, fold: bool = True) -> Rewriting:
    """Return how a network is run when it is not trained.

    Args:
        net: the network.
        fold: without it every batch norm stays, as somebody wants to see each layer's value.
    """
    readers: dict[str, int] = {}
    for node in net.nodes:
        for before in node.inputs:
            readers[name_of(before)] = readers.get(name_of(before), 0) + 1
    outputs = {name_of(node) for node in net.outputs}
    folded: dict[str, str] = {}
    for node in net.nodes:
        before = node.inputs[0]
        alone = readers[name_of(before)] == 1 and name_of(before) not in outputs
        if fold and alone and _scales(node) and before.layer and before.layer.kind in KERNELS:
            folded[name_of(node)] = name_of(before)
    return Rewriting(
        folded, frozenset(name_of(node) for node in net.nodes if isinstance(node.layer, (Dropout, Dropout2d)))
    )


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and infinities speak for themselves
def weights_of(net: Network, rewriting: Rewriting) -> dict[str, dict[str, Floats]]:
    """Return the weights of every layer that is left, by the node's name and their own.

    A convolution that does a batch norm has a bias, even if its layer has none. A batch norm that is left has "scale"
    and "shift". A layer used twice has two entries, since only one of them may do a batch norm.
    """
    found: dict[str, dict[str, Floats]] = {}
    norms = rewriting.norms
    for node in net.nodes:
        name = name_of(node)
        if name in rewriting.folded:
            continue
        own = {short: net.weights[full] for short, full in net.weight_names(name).items()}
        if name in norms:
            scale, shift = scale_and_shift(net, norms[name])
            bias = own["bias"].astype(np.float64) if "bias" in own else 0.0
            kernels = kernels_of(net, name)
            weight = np.empty_like(own[kernels])
            # In float64 a few thousand at a time: an array of them all would be slow to fill.
            np.multiply(own[kernels], scale.reshape(-1, 1, 1, 1), out=weight, dtype=np.float64, casting="same_kind")
            own |= {kernels: weight, "bias": (bias * scale + shift).astype(np.float32)}
        elif isinstance(node.layer, BatchNorm2d):
            scale, shift = scale_and_shift(net, name)
            own = {"scale": scale.astype(np.float32), "shift": shift.astype(np.float32)}
        if own:
            found[name] = own
    return found


def _scales(node: Node) -> bool:
    """Return whether a layer multiplies each channel with a number, and adds another."""
    layer = node.layer
    return isinstance(layer, BatchNorm2d) or (isinstance(layer, Scale) and layer.axes in ((), (0,)))


def kernels_of(net: Network, conv: str) -> str:
    """Return the name of the weight of a convolution that takes over a batch norm's factors."""
    layer = net.node(conv).layer
    assert layer is not None
    return KERNELS[layer.kind]


def scale_and_shift(net: Network, norm: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a batch norm with running averages, or a scale, multiplies each channel with, and what it adds."""
    own = {short: net.weights[full].astype(np.float64) for short, full in net.weight_names(norm).items()}
    layer = net.node(norm).layer
    if isinstance(layer, Scale):
        channels = net.shapes[norm][:1]
        scale = np.broadcast_to(own.get("weight", np.ones(1)), channels)
        return scale, np.broadcast_to(own.get("bias", np.zeros(1)), channels)
    assert isinstance(layer, BatchNorm2d)
    scale = own.get("weight", 1.0) / np.sqrt(own["running_var"] + layer.eps)
    return scale, own.get("bias", 0.0) - own["running_mean"] * scale

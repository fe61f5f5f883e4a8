"""Traps of norms: what is added to a variance, whose momentum it is, and which numbers are measured together."""

from __future__ import annotations

import math

import numpy as np

from ...layers import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    GroupNorm,
    InstanceNorm2d,
    LayerNorm,
    Linear,
    LocalResponseNorm,
)
from ...wiring import name_of
from .trap import Place, Rules, Trap, listed, readers

TORCH_EPS, KERAS_EPS = 1e-5, 1e-3
BATCH = 32  # images of a batch that is taken as an example
Batch = BatchNorm1d | BatchNorm2d


def batch_eps(at: Place, layer: Batch) -> Trap | None:
    """PyTorch and Keras add different numbers to the variance."""
    variances = at.net.weights[at.net.weight_names(name_of(at.node))["running_var"]]
    channel = int(np.argmin(variances))
    least = float(variances[channel])
    ours, theirs, whose = _eps(layer.eps)
    change = math.sqrt((least + ours) / (least + theirs)) - 1
    more = "smaller" if change < 0 else "larger"
    return Trap(
        "What is added to the variance",
        f"eps={ours:g}; {whose}. Of channel {channel}, whose variance {least:.4g} is the least, it would make the "
        f"normalised numbers {abs(change):.3%} {more}.",
    )


def _eps(eps: float) -> tuple[float, float, str]:
    """Return our number, another that is likely to be taken for it, and whose that is."""
    if eps == KERAS_EPS:
        return eps, TORCH_EPS, f"PyTorch's and ONNX's default is {TORCH_EPS:g}"
    return eps, KERAS_EPS, f"Keras's default is {KERAS_EPS:g}"


def momentum(at: Place, layer: Batch) -> Trap | None:
    """One framework's momentum is what the other's leaves."""
    kept = round(1 - layer.momentum, 12)
    return Trap(
        "Whose share momentum is",
        f"momentum={layer.momentum:g} is the new batch's share, as in PyTorch. Keras and ONNX give the share that is "
        f"kept: {kept:g} there.",
    )


def variance(at: Place, layer: Batch) -> Trap | None:
    """Running variances are over n - 1, or over n."""
    n = BATCH * math.prod(at.shape[1:])
    here, there = ("n - 1, as PyTorch's", "Keras 3 and ONNX follow the one over n")
    if not layer.unbiased:
        here, there = ("n, as Keras's", "PyTorch follows the one over n - 1")
    return Trap(
        "Which variance is followed",
        f"In training the running variance follows the one over {here} does; {there}. With {BATCH} images n is "
        f"{n:,}: they differ by a factor of {n / (n - 1):.6g}. Batches are normalised by the one over n everywhere.",
    )


def idle_bias(at: Place, layer: Batch) -> Trap | None:
    """A bias that the mean takes away again."""
    before = at.before
    if not isinstance(before.layer, (Conv2d, Linear)) or not before.layer.bias:
        return None
    if len(readers(at.net, before)) > 1 or before in at.net.outputs:
        return None
    return Trap(
        "A bias for nothing",
        f"{before.name} adds a bias, and the mean takes it away again: bias=False there would save "
        f"{before.shape[0]:,} parameters and train the same.",
    )


def sample_eps(at: Place, layer: LayerNorm | GroupNorm | InstanceNorm2d) -> Trap | None:
    """PyTorch and Keras add different numbers here too."""
    ours, _, whose = _eps(layer.eps)
    return Trap("What is added to the variance", f"eps={ours:g}; {whose}. It is told nowhere in a state dict.")


def layer_axes(at: Place, layer: LayerNorm) -> Trap | None:
    """Frameworks mean different axes."""
    rank = len(at.shape)
    own = tuple(range(rank)) if layer.axes is None else tuple(sorted(axis % rank for axis in layer.axes))
    names = ("channels", "rows", "columns") if rank == 3 else tuple(f"axis {axis}" for axis in range(rank))
    together = listed([names[axis] for axis in own])
    if rank == 1:
        return None
    trailing = own == tuple(range(rank - len(own), rank))
    torch = (
        f"nn.LayerNorm({at.shape[rank - len(own) :]}) is the same"
        if trailing
        else "nn.LayerNorm takes the last axes only, and needs a permute"
    )
    count = math.prod(at.shape[axis] for axis in own)
    return Trap(
        "Which numbers are measured together",
        f"Here {together}: {count:,} numbers at a time. In PyTorch, {torch}; Keras's default measures the last axis "
        "alone, which are the channels of each place.",
    )


def group_count(at: Place, layer: GroupNorm) -> Trap | None:
    """Keras has a default number of groups."""
    return Trap(
        "How many groups",
        f"{layer.num_groups} groups of {at.shape[0] // layer.num_groups} channels. Keras's default is 32 groups; one "
        "group is a LayerNorm of everything, a group a channel an InstanceNorm.",
    )


def without_weights(at: Place, layer: InstanceNorm2d) -> Trap | None:
    """PyTorch's default learns nothing here."""
    learns = "learns a scale and a shift" if layer.affine else "learns nothing, as PyTorch's default does"
    return Trap(
        "What it learns",
        f"affine={layer.affine}: it {learns}. PyTorch's other norms, and Keras's GroupNormalization, learn scale and "
        "shift by default.",
    )


def share(at: Place, layer: LocalResponseNorm) -> Trap | None:
    """TensorFlow's alpha is not divided."""
    return Trap(
        "What alpha is divided by",
        f"alpha={layer.alpha:g} is divided by the {layer.size} channels of the sum, as in PyTorch, ONNX and Caffe. "
        f"TensorFlow does not divide: there it is alpha={layer.alpha / layer.size:g}, and the default is 1.",
    )


def lopsided(at: Place, layer: LocalResponseNorm) -> Trap | None:
    """Windows of an even size lean to one side."""
    if layer.size % 2:
        return None
    before, after = layer.sides()
    whose, other = ("PyTorch", "ONNX") if layer.extra == "before" else ("ONNX", "PyTorch")
    return Trap(
        "Which side is longer",
        f"Of {layer.size} channels {before} stand before and {after} after the number's own, as in {whose}; in {other} "
        "it is the other way round.",
    )


TRAPS: Rules = {
    BatchNorm1d: (batch_eps, idle_bias, momentum, variance),
    BatchNorm2d: (batch_eps, idle_bias, momentum, variance),
    GroupNorm: (sample_eps, group_count),
    InstanceNorm2d: (sample_eps, without_weights),
    LayerNorm: (sample_eps, layer_axes),
    LocalResponseNorm: (share, lopsided),
}

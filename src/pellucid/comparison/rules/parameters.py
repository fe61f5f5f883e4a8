"""Parameters of one kind of layer in which two sides may differ: those of the other side, or those that are usual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...layers import ChannelShuffle, Layer, LocalResponseNorm
from .padding import paddings, sides, sides_told, slides
from .variant import Member, Variant, changed

FIRST_VALUES = {"weight_init", "bias_init"}  # which say nothing of a network that has its weights
WITH_WEIGHTS = {"bias", "affine", "scale"}  # which are told by the weights that are there or not

# What is usual where the other side is numbers only: the defaults of frameworks, and what a flag may be.
USUAL: dict[str, tuple[Any, ...]] = {
    "eps": (1e-5, 1e-3, 1.001e-5, 1e-6, 1e-4, 1e-2, 1e-12),
    "negative_slope": (0.01, 0.1, 0.2, 0.3),
    "count_include_pad": (True, False),
    "ceil_mode": (True, False),
    "padding_mode": ("zeros", "reflect", "replicate", "circular"),
    "approximate": ("none", "tanh"),
    "mode": ("nearest", "nearest-exact", "bilinear", "constant", "reflect", "replicate", "circular"),
    "align_corners": (True, False),
    "order": ("CHW", "HWC", "CRD", "DCR"),
    "extra": ("before", "after"),
    "k": (1.0, 2.0),
    "axis": (0, 1, 2),
    "num_groups": (1, 2, 4, 8, 16, 32),
    "alpha": (1 / 6, 0.2, 1.0, 1e-4),
}

# What each parameter is, and how to make both sides one: the axis and the frameworks' names for it.
FIXES: dict[str, str] = {
    "eps": "give both the same eps (epsilon in Keras, whose default is 0.001; 1e-05 in PyTorch and ONNX)",
    "momentum": "give both the same momentum: it moves the running mean and variance of each channel (axis 0) in "
    "training; PyTorch's share of the batch is 1 - Keras's and ONNX's",
    "negative_slope": "give both the same slope (Keras's default is 0.3, PyTorch's and ONNX's 0.01, tf.nn's 0.2)",
    "count_include_pad": "divide each window by the same count: True counts padding, as PyTorch does by default; ONNX "
    "by default, and Keras always, count only the places of the input along height and width",
    "ceil_mode": "round the number of windows along height and width the same way (Keras rounds down)",
    "approximate": 'use one formula: "none" is by erf, "tanh" its approximation (tf.nn.gelu and keras.ops.gelu)',
    "axis": "give both the same axis: 0 is the channels here, -1 in Keras's channels-last",
    "stride": "give both the same (height, width); figures and image libraries write (width, height)",
    "dilation": "give both the same (height, width)",
    "kernel_size": "give both the same (height, width)",
    "padding_mode": "fill the border along height and width the same way",
    "align_corners": "place the pixels' corners or their centres on each other, in both along height and width",
    "mode": "use one mode along height and width; nearest pixels by floor (nearest) or by centre (nearest-exact)",
    "extra": 'an even window over the channels (axis 0) has its extra one "before" in PyTorch, "after" in ONNX',
    "alpha": "give both the same alpha; HardSigmoid's is 1/6 in PyTorch and Keras 3, 0.2 in ONNX and Keras 2",
    "padding": "give both the same padding at each end of height and width; a transposed convolution crops by it",
    "output_padding": "give both the same: it extends the end of height and width, and never the start",
    "axes": "normalize over the same axes: all of them, or the channels alone (axis 0, Keras's -1)",
    "num_groups": "cut the channels (axis 0) into as many groups in both; Keras's default is 32",
    "groups": "cut the channels (axis 0) into as many groups in both",
    "beta": "give both the same beta (it acts along all axes)",
    "unbiased": "divide the running variance by n - 1 (PyTorch) or by n (Keras, ONNX) in both, in training",
}
OF_KINDS: dict[tuple[str, str], str] = {  # where a kind of layer means something of its own by it
    ("LocalResponseNorm", "alpha"): "give both the same: PyTorch and ONNX divide alpha by the window over the channels "
    "(axis 0), TensorFlow does not: its alpha is ours divided by the size",
    ("LocalResponseNorm", "k"): "give both the same k (bias in ONNX and TensorFlow), added before the power, for each "
    "place of the channels (axis 0)",
    (
        "Flatten",
        "order",
    ): "flatten both in one order, or permute axis 1 of the weight that reads it: Keras flattens height, "
    "width, channels (HWC), PyTorch and ONNX channels, height, width (CHW)",
    (
        "PixelShuffle",
        "order",
    ): "take the channels (axis 0) apart the same way: CRD is PyTorch's, DCR ONNX's and TensorFlow's",
    ("Permute", "order"): "give both the same order of the axes",
}


def parameters(m: Member) -> Iterator[Variant]:
    """Yield the layer with one parameter of the other side, for each in which the two differ."""
    ours = m.layer.config()
    for name in sorted(set(ours) - FIRST_VALUES - WITH_WEIGHTS):
        for value in _values(m, name, ours[name]):
            layer = changed(m, **{name: value})
            if layer is not None:
                yield m.variant(_rule(m.layer, name), told(m, name, ours[name], value), layer=layer)
    twin = m.twin()
    if twin is not None:
        names = [name for name in differing(m, twin.layer) if name not in WITH_WEIGHTS]
        layer = changed(m, **{name: twin.layer.config()[name] for name in names})
        if len(names) > 1 and layer is not None:
            words = "; and ".join(told(m, name, ours[name], twin.layer.config()[name]) for name in names)
            yield m.variant(" and ".join(names), words, layer=layer)


def _values(m: Member, name: str, own: Any) -> Iterator[Any]:
    """Yield what the other side may have: what it has, or else what is usual."""
    twin = m.twin()
    values: tuple[Any, ...] = () if twin is None else (twin.layer.config()[name],)
    if m.other is not None and not m.loose:
        pass
    elif name == "padding" and slides(m):
        values += tuple(paddings(m))
    elif name in ("stride", "dilation", "kernel_size") and own is not None:
        values += (own[::-1],)
    elif isinstance(m.layer, LocalResponseNorm) and name == "alpha":
        values += (m.layer.alpha / m.layer.size, m.layer.alpha * m.layer.size)
    elif isinstance(m.layer, ChannelShuffle):
        values += (m.shapes[0][0] // m.layer.groups,)
    else:
        values += USUAL.get(name, ())
    yield from (value for value in values if value != own)


def _rule(layer: Layer, name: str) -> str:
    return "flatten order" if (layer.kind, name) == ("Flatten", "order") else name


def told(m: Member, name: str, ours: Any, theirs: Any) -> str:
    """Return in words how one parameter differs, with the axis and the fix."""
    if name == "padding" and slides(m):
        return sides_told(m, ours, theirs)
    fix = OF_KINDS.get((m.layer.kind, name)) or FIXES.get(name, "")
    words = f"{name} is {ours!r} in {m.ours} and {theirs!r} in {m.theirs}; {fix or f'give both the same {name}'}"
    if name == "momentum" and np.isclose(ours + theirs, 1):
        words += f"; here {theirs:g} is 1 - {ours:g}: the other framework's number was taken as it is"
    return words


def differing(m: Member, other: Layer) -> list[str]:
    """Return the names of the parameters in which two layers of one kind differ, on what the member reads."""
    ours, theirs = m.layer.config(), other.config()
    return [name for name in ours if name not in FIRST_VALUES and not _equal(m, name, ours, theirs)]


def _equal(m: Member, name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    x, y = ours[name], theirs.get(name)
    if isinstance(x, float) and isinstance(y, float):
        return bool(np.float32(x) == np.float32(y))  # files keep parameters as float32
    if name == "padding" and slides(m):
        return sides(m, x) == sides(m, y)
    if name == "stride" and None in (x, y):
        return (x or ours["kernel_size"]) == (y or theirs["kernel_size"])
    return x == y

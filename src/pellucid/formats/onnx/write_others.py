"""How all other layers are written in ONNX: activations, normalizing, linear, merging and moving ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .write_windows import padded
from .writing import Writing

Writer = Callable[[Writing], None]


def plain(op: str, *names: str, **fixed: Any) -> Writer:
    """Return the writer of a layer that is one operator, with the layer's parameters of these names as attributes."""
    return lambda w: _add(w, op, **fixed, **{name: getattr(w.layer, name) for name in names})


def _add(w: Writing, op: str, **attributes: Any) -> None:
    w.add(op, **attributes)


def leaky(w: Writing) -> None:
    """LeakyRelu."""
    w.add("LeakyRelu", alpha=w.layer.negative_slope)


def clip(w: Writing) -> None:
    """Clip; a bound that is not there is left out."""
    low, high = (0.0, 6.0) if w.layer.kind == "ReLU6" else (w.layer.min, w.layer.max)
    bounds = ["" if bound is None else w.number(name, bound) for name, bound in (("min", low), ("max", high))]
    while bounds and not bounds[-1]:
        bounds.pop()
    w.add("Clip", w.reads[0], *bounds)


def silu(w: Writing) -> None:
    """A number times its sigmoid; Swish is an operator from opset 24 on only."""
    w.add("Mul", w.reads[0], w.add("Sigmoid"))


def softplus(w: Writing) -> None:
    """Softplus; with another beta or threshold, the choice between it and the number itself."""
    layer, x = w.layer, w.reads[0]
    if layer.beta == 1.0 and layer.threshold >= 20.0:  # from 20 on both are the same in float32
        w.add("Softplus")
        return
    beta = w.number("beta", layer.beta)
    scaled = w.add("Mul", x, beta)
    soft = w.add("Div", w.add("Softplus", scaled), beta)
    w.add("Where", w.add("Greater", scaled, w.number("threshold", layer.threshold)), x, soft)


def along(op: str) -> Writer:
    """Return the writer of a layer along one axis, which ONNX counts with the batch."""

    def write(w: Writing) -> None:
        w.add(op, axis=w.layer.axis + (1 if w.layer.axis >= 0 else 0))

    return write


def prelu(w: Writing) -> None:
    """PRelu, whose slopes are laid out to meet the axes that they vary along."""
    w.add("PRelu", w.reads[0], w.weight("weight", shape=w.wide(_own(w, w.layer.axes))))


def scale(w: Writing) -> None:
    """A product with a constant, and a sum with another."""
    value, wide = w.reads[0], w.wide(_own(w, w.layer.axes))
    if w.layer.scale:
        value = w.add("Mul", value, w.weight("weight", shape=wide))
    if w.layer.shift:
        value = w.add("Add", value, w.weight("bias", shape=wide))
    if not w.nodes:
        w.add("Identity")


def _own(w: Writing, axes: Any) -> tuple[int, ...]:
    """Return axes of the input, counted from its first."""
    rank = len(w.shapes[0])
    return tuple(range(rank)) if axes is None else tuple(sorted(axis % rank for axis in axes))


def _scale_and_shift(w: Writing, count: int, *, scale: bool, shift: bool) -> tuple[str, str]:
    """Return what ONNX asks for and a layer may not have: ones and zeros then."""
    weight = w.weight("weight") if scale else w.constant("ones", np.ones(count), np.float32)
    return weight, w.weight("bias") if shift else w.constant("zeros", np.zeros(count), np.float32)


def batch_norm(w: Writing) -> None:
    """BatchNormalization; its momentum is what stays of the running averages."""
    layer = w.layer
    affine = _scale_and_shift(w, w.shapes[0][0], scale=layer.affine, shift=layer.affine)
    followed = w.weight("running_mean"), w.weight("running_var")
    w.add("BatchNormalization", w.reads[0], *affine, *followed, epsilon=layer.eps, momentum=1.0 - layer.momentum)


def group_norm(w: Writing) -> None:
    """GroupNormalization, with a scale and a shift for each channel."""
    layer = w.layer
    affine = _scale_and_shift(w, w.shapes[0][0], scale=layer.affine, shift=layer.affine)
    w.add("GroupNormalization", w.reads[0], *affine, num_groups=layer.num_groups, epsilon=layer.eps)


def instance_norm(w: Writing) -> None:
    """InstanceNormalization."""
    affine = _scale_and_shift(w, w.shapes[0][0], scale=w.layer.affine, shift=w.layer.affine)
    w.add("InstanceNormalization", w.reads[0], *affine, epsilon=w.layer.eps)


def layer_norm(w: Writing) -> None:
    """LayerNormalization over the last axes; over others, which are moved there and back."""
    layer, rank = w.layer, len(w.shapes[0])
    axes = _own(w, layer.axes)
    order = [*(axis for axis in range(rank) if axis not in axes), *axes]
    moved = order != list(range(rank))
    value = w.add("Transpose", perm=[0, *(axis + 1 for axis in order)]) if moved else w.reads[0]
    sizes = tuple(w.shapes[0][axis] for axis in axes)
    weight = w.weight("weight") if layer.scale else w.constant("ones", np.ones(sizes), np.float32)
    bias = [w.weight("bias")] if layer.bias else []
    value = w.add("LayerNormalization", value, weight, *bias, axis=rank + 1 - len(axes), epsilon=layer.eps)
    if moved:
        w.add("Transpose", value, perm=[0, *(order.index(axis) + 1 for axis in range(rank))])


def lrn(w: Writing) -> None:
    """LRN; of an even size or of no maps, which runtimes refuse, the mean of squares in its place."""
    layer, x = w.layer, w.reads[0]
    if layer.size % 2 and len(w.shapes[0]) == 3:
        w.add("LRN", size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k)
        return
    channels, *rest = w.shapes[0]
    rows = w.add("Reshape", w.add("Mul", x, x), w.constant("rows", [0, 1, channels, -1]))
    wide = w.add("Pad", rows, w.constant("pads", layer.sides()), w.number("filling", 0.0), w.constant("axes", [2]))
    mean = w.add("AveragePool", wide, kernel_shape=[layer.size, 1], strides=[1, 1])
    maps = w.add("Reshape", mean, w.constant("maps", [0, channels, *rest]))
    sum_ = w.add("Add", w.add("Mul", maps, w.number("alpha", layer.alpha)), w.number("k", layer.k))
    w.add("Div", x, w.add("Pow", sum_, w.number("beta", layer.beta)))


def linear(w: Writing) -> None:
    """Gemm of vectors; of more axes, MatMul on the last and a sum."""
    bias = [w.weight("bias")] if w.layer.bias else []
    if len(w.shapes[0]) == 1:
        w.add("Gemm", w.reads[0], w.weight("weight"), *bias, transB=1)
        return
    value = w.add("MatMul", w.reads[0], w.weight("weight", order=(1, 0)))
    if bias:
        w.add("Add", value, *bias)


def merge(op: str, many: str = "") -> Writer:
    """Return the writer of a layer where values meet, two at a time if there is no operator for more."""

    def write(w: Writing) -> None:
        if len(w.reads) > 2 and many:
            w.add(many)
            return
        value = w.reads[0]
        for other in w.reads[1:]:
            value = w.add(op, value, other)

    return write


def concat(w: Writing) -> None:
    """Concat; before it had an axis of its own, the layer joined channels."""
    axis = getattr(w.layer, "axis", 0)
    w.add("Concat", axis=axis + (1 if axis >= 0 else 0))


def dropout(w: Writing) -> None:
    """Dropout, which does nothing when a model is used; Identity where all is dropped, which ONNX's may not do."""
    if w.layer.p < 1.0:
        w.add("Dropout", w.reads[0], w.number("ratio", w.layer.p))
    else:
        w.add("Identity")


def flatten(w: Writing) -> None:
    """Flatten, of maps in the layer's order."""
    value = w.reads[0]
    if w.layer.order == "HWC" and len(w.shapes[0]) == 3:
        value = w.add("Transpose", perm=[0, 2, 3, 1])
    w.add("Flatten", value, axis=1)


def reshape(w: Writing) -> None:
    """Reshape; a size of 0 is the input's own, here the batch's."""
    w.add("Reshape", w.reads[0], w.constant("shape", [0, *w.shape]))


def permute(w: Writing) -> None:
    """Transpose."""
    w.add("Transpose", perm=[0, *(axis + 1 for axis in w.layer.order)])


def cut(w: Writing) -> None:
    """Slice, to the end where there is no stop."""
    layer, (axis,) = w.layer, _own(w, (w.layer.axis,))
    stop = 2**31 - 1 if layer.stop is None else layer.stop
    places = [("starts", layer.start), ("ends", stop), ("axes", axis + 1), ("steps", layer.step)]
    w.add("Slice", w.reads[0], *(w.constant(name, [number]) for name, number in places))


def pixel_shuffle(w: Writing) -> None:
    """DepthToSpace."""
    w.add("DepthToSpace", blocksize=w.layer.upscale_factor, mode=w.layer.order)


def channel_shuffle(w: Writing) -> None:
    """The channels as a table of groups, turned."""
    channels, height, width = w.shapes[0]
    groups = w.layer.groups
    table = w.add("Reshape", w.reads[0], w.constant("groups", [0, groups, channels // groups, height, width]))
    turned = w.add("Transpose", table, perm=[0, 2, 1, 3, 4])
    w.add("Reshape", turned, w.constant("shape", [0, channels, height, width]))


def pad(w: Writing) -> None:
    """Pad around the maps, and before and after the channels."""
    layer, value = w.layer, w.reads[0]
    mode, filling = getattr(layer, "mode", "constant"), getattr(layer, "value", 0.0)
    channels = getattr(layer, "channels", (0, 0))
    if channels == (0, 0) or mode != "constant":
        value = padded(w, value, layer.padding, mode, filling)
    if channels != (0, 0):
        (top, bottom), (left, right) = layer.padding if mode == "constant" else ((0, 0), (0, 0))
        pads = w.constant("all pads", [channels[0], top, left, channels[1], bottom, right])
        w.add("Pad", value, pads, w.number("around", filling), w.constant("all axes", [1, 2, 3]))

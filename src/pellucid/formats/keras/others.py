"""Keras's other layers: dense, normalizing, moving, merging, dropping."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ...layers import BatchNorm2d, Concat, Conv2d, Dropout, Dropout2d, Flatten, Layer, Linear
from ..opening import UnreadableError, make
from ..stored import Stored
from .activating import activated
from .call import LAST, Call, Entry, Value
from .scaling import merge, scaled


def dense(call: Call, values: list[Value]) -> Value:
    """Dense, on Keras's last axis; on maps whose channels are last that is a convolution 1x1."""
    (value,), config = values, call.config
    units = config.whole("units")
    bias = bool(config.need("use_bias", True, False))
    found = call.weights("kernel", *(["bias"] if bias else []))
    if len(found[0].shape) != 2:
        raise UnreadableError(f"{config.path}: kernel {found[0].name!r} of shape {found[0].shape}; expected (in, out)")
    weights = {"weight": found[0].permuted(1, 0)} | ({"bias": found[1]} if bias else {})
    if value.axes == LAST:
        weights["weight"] = weights["weight"].reshaped(*weights["weight"].shape, 1, 1)
        return activated(call, call.add(Conv2d(units, 1, bias=bias), value, weights=weights))
    plain = call.laid_out(value, tuple(range(len(value.axes))))
    return activated(call, call.add(Linear(units, bias=bias), plain, weights=weights))


def batch_norm(call: Call, values: list[Value]) -> Value:
    """BatchNormalization over the channels; its parts that are switched off stand as ones and zeros."""
    (value,), config = values, call.config
    axes = config.wholes("axis", -1)
    if len(axes) != 1 or value.axis(axes[0]) != 0:
        raise UnreadableError(f"{config.path}.config.axis is {axes!r:.60}, not the channels")
    scale, center = bool(config.need("scale", True, False)), bool(config.need("center", True, False))
    names = [name for name, used in (("gamma", scale), ("beta", center)) if used]
    found = dict(zip([*names, "mean", "var"], call.weights(*names, "moving_mean", "moving_variance"), strict=True))
    own = {"running_mean": found["mean"], "running_var": found["var"]}
    affine = scale or center
    if affine:
        shape = found["mean"].shape
        own["weight"] = found.get("gamma") or Stored("gamma", shape, lambda: np.ones(shape, np.float32))
        own["bias"] = found.get("beta") or Stored("beta", shape, lambda: np.zeros(shape, np.float32))
    eps, momentum = config.number("epsilon", 1e-3), 1.0 - config.number("momentum", 0.99)
    momentum = round(momentum, 12)
    if len(value.axes) == 3:
        layer: Layer = BatchNorm2d(eps=eps, momentum=momentum, affine=affine, unbiased=False)
    else:
        layer = make("BatchNorm1d", eps=eps, momentum=momentum, affine=affine, unbiased=False)
    return call.add(layer, value, weights=own)


def layer_norm(call: Call, values: list[Value]) -> Value:
    """LayerNormalization over some axes."""
    (value,), config = values, call.config
    config.need("rms_scaling", False)
    theirs = [value.axes.index(value.axis(axis)) for axis in config.wholes("axis", -1)]
    axes = sorted(value.axes[place] for place in theirs)
    scale, center = bool(config.need("scale", True, False)), bool(config.need("center", True, False))
    found = call.weights(*(["gamma"] if scale else []), *(["beta"] if center else []))
    order = sorted(range(len(theirs)), key=lambda i: value.axes[theirs[i]])
    if any(len(stored.shape) != len(order) for stored in found):
        raise UnreadableError(f"{config.path}: gamma and beta of shape {found[0].shape} for {len(order)} axes")
    ours = [stored.permuted(*order) for stored in found]
    names = [name for name, used in (("weight", scale), ("bias", center)) if used]
    weights = dict(zip(names, ours, strict=True))
    layer = make("LayerNorm", tuple(axes), eps=config.number("epsilon", 1e-3), scale=scale, bias=center)
    return call.add(layer, value, weights=weights)


def group_norm(call: Call, values: list[Value]) -> Value:
    """GroupNormalization over groups of channels."""
    (value,), config = values, call.config
    if value.axis(config.whole("axis", -1)) != 0:
        raise UnreadableError(f"{config.path}.config.axis is not the channels")
    scale, center = bool(config.need("scale", True, False)), bool(config.need("center", True, False))
    if scale != center:
        raise UnreadableError(f"{config.path}: GroupNormalization with one of scale and center")
    found = call.weights(*(["gamma", "beta"] if scale else []))
    groups = config.whole("groups", 32)
    assert value.node is not None
    groups = value.node.shape[0] if groups == -1 else groups
    layer = make("GroupNorm", groups, eps=config.number("epsilon", 1e-3), affine=scale)
    return call.add(layer, value, weights=dict(zip(("weight", "bias"), found, strict=False)))


def flatten(call: Call, values: list[Value]) -> Value:
    """Flatten: with channels first, Keras moves them behind the others before it lays all numbers in a row."""
    (value,) = values
    first = call.config.need("data_format", "channels_last", "channels_first", None) == "channels_first"
    axes = (*value.axes[1:], value.axes[0]) if first and len(value.axes) == 3 else value.axes
    assert value.node is not None
    if len(axes) == 1:
        return value
    long = [axis for axis in axes if value.node.shape[axis] > 1]
    if long == sorted(long):  # as our numbers lie
        return Value.like_keras(call.add(Flatten(), value).node)
    if axes == LAST:
        return Value.like_keras(call.add(Flatten("HWC"), value).node)
    plain = call.laid_out(replace(value, axes=axes), tuple(range(len(axes))))
    return Value.like_keras(call.add(Flatten(), plain).node)


def reshape(call: Call, values: list[Value]) -> Value:
    """Reshape, which goes through Keras's order of the numbers."""
    (value,) = values
    sizes = call.config.wholes("target_shape")
    if len(value.axes) == 1 and len(sizes) == 3 and sizes[:2] == [1, 1]:
        return Value.like_keras(call.add(make("Reshape", (sizes[2], 1, 1)), value).node)
    if value.axes == LAST and len(sizes) == 1:
        ordered = value.shape[:2] == (1, 1)  # then both orders are one, and the plain word is kept
        return Value.like_keras(call.add(make("Reshape", tuple(sizes)) if ordered else Flatten("HWC"), value).node)
    plain = call.laid_out(value, tuple(range(len(value.axes))))
    node = call.add(make("Reshape", tuple(sizes)), plain).node
    return Value(node, tuple(range(len(sizes))))


def permute(call: Call, values: list[Value]) -> Value:
    """Permute: only a note about axes; the next layer that needs them otherwise moves the numbers."""
    (value,) = values
    dims = call.config.wholes("dims")
    if sorted(dims) != list(range(1, len(value.axes) + 1)):
        raise UnreadableError(f"{call.config.path}.config.dims is {dims!r:.60}, not an order of the axes")
    name = value.ordered if call.name.endswith((".first", ".last")) else call.name  # those turn the axes for one layer
    return Value(value.node, tuple(value.axes[place - 1] for place in dims), ordered=name)


def zero_padding(call: Call, values: list[Value]) -> Value:
    """ZeroPadding2D."""
    return call.add(make("ZeroPad2d", call.config.sides("padding")), call.maps(values[0]))


def cropping(call: Call, values: list[Value]) -> Value:
    """Cropping2D: one slice for each axis that loses something."""
    value = call.maps(values[0])
    for axis, (start, end) in enumerate(call.config.sides("cropping"), 1):
        if start or end:
            name = call.name if axis == 1 else f"{call.name}/columns"
            value = call.add(make("Slice", start, -end or None, axis=axis), value, name=name)
    return value


def upsampling(call: Call, values: list[Value]) -> Value:
    """UpSampling2D by whole numbers."""
    mode = str(call.config.need("interpolation", "nearest", "bilinear"))
    return call.add(make("Upsample", call.config.pair("size", 2), mode=mode), call.maps(values[0]))


def concatenate(call: Call, values: list[Value]) -> Value:
    """Concatenate along one axis."""
    axis = values[0].axis(call.config.whole("axis", -1))
    same = [values[0], *(call.laid_out(value, values[0].axes) for value in values[1:])]
    return call.add(Concat() if axis == 0 else make("Concat", axis), *same)


def average(call: Call, values: list[Value]) -> Value:
    """Average: a sum, and a constant factor."""
    total = merge("Add")(call, values)
    factor = Stored.of("weight", np.full((1,), 1.0 / len(values), np.float32))
    return call.add(make("Scale", (), shift=False), total, name=f"{call.name}/scale", weights={"weight": factor})


def rescaling(call: Call, values: list[Value]) -> Value:
    """Rescaling."""
    return scaled(call, values[0], call.config.take("scale", 1.0), call.config.take("offset", 0.0))


def normalization(call: Call, values: list[Value]) -> Value:
    """Normalization by means and variances that the configuration or the weights hold, channel by channel."""
    config = call.config
    mean, variance = config.take("mean"), config.take("variance")
    axes = config.wholes("axis", -1) if config.values.get("axis", -1) is not None else []
    config.take("axis")
    if config.take("invert"):
        raise UnreadableError(f"{config.path}: Normalization turned round")
    if len(axes) > 1 or any(values[0].axis(number) != 0 for number in axes):
        raise UnreadableError(f"{config.path}.config.axis is {axes!r:.60}, not the channels")
    if mean is None or variance is None:
        return _measured(call, values[0], *call.weights("mean", "variance", "count")[:2])
    spread = np.maximum(np.sqrt(np.asarray(variance, np.float64)), 1e-7)
    return scaled(call, values[0], 1.0 / spread, -np.asarray(mean, np.float64) / spread)


def _measured(call: Call, value: Value, mean: Stored, variance: Stored) -> Value:
    """Return (value - mean) / deviation, both of one number or of one for each channel, which were measured once."""
    factor = variance.mapped(lambda numbers: 1.0 / np.maximum(np.sqrt(numbers.astype(np.float64)), 1e-7))
    shift = mean.mapped(lambda numbers: -numbers.astype(np.float64) * factor.read())
    one = math.prod(mean.shape) == 1
    size = (1,) if one else mean.shape
    weights = {"weight": factor.reshaped(*size), "bias": shift.reshaped(*size)}
    return call.add(make("Scale", () if one else (0,)), value, weights=weights)


def dropout(call: Call, values: list[Value]) -> Value:
    """Dropout."""
    return call.add(Dropout(call.config.number("rate", 0.5)), values[0])


def dropout_maps(call: Call, values: list[Value]) -> Value:
    """SpatialDropout2D."""
    return call.add(Dropout2d(call.config.number("rate", 0.5)), call.maps(values[0]))


ENTRIES: dict[str, Entry] = {
    "Add": merge("Add"),
    "Average": average,
    "BatchNormalization": batch_norm,
    "Concatenate": concatenate,
    "Cropping2D": cropping,
    "Dense": dense,
    "Dropout": dropout,
    "Flatten": flatten,
    "GroupNormalization": group_norm,
    "LayerNormalization": layer_norm,
    "Multiply": merge("Multiply"),
    "Normalization": normalization,
    "Permute": permute,
    "Rescaling": rescaling,
    "Reshape": reshape,
    "SpatialDropout2D": dropout_maps,
    "Subtract": merge("Subtract"),
    "UpSampling2D": upsampling,
    "ZeroPadding2D": zero_padding,
}

"""In Keras: norms of an image's own numbers, lengths of windows and largest of parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...layers import AdaptiveMaxPool2d, GroupNorm, InstanceNorm2d, LayerNorm, LocalResponseNorm, LpPool2d
from ...layers.node import Shape
from .framework import keras, ops
from .made import Kept, Made, Table, Tensor, axis_of, theirs
from .varying import across
from .windows import NONE, extents, largest, shifted


def _affine(norm: Any, order: tuple[int, ...]) -> dict[str, Kept]:
    """Return where Keras keeps scale and shift, if it has them."""
    kept = {"weight": norm.gamma, "bias": norm.beta}
    return {name: Kept(variable, order) for name, variable in kept.items() if variable is not None}


def layer_norm(layer: LayerNorm, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return Keras's own layer, whose weights have the axes in its order."""
    axes = layer.varies(shapes[0])
    order, _ = across(axes, shapes[0])
    norm = keras.layers.LayerNormalization(
        axis=[axis_of(axes[place], len(shapes[0])) for place in order],
        epsilon=layer.eps,
        center=layer.bias,
        scale=layer.scale,
        name=name,
    )
    norm.build(theirs(shapes[0]))
    return Made(norm, _affine(norm, order))


def group_norm(layer: GroupNorm | InstanceNorm2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return Keras's own layer; with a group a channel it is instance norm."""
    norm = keras.layers.GroupNormalization(
        groups=layer.num_groups if isinstance(layer, GroupNorm) else shapes[0][0],
        axis=axis_of(0, len(shapes[0])),
        epsilon=layer.eps,
        center=layer.affine,
        scale=layer.affine,
        name=name,
    )
    norm.build(theirs(shapes[0]))
    return Made(norm, _affine(norm, ()) if layer.affine else {})


def local_response(layer: LocalResponseNorm, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the formula: Keras has no such layer."""
    axis, channels = axis_of(0, len(shapes[0])), shapes[0][0]

    def call(x: Tensor) -> Tensor:
        around = [(0, 0)] * (len(shapes[0]) + 1)
        around[axis] = layer.sides()
        squares = ops.pad(x * x, around)
        sums = 0.0 * x
        for first in range(layer.size):
            sums = sums + ops.take(squares, np.arange(first, first + channels), axis=axis)
        return x / ops.power(layer.k + layer.alpha / layer.size * sums, layer.beta)

    return Made(call)


def lp_pool(layer: LpPool2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the root of the sum of powers over the taps; of a window of zeros it has the slope 0."""
    windows, shape = layer.windows(), shapes[0]
    pads, power = extents(windows, shape), layer.norm_type

    def call(x: Tensor) -> Tensor:
        sizes = ops.abs(x if pads == NONE else ops.pad(x, ((0, 0), *pads, (0, 0))))
        total, *others = shifted(ops.power(sizes, power), windows, shape)
        for one in others:
            total = total + one
        return ops.where(total > 0, ops.power(ops.where(total > 0, total, 1.0), 1 / power), total)

    return Made(call)


def adaptive_maximum(layer: AdaptiveMaxPool2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the largest of each part, NaN among them: Keras's own ends the process where one part is the whole map."""
    rows, columns = (
        [window.reads(part, size) for part in range(window.outputs)]
        for window, size in zip(layer.windows(shapes[0]), shapes[0][1:], strict=True)
    )

    def call(x: Tensor) -> Tensor:
        tall = ops.stack([largest([x[:, row] for row in part]) for part in rows], axis=1)
        return ops.stack([largest([tall[:, :, column] for column in part]) for part in columns], axis=2)

    own = getattr(keras.layers, "AdaptiveMaxPooling2D", None)  # since Keras 3.13
    sizes = len(rows), len(columns)
    if own is None or 1 in sizes:
        return Made(call)
    return Made(call, said=lambda _: own(sizes, data_format="channels_last", name=name))


TABLE: Table = {
    AdaptiveMaxPool2d: adaptive_maximum,
    GroupNorm: group_norm,
    InstanceNorm2d: group_norm,
    LayerNorm: layer_norm,
    LocalResponseNorm: local_response,
    LpPool2d: lp_pool,
}

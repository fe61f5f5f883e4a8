"""Projective fields: what a number reaches, in every later layer; the receptive field, read the other way."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..layers import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Layer,
    LpPool2d,
    MaxPool2d,
    SeparableConv2d,
    Upsample,
)
from ..layers.base import Mask, Run
from ..layers.movement import Movement
from ..layers.node import Shape
from ..network import Network
from ..wiring import name_of

Relation = NDArray[np.bool_]  # (outputs, inputs) along one axis: which read which

# Into how many groups the channels fall, of layers whose windows tell the rest: the quick way for the large ones.
GROUPS: dict[type[Layer], Callable[[Any, int], int]] = {
    Conv2d: lambda layer, channels: layer.groups,
    ConvTranspose2d: lambda layer, channels: layer.groups,
    SeparableConv2d: lambda layer, channels: 1,
    **dict.fromkeys(
        (MaxPool2d, AvgPool2d, LpPool2d, AdaptiveAvgPool2d, AdaptiveMaxPool2d), lambda layer, channels: channels
    ),
}


def projections(net: Network, name: str, index: tuple[int, ...]) -> dict[str, Mask]:
    """Return every place that depends on number `index` of `name`, in every later layer, and that number itself.

    A place counts if its own receptive field holds the number: the two fields are one relation, read from its two ends.
    Layers that nothing of it reaches are left out. Windows are composed exactly, one after another.
    """
    start = np.zeros(net.shapes[name], np.bool_)
    start[index] = True
    found: dict[str, Mask] = {name: start}
    for node in net.nodes:
        assert node.layer is not None
        shapes = tuple(before.shape for before in node.inputs)
        for source, before in enumerate(node.inputs):
            mask = found.get(name_of(before))
            if mask is not None:
                reached = through(node.layer, mask, source, shapes, node.shape)
                found[name_of(node)] = found.get(name_of(node), np.zeros(node.shape, np.bool_)) | reached
    return {name: mask for name, mask in found.items() if mask.any()}


def through(layer: Layer, mask: Mask, source: int, shapes: tuple[Shape, ...], shape: Shape) -> Mask:
    """Return the outputs of `layer`, of `shape`, that read any of the masked places of input number `source`."""
    if type(layer).reads is Layer.reads:  # every number by itself
        return mask
    if isinstance(layer, Flatten):
        return layer.forward(mask[None], w={}, run=Run())[0]
    if isinstance(layer, Movement) and not isinstance(layer, Upsample):
        places = layer.places(shapes[0])
        return (places >= 0) & mask.ravel()[places]
    if isinstance(layer, Concat):
        return _set_among(layer, mask, source, shapes, shape)
    if type(layer) in GROUPS:
        return _windowed(layer, mask, shapes, shape)
    found = mask.reshape(_as_long(mask.shape, max(len(shape), mask.ndim)))
    for axis, relation in enumerate(_relations(layer, source, shapes, shape)):
        found = found if relation is None else _along(found, relation, axis)
    return found.reshape(shape)


def _set_among(layer: Concat, mask: Mask, source: int, shapes: tuple[Shape, ...], shape: Shape) -> Mask:
    """Put the mask of one branch where the branch stands."""
    axis = layer.axis % len(shape)
    start = sum(before[axis] for before in shapes[:source])
    found = np.zeros(shape, np.bool_)
    np.moveaxis(found, axis, 0)[start : start + shapes[source][axis]] = np.moveaxis(mask, axis, 0)
    return found


def _windowed(layer: Any, mask: Mask, shapes: tuple[Shape, ...], shape: Shape) -> Mask:
    """Follow channels by their groups, and rows and columns by the layer's windows."""
    groups = GROUPS[type(layer)](layer, len(mask))
    mode = {"mode": layer.padding_mode} if isinstance(layer, Conv2d) else {}
    found: Mask = np.logical_or.reduce(mask.reshape(groups, -1, *mask.shape[1:]), axis=1)
    if bool((found == found[:1]).all()):  # as behind a convolution: one map stands for all
        found = found[:1]
    for axis, (window, size) in enumerate(zip(layer.windows(*shapes), shapes[0][1:], strict=True), 1):
        found = _along(found, window.incidence(size, **mode), axis)
    return np.broadcast_to(found, shape) if len(found) == 1 else np.repeat(found, shape[0] // groups, axis=0)


def _along(mask: Mask, relation: Relation, axis: int) -> Mask:
    """Return the mask with one axis of inputs become one of outputs."""
    if relation.all():
        found = mask.any(axis=axis, keepdims=True)
        return np.repeat(found, len(relation), axis=axis)
    moved = np.moveaxis(mask, axis, -1).astype(np.float32) @ relation.T.astype(np.float32)
    return np.moveaxis(moved, -1, axis) > 0


def _as_long(shape: Shape, rank: int) -> Shape:
    """Return a shape with axes of one place behind its own, as many as are wanted at least."""
    return (*shape, *[1] * (rank - len(shape)))


@lru_cache(maxsize=256)
def _relations(layer: Layer, source: int, shapes: tuple[Shape, ...], shape: Shape) -> tuple[Relation | None, ...]:
    """Return which outputs read which inputs along each axis; None: each its own. The layer is asked for every place.

    Layers that come here read a block: what an output reads along one axis does not depend on where it is along others.
    """
    rank = max(len(shape), len(shapes[source]))
    given = _as_long(shapes[source], rank)
    found: list[Relation | None] = []
    for axis, size in enumerate(_as_long(shape, rank)):
        others = tuple(other for other in range(rank) if other != axis)
        relation = np.zeros((size, given[axis]), np.bool_)
        for place in range(size):
            asked = np.zeros(_as_long(shape, rank), np.bool_)
            np.moveaxis(asked, axis, 0)[place] = True
            read = layer.reads(asked.reshape(shape), *shapes)[source]
            relation[place] = read.reshape(given).any(axis=others)
        found.append(None if np.array_equal(relation, np.eye(size, dtype=np.bool_)) else relation)
    return tuple(found)

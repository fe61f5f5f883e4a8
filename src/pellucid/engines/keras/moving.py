"""In Keras: numbers laid out anew. Keras has its channels last, so that our order is made first where it matters."""

from __future__ import annotations

from ...layers import ChannelShuffle, Flatten, Permute, PixelShuffle, Reshape, Slice
from ...layers.node import Shape
from .framework import keras
from .made import Computes, Made, Table, Tensor, axis_of, steps

FIRST, LAST = (3, 1, 2), (2, 3, 1)  # Keras's Permute counts axes from 1: to channels first, and back


def ours(rank: int, name: str) -> list[Computes]:
    """Return what brings a value into our order."""
    return [keras.layers.Permute(FIRST, name=f"{name}.first")] if rank == 3 else []


def back(rank: int, name: str) -> list[Computes]:
    """Return what brings a value of ours into Keras's order."""
    return [keras.layers.Permute(LAST, name=f"{name}.last")] if rank == 3 else []


def flatten(layer: Flatten, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return all numbers in a row; channel by channel, maps are turned first."""
    shape, flat = shapes[0], keras.layers.Flatten(name=name)
    same = len(shape) < 3 or shape[0] == 1 or shape[1:] == (1, 1)  # both orders are one
    return Made(flat if layer.order == "HWC" or same else steps(*ours(3, name), flat))


def reshape(layer: Reshape, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the numbers in our order, in another shape."""
    target = layer.output_shape(*shapes)
    plain = keras.layers.Reshape(target, name=name)
    return Made(steps(*ours(len(shapes[0]), name), plain, *back(len(target), name)))


def permute(layer: Permute, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the axes in another order."""
    rank = len(shapes[0])
    order = layer.order
    if rank == 3:
        order = tuple(order[axis] for axis in (1, 2, 0))  # what each axis of Keras's result is of ours
    return Made(keras.layers.Permute(tuple(axis_of(axis, rank) for axis in order), name=name))


def sliced(layer: Slice, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return some places of one axis."""
    index = [slice(None)] * (len(shapes[0]) + 1)
    index[axis_of(layer.axis, len(shapes[0]))] = slice(layer.start, layer.stop, layer.step)

    def call(x: Tensor) -> Tensor:
        return x[tuple(index)]

    return Made(call)


def channel_shuffle(layer: ChannelShuffle, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the channels of groups, taken in turn."""
    channels, height, width = shapes[0]
    cut = keras.layers.Reshape((height, width, layer.groups, channels // layer.groups), name=f"{name}.groups")
    turned = keras.layers.Permute((1, 2, 4, 3), name=f"{name}.turned")
    return Made(steps(cut, turned, keras.layers.Reshape((height, width, channels), name=name)))


def pixel_shuffle(layer: PixelShuffle, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return channels as pixels: Keras's channels are cut as they lie, and pairs of axes become rows and columns."""
    channels, height, width = shapes[0]
    r, left = layer.upscale_factor, channels // layer.upscale_factor**2
    parts, order = ((left, r, r), (1, 4, 2, 5, 3)) if layer.order == "CRD" else ((r, r, left), (1, 3, 2, 4, 5))
    cut = keras.layers.Reshape((height, width, *parts), name=f"{name}.pixels")
    turned = keras.layers.Permute(order, name=f"{name}.turned")
    return Made(steps(cut, turned, keras.layers.Reshape((height * r, width * r, left), name=name)))


TABLE: Table = {
    ChannelShuffle: channel_shuffle,
    Flatten: flatten,
    Permute: permute,
    PixelShuffle: pixel_shuffle,
    Reshape: reshape,
    Slice: sliced,
}

"""In Keras: slopes, factors and numbers that vary along some axes, and are the same along the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...layers import PReLU, Scale
from ...layers.node import Shape
from .framework import keras
from .made import Array, Computes, Kept, Made, Table, Tensor, axis_of, theirs


def across(axes: tuple[int, ...], shape: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes' numbers in the order in which Keras has them, and their sizes there, 1 for all other axes."""
    rank = len(shape)
    order = sorted(range(len(axes)), key=lambda place: axis_of(axes[place], rank))
    sizes = {axis_of(axis, rank): shape[axis] for axis in axes}
    return tuple(order), tuple(sizes.get(axis, 1) for axis in range(1, rank + 1))


def prelu(layer: PReLU, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return Keras's own layer, which shares its slopes along all other axes."""
    order, sizes = across(layer.axes, shapes[0])
    shared = [axis for axis in range(1, len(sizes) + 1) if axis not in {axis_of(own, len(sizes)) for own in layer.axes}]
    made = keras.layers.PReLU(shared_axes=shared, name=name)
    made.build(theirs(shapes[0]))
    return Made(made, {"weight": Kept(made.alpha, order)})


def scale(layer: Scale, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return factors and numbers that are variables here; in an ordinary model they are Rescaling's constants."""
    order, sizes = across(layer.axes, shapes[0])
    kept = {
        short: Kept(keras.Variable(np.zeros(sizes, np.float32), name=f"{name}.{short}"), order)
        for short in layer.weights(*shapes)
    }

    def call(x: Tensor) -> Tensor:
        y = x * kept["weight"].variable if layer.scale else x
        return y + kept["bias"].variable if layer.shift else y

    def said(weights: Mapping[str, Array]) -> Computes:
        numbers = {short: kept[short].there(array) for short, array in weights.items()}
        listed = {short: array.item() if array.size == 1 else array.tolist() for short, array in numbers.items()}
        return keras.layers.Rescaling(listed.get("weight", 1.0), listed.get("bias", 0.0), name=name)

    return Made(call, kept, said=said)


TABLE: Table = {
    PReLU: prelu,
    Scale: scale,
}

"""The other layers in Keras: each as someone would write it there."""

from __future__ import annotations

from ...layers import (
    Add,
    BatchNorm1d,
    BatchNorm2d,
    Concat,
    Dropout,
    Dropout2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Linear,
    Multiply,
    Subtract,
)
from ...layers.node import Shape
from .framework import keras
from .made import Kept, Made, Table, axis_of, steps, theirs
from .moving import back, ours


def linear(layer: Linear, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return a dense layer; on maps it reads our last axis, the width."""
    dense = keras.layers.Dense(layer.out_features, use_bias=layer.bias, name=name)
    dense.build((None, *shapes[0]))
    weights = {"weight": Kept(dense.kernel, (1, 0))} | ({"bias": Kept(dense.bias)} if layer.bias else {})
    rank = len(shapes[0])
    return Made(steps(*ours(rank, name), dense, *back(rank, name)), weights, own=dense if rank < 3 else None)


def batch_norm(layer: BatchNorm2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return batch normalization, whose momentum is the share that stays."""
    norm = keras.layers.BatchNormalization(
        axis=axis_of(0, len(shapes[0])),
        momentum=1 - layer.momentum,
        epsilon=layer.eps,
        center=layer.affine,
        scale=layer.affine,
        name=name,
    )
    norm.build(theirs(shapes[0]))
    weights = {"running_mean": Kept(norm.moving_mean), "running_var": Kept(norm.moving_variance)}
    if layer.affine:
        weights |= {"weight": Kept(norm.gamma), "bias": Kept(norm.beta)}
    return Made(lambda x: norm(x, training=False), weights, said=lambda _: norm)


def concat(layer: Concat, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return values side by side along one axis."""
    return Made(keras.layers.Concatenate(axis=axis_of(layer.axis, len(shapes[0])), name=name))


def dropout(layer: Dropout, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return dropout, which does nothing when nobody trains; our masks are applied elsewhere."""
    kind = keras.layers.SpatialDropout2D if isinstance(layer, Dropout2d) else keras.layers.Dropout
    return Made(lambda x: x, said=lambda _: kind(layer.p, name=name))


def pooled(layer: GlobalAvgPool2d | GlobalMaxPool2d, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the average or the maximum of each map."""
    average = isinstance(layer, GlobalAvgPool2d)
    kind = keras.layers.GlobalAveragePooling2D if average else keras.layers.GlobalMaxPooling2D
    return Made(kind(keepdims=layer.keepdims, data_format="channels_last", name=name))


TABLE: Table = {
    Add: lambda layer, shapes, name: Made(keras.layers.Add(name=name)),
    BatchNorm1d: batch_norm,
    BatchNorm2d: batch_norm,
    Concat: concat,
    Dropout: dropout,
    Dropout2d: dropout,
    GlobalAvgPool2d: pooled,
    GlobalMaxPool2d: pooled,
    Linear: linear,
    Multiply: lambda layer, shapes, name: Made(keras.layers.Multiply(name=name)),
    Subtract: lambda layer, shapes, name: Made(keras.layers.Subtract(name=name)),
}

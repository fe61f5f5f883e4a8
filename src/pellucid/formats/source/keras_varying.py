"""In Keras programs: learned slopes, constants, and the logarithm of softmax."""

from __future__ import annotations

from ...layers import Layer, LogSoftmax, PReLU, Scale
from ...layers.node import Shape
from .keras_windows import axis_of, named
from .pieces import Piece, Write, expression, option


def prelu(layer: PReLU, shapes: tuple[Shape, ...]) -> Piece:
    """Return Keras's slopes, one a number unless axes share them."""
    shared = sorted(axis_of(axis, shapes[0]) for axis in range(len(shapes[0])) if axis not in layer.axes)
    return named("layers.PReLU", option("shared_axes", tuple(shared), ()))


def scale(layer: Scale, shapes: tuple[Shape, ...]) -> Piece:
    """Return a layer of ours that holds the constants."""
    axes = sorted(axis_of(axis, shapes[0]) for axis in layer.axes)
    return named(
        "Scale",
        option("axes", tuple(axes), ()),
        option("scale", layer.scale, True),
        option("shift", layer.shift, True),
        option("trainable", layer.trainable, False),
        needs=("Scale",),
    )


def log_softmax(layer: LogSoftmax, shapes: tuple[Shape, ...]) -> Piece:
    """Return the operation."""
    return expression(f"ops.log_softmax({{0}}, axis={axis_of(layer.axis, shapes[0])})", "ops")


VARYING: dict[type[Layer], Write] = {
    LogSoftmax: log_softmax,
    PReLU: prelu,
    Scale: scale,
}

"""In PyTorch programs: learned slopes, constants, and the logarithm of softmax."""

from __future__ import annotations

from ...layers import Layer, LogSoftmax, PReLU, Scale
from ...layers.node import Shape
from .pieces import Piece, Write, made, option, place


def view_of(axes: tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """Return the shape in which a weight of some axes meets all places."""
    return tuple(size if axis in axes else 1 for axis, size in enumerate(shape))


def prelu(layer: PReLU, shapes: tuple[Shape, ...]) -> Piece:
    """Return PyTorch's own slopes, one in all or one a channel, or slopes along other axes."""
    if layer.axes in ((), (0,)):
        return made("nn.PReLU", option("num_parameters", layer.weight_shape(shapes[0])[0], 1))
    view, shape = view_of(layer.axes, shapes[0]), layer.weight_shape(shapes[0])
    return made("Slopes", place("shape", shape), place("view", view), needs=("Slopes",))


def scale(layer: Scale, shapes: tuple[Shape, ...]) -> Piece:
    """Return a module that holds the constants."""
    return made(
        "Scale",
        place("shape", layer.weight_shape(shapes[0])),
        place("view", view_of(layer.axes, shapes[0])),
        option("scale", layer.scale, True),
        option("shift", layer.shift, True),
        option("trainable", layer.trainable, False),
        needs=("Scale",),
    )


VARYING: dict[type[Layer], Write] = {
    LogSoftmax: lambda layer, shapes: made("nn.LogSoftmax", option("dim", layer.axis % len(shapes[0]) + 1, None)),
    PReLU: prelu,
    Scale: scale,
}

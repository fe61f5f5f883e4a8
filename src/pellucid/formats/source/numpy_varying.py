"""In NumPy programs: learned slopes, constants, and the logarithm of softmax."""

from __future__ import annotations

from ...layers import Layer, LogSoftmax, PReLU, Scale
from ...layers.node import Shape
from .pieces import Piece, Verbatim, Write, expression, made, option, place


def varying(name: str, axes: tuple[int, ...], shape: Shape) -> str:
    """Return a weight of some axes in the shape in which it meets all places."""
    view = tuple(size if axis in axes else 1 for axis, size in enumerate(shape))
    weight = f"{{w[{name}]}}"
    return weight if len(axes) == len(shape) or not axes else f"{weight}.reshape({', '.join(map(str, view))})"


def prelu(layer: PReLU, shapes: tuple[Shape, ...]) -> Piece:
    """Return x, or its slope times x."""
    return expression(f"np.where({{0}} > 0, {{0}}, {varying('weight', layer.axes, shapes[0])} * {{0}})")


def scale(layer: Scale, shapes: tuple[Shape, ...]) -> Piece:
    """Return x * weight + bias."""
    text = f"{{0}} * {varying('weight', layer.axes, shapes[0])}" if layer.scale else "{0}"
    return expression(f"{text} + {varying('bias', layer.axes, shapes[0])}" if layer.shift else text)


def log_softmax(layer: LogSoftmax, shapes: tuple[Shape, ...]) -> Piece:
    """Return a call of our definition."""
    along = option("axis", layer.axis % len(shapes[0]) + 1, None)
    return made("log_softmax", place("x", Verbatim("{0}")), along, use="{call}", needs=("log_softmax",))


VARYING: dict[type[Layer], Write] = {
    LogSoftmax: log_softmax,
    PReLU: prelu,
    Scale: scale,
}

"""Sizes that a file may ask for. A few bytes can describe what no machine could hold; whole numbers tell beforehand."""

from __future__ import annotations

import math

from ..errors import ModelFileError
from ..layers import Layer
from ..layers.node import Shape

MOST_NUMBERS = 2**31 - 1  # of one value for one sample: 8 GiB


def check_value(shape: Shape, place: str) -> None:
    """Raise ModelFileError for a value of `shape` that no machine could hold."""
    if math.prod(shape) > MOST_NUMBERS:
        raise ModelFileError(
            place,
            got=f"a value of shape {shape}, padding included",
            expected=f"at most {MOST_NUMBERS} numbers",
            fix="use smaller maps, or less padding",
        )


def check_padding(layer: Layer, shapes: tuple[Shape, ...], place: str) -> None:
    """Raise ModelFileError if `layer` pads inputs of `shapes` to something that no machine could hold."""
    if len(shapes) != 1 or len(shapes[0]) != 3:
        return  # without height and width there is nothing to pad
    sizes = shapes[0][1:]
    windows = layer.windows(*shapes)
    rooms = (size if window is None else window.room(size) for window, size in zip(windows, sizes, strict=True))
    check_value((shapes[0][0], *rooms), place)

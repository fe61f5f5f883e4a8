"""Sizes that a file may ask for: checked with whole numbers before anything is made of them.

A few bytes can describe a network that no machine could build or run. What is refused here could not run anyway, or is
far beyond anything that is a picture.
"""

from __future__ import annotations

import math

from ..errors import ModelFileError
from ..layers import Layer
from ..layers.node import Shape
from ..window import Window

MOST_NUMBERS = 2**31 - 1  # of one value for one sample, 8 GiB
MOST_READS = 2**22  # of all windows along one axis, padding included


def check_shape(shape: Shape, place: str) -> None:
    """Raise ModelFileError for a value of `shape` that no machine could hold."""
    if math.prod(shape) > MOST_NUMBERS:
        raise ModelFileError(
            place, got=f"a value of shape {shape}", expected=f"at most {MOST_NUMBERS} numbers", fix="use smaller maps"
        )


def check_windows(layer: Layer, shapes: tuple[Shape, ...], place: str) -> None:
    """Raise ModelFileError for windows that read absurdly much of inputs of `shapes`.

    Raises:
        ShapeError: a window is wider than the padded axis.
    """
    if len(shapes) != 1 or len(shapes[0]) != 3:
        return  # the layer itself refuses what it cannot read
    for window, size in zip(layer.windows(*shapes) or (), shapes[0][1:], strict=False):
        padded, reads = size, window.out(size)
        if isinstance(window, Window):
            padded, reads = size + sum(window.pads(size)), window.out(size) * window.kernel
        if max(padded, reads) > MOST_READS:
            raise ModelFileError(
                place,
                got=f"{layer.kind}: windows that read {reads} of {padded} places along one axis",
                expected=f"at most {MOST_READS}",
                fix="use smaller maps, less padding or a smaller kernel",
            )

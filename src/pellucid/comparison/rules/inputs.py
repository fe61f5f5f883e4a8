"""What is done to an image before the first layer: channels in another order, another scale, another mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Prepare = Callable[[Array], Array]

IMAGENET = np.array([0.485, 0.456, 0.406])[:, None, None], np.array([0.229, 0.224, 0.225])[:, None, None]
CAFFE = np.array([103.939, 116.779, 123.68])[:, None, None]


def preparations(shape: tuple[int, ...], ours: str, theirs: str) -> Iterator[tuple[str, str, Prepare]]:
    """Yield what the other side may do to an image of `shape` first: a rule, its words, and the doing."""
    if len(shape) != 3:
        return
    channels, height, width = shape
    if channels > 1:
        colours = " (RGB taken for BGR, or BGR for RGB)" if channels == 3 else ""
        said = (
            f"{theirs} reads the channels in the reverse order{colours}; flip axis 0 of its image, as in image[::-1], "
            "or axis 1 of the first layer's weight"
        )
        yield "channel order", said, lambda x: x[:, ::-1]
    scales: tuple[tuple[str, Prepare], ...] = (
        ("divides its input by 255", lambda x: x / 255),
        ("multiplies its input by 255", lambda x: x * 255),
        ("brings its input from 0..255 to -1..1 (x / 127.5 - 1)", lambda x: x / 127.5 - 1),
        ("brings its input from 0..1 to -1..1 (2 x - 1)", lambda x: 2 * x - 1),
    )
    for words, prepare in scales:
        said = f"{theirs} {words}, and {ours} does not; give both the same range (it acts along all axes)"
        yield "input scaling", said, prepare
    if channels == 3:
        mean, deviation = IMAGENET
        means: tuple[tuple[str, Prepare], ...] = (
            ("subtracts ImageNet's mean and divides by its deviation", lambda x: (x - mean) / deviation),
            (
                "divides by 255, subtracts ImageNet's mean, divides by its deviation",
                lambda x: (x / 255 - mean) / deviation,
            ),
            ("reverses the channels and subtracts Caffe's mean (103.9, 116.8, 123.7)", lambda x: x[:, ::-1] - CAFFE),
        )
        for words, prepare in means:
            said = f"{theirs} {words}, for each channel (axis 0), and {ours} does not; prepare both inputs alike"
            yield "input mean", said, prepare
    if height == width:
        said = f"{theirs} reads height and width swapped; swap axes 1 and 2 of its image"
        yield "input transposed", said, lambda x: x.swapaxes(2, 3)
    for axis, name in ((2, "height"), (3, "width")):
        said = f"{theirs} reads the image flipped along the {name}; flip axis {axis - 1}"
        yield "input flipped", said, _flipped(axis)
    if channels > 1:
        said = (
            f"{theirs} reads (height, width, channels) as if it were (channels, height, width), only reshaped; "
            "transpose axes by (2, 0, 1), or pass channels_last=True"
        )
        yield "input layout", said, lambda x: x.transpose(0, 2, 3, 1).reshape(x.shape)


def _flipped(axis: int) -> Prepare:
    return lambda x: np.flip(x, axis)

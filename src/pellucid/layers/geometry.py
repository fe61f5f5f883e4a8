"""What layers with windows share: maps as a shape, padding and its adjoint, and which places windows meet."""

from __future__ import annotations

import math

import numpy as np

from ..window import Window
from .arithmetic import Terms, several
from .base import Array, Layer, Mask
from .node import Shape
from .params import Sides


def as_maps(layer: Layer, shape: Shape) -> tuple[int, int, int]:
    """Return (channels, height, width), or raise the layer's error for a shape that is not maps."""
    if len(shape) != 3:
        raise layer.fail(
            f"input {shape}: {len(shape)} axes",
            "maps of shape (channels, height, width)",
            "put it before Flatten" if len(shape) == 1 else "give it three axes, without the batch",
        )
    return shape


def check_groups(layer: Layer, inputs: int, outputs: int, groups: int) -> None:
    """Raise the layer's error if `groups` does not divide the channels of its input and of its output."""
    for what, number in (("input", inputs), ("output", outputs)):
        if number % groups:
            raise layer.fail(
                f"{number} {what} channels in {groups} groups",
                f"groups that divide the {inputs} input and the {outputs} output channels",
                f"use groups={math.gcd(inputs, outputs)} or a divisor of it",
            )


def both_axes(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: Sides | str,
    *,
    ceil_mode: bool = False,
) -> tuple[Window, Window]:
    """Return the windows along height and width."""
    sides = (padding, padding) if isinstance(padding, str) else padding
    rows, columns = (Window(kernel[i], stride[i], dilation[i], sides[i], ceil_mode) for i in (0, 1))
    return rows, columns


def region(x: Array, channel: int, rows: range, columns: range) -> Terms:
    """Return the numbers of one channel of the first sample in `rows` x `columns`; all used."""
    ys, xs = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
    return several(x[0], np.stack([np.full_like(ys, channel), ys, xs], axis=1))


def meet(mask: Mask, rows: Mask, columns: Mask) -> Mask:
    """Return the input places (C, H, W) that masked outputs (C, H', W') meet, given both axes' incidences."""
    same = mask.strides[0] == 0 or bool((mask == mask[:1]).all())  # as behind a convolution: one map stands for all
    if len(mask) > 1 and same:
        return np.broadcast_to(meet(mask[:1], rows, columns), (len(mask), rows.shape[1], columns.shape[1]))
    return np.matmul(np.matmul(rows.T.astype(np.float32), mask.astype(np.float32)), columns.astype(np.float32)) > 0


def pad(x: Array, rows: Window, columns: Window, *, mode: str = "zeros", value: float = 0.0) -> Array:
    """Return maps (..., H, W) with the padding of both windows around them; "zeros" padding holds `value`."""
    top, left = rows.sources(x.shape[-2], mode), columns.sources(x.shape[-1], mode)
    padded = x[..., np.maximum(top, 0)[:, None], np.maximum(left, 0)]
    padded[..., top < 0, :] = value
    padded[..., left < 0] = value
    return padded


def unpad(grad: Array, rows: Window, columns: Window, shape: tuple[int, int], *, mode: str = "zeros") -> Array:
    """Return the gradient of the maps, given the one of the padded maps: every place collects from its copies."""
    top, left = rows.sources(shape[0], mode), columns.sources(shape[1], mode)
    if mode == "zeros":
        return grad[..., top >= 0, :][..., left >= 0]
    tall = np.zeros((*grad.shape[:-2], shape[0], grad.shape[-1]), grad.dtype)
    for place, held in enumerate(top):
        tall[..., held, :] += grad[..., place, :]
    maps = np.zeros((*grad.shape[:-2], *shape), grad.dtype)
    for place, held in enumerate(left):
        maps[..., held] += tall[..., place]
    return maps

"""Layers that move numbers between channels, or from channels into space."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ..window import ResizedWindow
from .arithmetic import Places
from .base import Example
from .geometry import as_maps
from .movement import Movement
from .node import Shape
from .params import choice, count, param


class PixelShuffle(Movement):
    """Lay the channels out in space: `upscale_factor` squared maps become one of that many times as many places.

    Shape: (C * r * r, H, W) -> (C, H * r, W * r).

    y[c, h * r + a, w * r + b] is x[(c * r + a) * r + b, h, w] in order "CRD", x[(a * r + b) * C + c, h, w] in "DCR".

    PyTorch's PixelShuffle is "CRD"; ONNX's DepthToSpace has both, "DCR" by default, and TensorFlow's depth_to_space is
    "DCR".

    Args:
        upscale_factor: r, by which height and width grow.
        order: how the channels are cut: "CRD" or "DCR".

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: the channels are no multiple of r * r.

    >>> PixelShuffle(2).output_shape((12, 3, 5))
    (3, 6, 10)
    """

    prefix: ClassVar[str] = "shuffle"

    upscale_factor: int = param(converter=count)
    order: str = param(converter=choice("CRD", "DCR"), kw_only=True, default="CRD")

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, height, width)."""
        channels, height, width = as_maps(self, shapes[0])
        r = self.upscale_factor
        if channels % r**2:
            raise self.fail(
                f"{channels} channels for an upscale_factor of {r}",
                f"a multiple of {r} * {r} = {r**2} channels",
                f"give it {-(-channels // r**2) * r**2} channels, or another upscale_factor",
            )
        return channels // r**2, height * r, width * r

    def windows(self, *shapes: Shape) -> tuple[ResizedWindow, ResizedWindow]:
        """Return the windows along height and width: r neighbours come from one place."""
        window = ResizedWindow(factor=float(self.upscale_factor))
        return window, window

    def places(self, shape: Shape) -> Places:
        """Return the place that each number comes from."""
        channels, height, width = shape
        r = self.upscale_factor
        numbers = np.arange(math.prod(shape))
        if self.order == "CRD":
            cut = numbers.reshape(channels // r**2, r, r, height, width).transpose(0, 3, 1, 4, 2)
        else:
            cut = numbers.reshape(r, r, channels // r**2, height, width).transpose(2, 3, 0, 4, 1)
        return cut.reshape(self.output_shape(shape))

    @classmethod
    def examples(cls) -> list[Example]:
        """Return both orders."""
        return [
            Example(cls(2), (8, 3, 5)),
            Example(cls(2, order="DCR"), (12, 3, 2)),
            Example(cls(3), (9, 2, 2)),
            Example(cls(2, order="DCR"), (4, 4, 4)),
            Example(cls(1), (3, 2, 5)),
        ]


class ChannelShuffle(Movement):
    """Mix the channels of all groups: the first of every group, then the second of every group, and so on.

    Shape: (C, H, W) -> the same.

    y[k * groups + g] is x[g * (C / groups) + k].

    Args:
        groups: into how many groups the channels are cut.

    Raises:
        ParameterError: a parameter is out of range.
        ShapeError: `groups` does not divide the channels.

    >>> ChannelShuffle(2).output_shape((6, 3, 5))
    (6, 3, 5)
    """

    prefix: ClassVar[str] = "shuffle"

    groups: int = param(converter=count)

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, height, width)."""
        channels, _, _ = as_maps(self, shapes[0])
        if channels % self.groups:
            raise self.fail(
                f"{channels} channels in {self.groups} groups",
                f"groups that divide the {channels} channels",
                f"use groups={math.gcd(channels, self.groups)} or another divisor of {channels}",
            )
        return shapes[0]

    def places(self, shape: Shape) -> Places:
        """Return the place that each number comes from."""
        numbers = np.arange(math.prod(shape)).reshape(self.groups, -1, *shape[1:])
        return numbers.swapaxes(0, 1).reshape(shape)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return groups that divide the channels, as many as there are among them."""
        return [
            Example(cls(2), (6, 3, 5)),
            Example(cls(3), (6, 2, 2)),
            Example(cls(1), (5, 2, 3)),
            Example(cls(3), (3, 3, 3)),
        ]

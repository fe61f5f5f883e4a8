"""Upsampling: maps with more places or fewer, each one place of the input, or weighed from the four around it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..errors import ParameterError
from ..window import ResizedWindow
from .arithmetic import Arithmetic, Places, Terms, exact_sum
from .base import Array, Cost, Example, Gradients, Mask, Run, Weights
from .geometry import as_maps, meet
from .movement import Movement
from .node import Shape
from .params import choice, factors, flag, optional_pair, param


class Upsample(Movement):
    """Resize every map: each number is the one of the nearest place, or weighed from the four places around it.

    Shape: (C, H, W) -> (C, floor(H * factor), floor(W * factor)), or (C, *size).

    Output o of an axis lies at place o / scale ("nearest", rounded down), (o + 1/2) / scale ("nearest-exact", rounded
    down), (o + 1/2) / scale - 1/2 ("bilinear"), or o * (n - 1) / (outputs - 1) ("bilinear" with `align_corners`), where
    scale is the factor that is given, or outputs / n. Places are reckoned exactly, before any rounding.

    PyTorch's Upsample and interpolate; Keras's UpSampling2D is the same for whole factors. ONNX's Resize calls it
    asymmetric and floor, half_pixel and round_prefer_ceil, half_pixel, and align_corners.

    Args:
        scale_factor: by what height and width are multiplied: a number, or one for each.
        size: the output's (height, width), in place of a factor.
        mode: "nearest", "nearest-exact" or "bilinear".
        align_corners: for "bilinear": the corner places lie on each other.

    Raises:
        ParameterError: a parameter is out of range, or both or none of scale_factor and size are given.
        ShapeError: no place is left.

    >>> Upsample(2).output_shape((3, 4, 5)), Upsample(size=7, mode="bilinear").output_shape((3, 4, 5))
    ((3, 8, 10), (3, 7, 7))
    """

    prefix: ClassVar[str] = "upsample"

    scale_factor: tuple[float, float] | None = param(converter=factors, default=None)
    size: tuple[int, int] | None = param(converter=optional_pair, kw_only=True, default=None)
    mode: str = param(converter=choice("nearest", "nearest-exact", "bilinear"), kw_only=True, default="nearest")
    align_corners: bool = param(converter=flag, kw_only=True, default=False)

    def check(self) -> None:
        """Check that there is one way to tell the size, and corners to align."""
        if (self.scale_factor is None) == (self.size is None):
            raise ParameterError(
                self.kind,
                got=f"scale_factor={self.scale_factor}, size={self.size}",
                expected="one of them",
                fix="write for instance Upsample(2), or Upsample(size=(14, 14))",
            )
        if self.align_corners and self.mode != "bilinear":
            raise ParameterError(
                self.kind,
                got=f"align_corners=True with mode={self.mode!r}",
                expected='align_corners with mode="bilinear" only',
                fix='leave align_corners out, or use mode="bilinear"',
            )

    def windows(self, *shapes: Shape) -> tuple[ResizedWindow, ResizedWindow]:
        """Return the windows along height and width."""
        rows, columns = (
            ResizedWindow(
                None if self.size is None else self.size[i],
                None if self.scale_factor is None else self.scale_factor[i],
                self.mode,
                self.align_corners,
            )
            for i in (0, 1)
        )
        return rows, columns

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return (channels, height, width)."""
        channels, height, width = as_maps(self, shapes[0])
        rows, columns = self.windows()
        return channels, rows.out(height), columns.out(width)

    def cost(self, *shapes: Shape) -> Cost:
        """Return nothing for numbers that are copied; two products and a sum along rows, and along columns."""
        if self.mode != "bilinear":
            return Cost()
        channels, height, width = self.output_shape(*shapes)
        weighed = channels * height * (shapes[0][2] + width)
        return Cost(adds=weighed, muls=2 * weighed)

    def places(self, shape: Shape) -> Places:
        """Return the place that each number copies; of a bilinear one, the first that it weighs."""
        rows, columns = (
            np.array([window.reads(o, size).start for o in range(window.out(size))])
            for window, size in zip(self.windows(), shape[1:], strict=True)
        )
        c, r, k = np.ix_(np.arange(shape[0]), rows, columns)
        return (c * shape[1] + r) * shape[2] + k

    def _shares(self, shape: Shape, dtype: Any) -> tuple[Array, Array]:
        """Return how rows and columns are weighed, as matrices (outputs, places) for maps (C, H, W)."""
        found: list[Array] = []
        for window, size in zip(self.windows(), shape[1:], strict=True):
            found.append(np.zeros((window.out(size), size), dtype))
            for o, row in enumerate(found[-1]):
                for place, share in window.shares(o, size).items():
                    row[place] = float(share)
        return found[0], found[1]

    def forward(self, *inputs: Array, w: Weights, run: Run) -> Array:
        """Return every map resized: (N, C, H', W')."""
        if self.mode != "bilinear":
            return super().forward(*inputs, w=w, run=run)
        (x,) = inputs
        rows, columns = self._shares(x.shape[1:], x.dtype)
        tall = np.stack([_weighed(x, share) for share in rows], axis=-2)  # (N, C, H', W)
        return np.stack([_weighed(tall.swapaxes(-1, -2), share) for share in columns], axis=-1)

    def backward(self, grad: Array, *inputs: Array, y: Array, w: Weights, run: Run) -> Gradients:
        """Give every place its shares of the gradients of those that read it."""
        if self.mode != "bilinear":
            return super().backward(grad, *inputs, y=y, w=w, run=run)
        rows, columns = self._shares(inputs[0].shape[1:], grad.dtype)
        return Gradients((rows.T @ grad @ columns,))

    def explain(self, index: tuple[int, ...], *inputs: Array, w: Weights, run: Run) -> Arithmetic:
        """Return the place that the number came from, or those that it weighs."""
        if self.mode != "bilinear":
            return super().explain(index, *inputs, w=w, run=run)
        (x,) = inputs
        rows, columns = (
            window.shares(o, size) for window, o, size in zip(self.windows(), index[1:], x.shape[2:], strict=True)
        )
        read = [(index[0], r, k) for r in rows for k in columns]
        value = np.array([x[(0, *place)] for place in read], np.float64)
        weight = np.array([float(rows[r] * columns[k]) for _, r, k in read])
        return Arithmetic(
            rule="sum",
            formula="sum(x * w)",
            terms=Terms(
                source=np.zeros(len(read), np.intp),
                index=np.array(read),
                inside=np.ones(len(read), np.bool_),
                value=value,
                product=value * weight,
                used=np.ones(len(read), np.bool_),
                weight=weight,
            ),
            total=exact_sum(value * weight),
        )

    def reads(self, mask: Mask, *shapes: Shape) -> tuple[Mask, ...]:
        """Return the places that the masked numbers read, in the same channel."""
        rows, columns = self.windows()
        return (meet(mask, rows.incidence(shapes[0][1]), columns.incidence(shapes[0][2])),)

    @classmethod
    def examples(cls) -> list[Example]:
        """Return every mode, by factors and by sizes, larger and smaller."""
        return [
            Example(cls(2), (3, 3, 3)),
            Example(cls((1.5, 3.0)), (2, 5, 2)),
            Example(cls(size=(4, 7)), (1, 5, 3)),
            Example(cls(0.7, mode="nearest-exact"), (2, 7, 5)),
            Example(cls(size=(5, 3), mode="nearest-exact"), (2, 2, 7)),
            Example(cls(2, mode="bilinear"), (2, 3, 5)),
            Example(cls(size=(2, 5), mode="bilinear"), (2, 5, 2)),
            Example(cls((3.0, 0.5), mode="bilinear", align_corners=True), (1, 3, 7)),
            Example(cls(size=(1, 4), mode="bilinear", align_corners=True), (2, 3, 1)),
        ]


def _weighed(x: Array, share: Array) -> Array:
    """Return the rows of maps (..., H, W) weighed with `share` (H,); what weighs nothing is not read."""
    read = np.flatnonzero(share)
    return (x[..., read, :] * share[read][:, None]).sum(axis=-2)

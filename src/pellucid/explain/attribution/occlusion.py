"""Occlusion: how much the score falls when a patch of the image is covered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from ...arrays import Floats
from ...checks import whole_number
from ...errors import ParameterError
from .attribution import Attribution
from .method import Baseline, Method, baseline_of, check_image
from .question import Question

Side = int | tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class Occlusion(Method):
    """How much the score falls when a patch is covered: of each pixel, the mean over the patches that it lies in.

    Patches lie every `stride` pixels from the top left corner on, until all of the image was covered; the last ones
    are cut off at its edge. Source: M. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks",
    ECCV 2014, section 4.2.

    Args:
        size: the patch's (height, width), or one number for both; None: an eighth of the image, 2 or more.
        stride: from patch to patch; None: half of the size, rounded up.
        baseline: what covers: one number for all, or an array of the input's shape.

    Raises:
        ParameterError: sizes that cannot be; a stride larger than the size, which would leave pixels out.

    >>> from pellucid import Network
    >>> from pellucid.layers import Flatten, Linear
    >>> net = Network((1, 1, 2), [Flatten(), Linear(2, bias=False)])
    >>> net.weights["linear1.weight"] = [[1, -2], [0, 3]]
    >>> net.trace([[[5.0, 1.0]]]).attribute(Occlusion(size=1), target=0).map.tolist()
    [[5.0, -2.0]]
    """

    size: Side = None
    stride: Side = None
    baseline: Baseline = 0.0

    name: ClassVar[str] = "occlusion"
    about: ClassVar[str] = "how much the score falls when a patch is covered"

    def __post_init__(self) -> None:
        for name in ("size", "stride"):
            value: Any = getattr(self, name)
            sides = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value, value)
            if value is not None and (len(sides) != 2 or any(whole_number(side, 1) is None for side in sides)):
                raise ParameterError(
                    self.name,
                    got=f"{name}={value!r}",
                    expected="a whole number of 1 or more, or (height, width)",
                    fix=f"use for instance {name}=8",
                )

    def answer(self, question: Question) -> Attribution:
        """Return how much each pixel counts, (H, W)."""
        image = question.image
        extent = check_image(self.name, question)
        cover = baseline_of(self.name, self.baseline, image.shape)
        patches = self.patches(extent)

        def covered() -> Iterator[Floats]:
            for rows, columns in patches:
                other = image.copy()
                other[:, rows, columns] = cover[:, rows, columns]
                yield other

        falls = question.score - question.scores(covered(), len(patches))
        total, count = np.zeros(extent), np.zeros(extent)
        for (rows, columns), fall in zip(patches, falls, strict=True):
            total[rows, columns] += fall
            count[rows, columns] += 1
        values = (total / np.maximum(count, 1)).astype(np.float32)
        return self.found(question, values, values)

    def patches(self, extent: tuple[int, int]) -> list[tuple[slice, slice]]:
        """Return the rows and columns of each patch.

        >>> [(rows.start, columns.stop) for rows, columns in Occlusion(size=2).patches((2, 3))]
        [(0, 2), (0, 3)]
        """
        sizes = _sides(self.size) or (max(2, extent[0] // 8), max(2, extent[1] // 8))
        strides = _sides(self.stride) or (-(-sizes[0] // 2), -(-sizes[1] // 2))
        if strides[0] > sizes[0] or strides[1] > sizes[1]:
            raise ParameterError(
                self.name,
                got=f"stride {strides} of patches {sizes}",
                expected="a stride no larger than the size",
                fix=f"use stride={sizes} or less",
            )
        rows, columns = (
            [slice(start, min(start + size, side)) for start in range(0, max(1, side - size + stride), stride)]
            for side, size, stride in zip(extent, sizes, strides, strict=True)
        )
        return list(itertools.product(rows, columns))


def _sides(value: Side) -> tuple[int, int] | None:
    return (value, value) if isinstance(value, int) else value

"""What an attribution found: how much each number of an image counts for one number of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...arrays import Floats

if TYPE_CHECKING:
    from .method import Method


@dataclass(frozen=True)
class Strong:
    """A place of the image that counts much: its row, its column, and how much it counts."""

    row: int
    column: int
    value: float


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each number of an image counts for one number of a network.

    Args:
        method: the method, with its settings.
        engine: the name of the engine that computed the scores and gradients.
        input: the name of the input whose numbers are weighed.
        source: the name of the value that was asked about.
        index: the number's place in it: (class,), or (channel, row, column).
        target: the class, or None where another number was asked about.
        label: the class's name, or None.
        score: the number itself.
        values: what the method gives: (C, H, W), one for each number of the input; (H, W), one for each pixel; or
            (h, w), one for each place of `layer`.
        map: how much each pixel counts, (H, W); `values` where the input is no image.
        layer: the layer whose maps were weighed, or None.
        reference: the score of the image that the method compares with, or None.
    """

    method: Method
    engine: str
    input: str
    source: str
    index: tuple[int, ...]
    target: int | None
    label: str | None
    score: float
    values: Floats
    map: Floats
    layer: str | None = None
    reference: float | None = None

    @property
    def address(self) -> str:
        """The number that was asked about, such as "linear3[7]"."""
        return f"{self.source}[{','.join(map(str, self.index))}]"

    @property
    def error(self) -> float | None:
        """By how much the values miss what they must add up to, the score less the reference's; None: they need not."""
        if self.reference is None:
            return None
        return float(self.values.sum(dtype=np.float64)) - (self.score - self.reference)

    def strongest(self, count: int = 5, *, apart: int | None = None) -> tuple[Strong, ...]:
        """Return the pixels that count most, for or against, the largest first; of equal ones, as in a patch, one.

        Args:
            count: how many, at most; pixels that do not count at all are left out.
            apart: how many rows or columns each lies from those before it, at least; None: a sixteenth of the image.

        >>> from pellucid import Network
        >>> from pellucid.layers import ReLU
        >>> found = Network((1, 1, 3), [ReLU()]).trace([[[1, 2, 3]]]).attribute("gradient", ("relu1", (0, 0, 1)))
        >>> found.strongest()
        (Strong(row=0, column=1, value=1.0),)
        """
        if self.map.ndim != 2:
            return ()
        least = max(1, max(self.map.shape) // 16 if apart is None else apart)
        left = np.nan_to_num(np.abs(self.map), nan=0.0)
        found: list[Strong] = []
        while len(found) < count and left.any():
            row, column = divmod(int(left.argmax()), left.shape[1])
            found.append(Strong(row, column, float(self.map[row, column])))
            near = slice(max(0, row - least + 1), row + least), slice(max(0, column - least + 1), column + least)
            left[near] = 0
            left[self.map == self.map[row, column]] = 0
        return tuple(found)

    def __str__(self) -> str:
        what = self.address if self.label is None else f"{self.address}, class {self.label!r}"
        lines = [f"{self.method.name} for {what}: score {self.score:.6g}"]
        if self.layer is not None:
            lines.append(f"  maps of {self.layer}")
        if self.reference is not None and self.error is not None:
            total = self.values.sum(dtype=np.float64)
            lines.append(f"  sum {total:.6g} = {self.score:.6g} - {self.reference:.6g}, but for {self.error:.2g}")
        places = ", ".join(f"({strong.row}, {strong.column}) {strong.value:+.4g}" for strong in self.strongest())
        return "\n".join([*lines, f"  strongest (row, column): {places or 'none'}"])

"""A tensor of a file, known by name and shape before a byte of its numbers is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, as_array, as_float32
from ..errors import DataError, ModelFileError

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor that can be read when its place in the network is known.

    Args:
        name: what the file calls it, for errors.
        shape: its shape.
        read: reads its numbers: an array of `shape`, of any real type.

    >>> import numpy as np
    >>> Stored.of("kernel", np.zeros((3, 3, 1, 8))).permuted(3, 2, 0, 1).shape
    (8, 1, 3, 3)
    """

    name: str
    shape: Shape
    read: Callable[[], NDArray[Any]]

    def numbers(self) -> Floats:
        """Return its numbers as float32, of which nobody else has the memory.

        Raises:
            ModelFileError: they are no real numbers, or beyond float32's range.
        """
        try:
            array = as_array(self.name, self.read())
            return as_float32(self.name, array, copy=not array.flags.owndata or array.dtype != np.float32)
        except DataError as error:
            where = f"tensor {self.name!r}"
            raise ModelFileError(where, got=error.got, expected=error.expected, fix=error.fix) from None

    @classmethod
    def of(cls, name: str, array: NDArray[Any]) -> Stored:
        """Return an array that is there already."""
        return cls(name, array.shape, lambda: array)

    def permuted(self, *axes: int) -> Stored:
        """Return the tensor with its axes in this order."""
        return Stored(self.name, tuple(self.shape[axis] for axis in axes), lambda: self.read().transpose(axes))

    def reshaped(self, *shape: int) -> Stored:
        """Return the tensor laid out in another shape, of as many numbers."""
        assert math.prod(shape) == math.prod(self.shape), f"{self.name}: {self.shape} as {shape}"
        return Stored(self.name, shape, lambda: self.read().reshape(shape))

    def mapped(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Stored:
        """Return the tensor with its numbers changed, its shape not."""
        return Stored(self.name, self.shape, lambda: change(self.read()))

"""What people hand over as numbers, as float32 arrays: every real type and layout, and one clear error for the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

Floats = NDArray[np.float32]


def as_array(where: str, value: Any) -> NDArray[Any]:
    """Return an array of real numbers, of any shape.

    Args:
        where: what the numbers are for, for errors.
        value: an array, or what NumPy makes one of.

    Raises:
        DataError: rows of different lengths, or no real numbers.

    >>> as_array("weight", [1, 2]).dtype.kind
    'i'
    """
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists; tensors that will not be arrays
        raise DataError(
            where,
            got="rows of different lengths" if "inhomogeneous" in str(error) else str(error).split("\n")[0],
            expected="an array of real numbers",
            fix="make it a NumPy array first",
        ) from None
    if array.dtype.kind not in "fiub":
        raise DataError(
            where, got=f"dtype {array.dtype}", expected="an array of real numbers", fix="convert it to float32"
        )
    return array


def as_float32(where: str, array: NDArray[Any], *, copy: bool = False) -> Floats:
    """Return real numbers as contiguous float32; without `copy` it may be the array itself.

    Raises:
        DataError: a number is beyond float32's range.

    >>> as_float32("weight", np.array([0.5], np.float64)).dtype
    dtype('float32')
    """
    with np.errstate(over="ignore"):
        taken = np.array(array, np.float32, order="C") if copy else np.ascontiguousarray(array, np.float32)
    if array.dtype.kind == "f" and array.dtype.itemsize > 4 and np.isinf(taken).sum() > np.isinf(array).sum():
        raise DataError(
            where,
            got=f"numbers up to {np.abs(array[np.isfinite(array)]).max():.3g}",
            expected=f"at most {np.finfo(np.float32).max:.3g}, float32's largest",
            fix="scale them down",
        )
    return taken if taken.shape == array.shape else taken.reshape(())  # ascontiguousarray makes one axis of none

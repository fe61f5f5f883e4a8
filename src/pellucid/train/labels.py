"""Class numbers as everything here takes them: (N,) int64, each the number of a class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

Labels = NDArray[np.int64]


def as_labels(where: str, labels: Any, classes: int) -> Labels:
    """Return labels as (N,) int64.

    Args:
        where: whose labels they are, for errors.
        labels: (N,) whole numbers of any dtype.
        classes: how many classes there are.

    Raises:
        DataError: not (N,), not whole numbers, or out of range; the error names the first sample.

    >>> as_labels("training data", [2, 0.0, 1], 3)
    array([2, 0, 1])
    """
    try:
        array = np.asarray(labels)
    except ValueError:
        array = np.empty((), object)
    expected = f"(N,) whole numbers from 0 to {classes - 1}"
    shape: tuple[int, ...] = array.shape
    if len(shape) != 1:
        fix = "give one class number a sample"
        if len(shape) == 2:
            fix = "use labels.argmax(axis=1)" if shape[1] > 1 else f"{fix}, as with labels.ravel()"
        raise DataError(where, got=f"labels of shape {shape}", expected=expected, fix=fix)
    if array.dtype.kind not in "fiub":
        raise DataError(
            where, got=f"labels of dtype {array.dtype}", expected=expected, fix="give each sample its class's number"
        )
    wrong = ~((array >= 0) & (array < classes))  # as NaN is
    if array.dtype.kind == "f":
        wrong |= array != np.trunc(array)
    if wrong.any():
        sample = int(wrong.argmax())
        value = array[sample].item()
        inside = isinstance(value, (int, bool)) or value.is_integer()
        raise DataError(
            where,
            got=f"label {value} of sample {sample}",
            expected=expected,
            fix=f"count classes from 0, or build the network for {int(value) + 1} classes"
            if inside and value >= classes
            else "correct the label, or leave the sample out",
        )
    return array.astype(np.int64)

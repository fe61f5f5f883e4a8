"""Memory as the kernels want it: every array begins on a line of the cache."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...errors import EngineError

LINE = 64  # bytes


def aligned(count: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return an array of so many numbers, not filled, whose first byte lies on a multiple of 64.

    Raises:
        EngineError: there is not so much memory.

    >>> aligned(3, np.float32).ctypes.data % 64
    0
    """
    size = count * np.dtype(dtype).itemsize
    try:
        room = np.empty(size + LINE, np.uint8)
    except (MemoryError, ValueError):
        raise EngineError(
            "engine 'native'",
            got=f"a network and a batch that need {size:,} bytes at once",
            expected="what the machine can give",
            fix="use a smaller batch_size",
        ) from None
    start = -room.ctypes.data % LINE
    return room[start : start + size].view(dtype)


def address(array: NDArray[Any]) -> int:
    """Return where an array's numbers begin.

    >>> array = np.zeros(3, np.float32)
    >>> address(array) == array.ctypes.data
    True
    """
    try:  # the fastest way, which only arrays allow that may be written
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    except (TypeError, ValueError):
        return array.ctypes.data


def up(count: int, step: int = LINE) -> int:
    """Return the next multiple of `step`.

    >>> up(65), up(64)
    (128, 64)
    """
    return -(-count // step) * step

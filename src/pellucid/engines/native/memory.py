"""Memory as the kernels want it: every array begins on a line of the cache."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...errors import EngineError
from ...network import Network
from ...wiring import name_of
from .machine import Target

LINE = 64  # bytes
LARGEST = 2**36  # bytes of one value of a block of samples: a plan for more would take minutes to find out


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


def check_values(net: Network, target: Target) -> None:
    """Refuse a network with a value that no machine can hold, before anything is planned.

    Raises:
        EngineError: there is such a value.

    >>> from pellucid.layers import ReLU
    >>> from .machine import x86
    >>> check_values(Network((1, 2, 2), [ReLU()]), x86("avx2"))
    """
    most = LARGEST // (4 * target.lanes)
    for node in (*net.inputs, *net.nodes):
        if math.prod(node.shape) > most:
            raise EngineError(
                f"engine 'native', {name_of(node)!r}",
                got=f"a value of shape {node.shape}: {math.prod(node.shape):,} numbers a sample",
                expected=f"at most {most:,}",
                fix="use smaller images, or less padding",
            )


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

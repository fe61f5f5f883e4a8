"""Runs one kernel on plain arrays, on any instruction set of this machine."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engines.native.compiler import compile_object
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.loader import load
from pellucid.engines.native.machine import Target, host

ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


def aligned(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy whose first byte lies on a multiple of 64."""
    array = np.ascontiguousarray(array)
    room = np.empty(array.nbytes + 64, np.uint8)
    start = -room.ctypes.data % 64
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def run(kernel: Kernel, *arrays: NDArray[Any], item: int = 0, target: Target | None = None) -> None:
    """Call a kernel on arrays made by `aligned`; it writes into them."""
    assert len(arrays) == kernel.count()
    pointers = np.array([array.ctypes.data for array in arrays], np.int64)
    _entry(kernel, target or host())(pointers.ctypes.data, item)


@cache
def _entry(kernel: Kernel, target: Target) -> Callable[[int, int], None]:
    name, text = kernel.text(target)
    return ENTRY(load(name, compile_object(text, target, str(kernel))))

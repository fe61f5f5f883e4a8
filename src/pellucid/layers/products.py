"""Matrix products whose bits do not depend on how many threads NumPy's BLAS may use.

A BLAS that shares a product among threads cuts it elsewhere for another number of threads, and sums in another order.
So products are cut here, at places that depend on the shapes alone, into pieces that a BLAS computes on one thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Up to these OpenBLAS, which NumPy brings, takes one thread: interface/gemm.c (multiply-adds), gemv.c (numbers).
_MOST_WITH_MATRIX = 2**18
_MOST_WITH_VECTOR = 2**13


def product(a: Array, b: Array) -> Array:
    """Return a @ b: (..., M, K) and (..., K, N) give (..., M, N), with the same bits whatever the number of threads.

    >>> product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    array([[11.]])
    """
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    out = np.empty((*lead, a.shape[-2], b.shape[-1]), np.result_type(a, b))
    _into(out, a, b)
    return out


def _into(out: Array, a: Array, b: Array) -> None:
    """Write a @ b into `out`, halving the longest axis until a piece is small."""
    (m, k), n = a.shape[-2:], b.shape[-1]
    if m * k * n <= (_MOST_WITH_VECTOR if min(m, n) == 1 else _MOST_WITH_MATRIX):
        np.matmul(a, b, out=out)
        return
    longest = max(m, k, n)
    half = -(-longest // 32) * 16  # whole vectors
    if longest == k:
        _into(out, a[..., :half], b[..., :half, :])
        out += product(a[..., half:], b[..., half:, :])
    elif longest == n:
        _into(out[..., :half], a, b[..., :half])
        _into(out[..., half:], a, b[..., half:])
    else:
        _into(out[..., :half, :], a[..., :half, :], b)
        _into(out[..., half:, :], a[..., half:, :], b)

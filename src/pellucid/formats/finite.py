"""Weights that are no finite numbers, found as they come in: one of them makes everything that follows NaN."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..arrays import Floats
from ..words import legible

BLOCK = 2**18  # numbers that are looked at together: they stay in a processor's cache
INFINITE, SMALLEST = 0x7F800000, 0x00800000  # a float32's bits without its sign: infinity, the smallest normal number
FEW_DENORMAL = 10  # denormals are told where they are one number in ten or more: they are slow, and a sign of damage
TOLD = 8  # tensors that are spelt out


def not_finite(arrays: Mapping[str, Floats]) -> tuple[str, str] | None:
    """Return the first tensor that holds NaN, infinities or many denormals, and all such tensors in words; or None.

    >>> not_finite({"a": np.ones(2, np.float32), "b": np.array([[1, np.nan], [np.inf, 1]], np.float32)})
    ('b', "'b': 1 NaN and 1 infinite of 4 numbers, the first at (0, 1)")
    """
    told = {name: text for name in arrays if (text := _told(arrays[name]))}
    if not told:
        return None
    spelt = [f"{legible(repr(name), 100)}: {text}" for name, text in list(told.items())[:TOLD]]
    more = [f"and {len(told) - TOLD} more tensors"] if len(told) > TOLD else []
    return next(iter(told)), "; ".join([*spelt, *more])


def _told(array: Floats) -> str:
    """Return what is wrong with an array, or "". Formula: IEEE 754, section 3.4."""
    row = np.ascontiguousarray(array).reshape(-1).view(np.uint32)
    counts = {"NaN": 0, "infinite": 0, "denormal": 0}
    first: dict[str, int] = {}
    for start in range(0, row.size, BLOCK):
        bits = row[start : start + BLOCK] & 0x7FFFFFFF
        high = int(bits.max())
        found = {
            "NaN": bits > INFINITE if high > INFINITE else None,
            "infinite": bits == INFINITE if high >= INFINITE else None,
            "denormal": bits - np.uint32(1) < SMALLEST - 1,  # of zero, this is the largest number
        }
        for kind, where in found.items():
            count = 0 if where is None else int(np.count_nonzero(where))
            if where is not None and count:
                counts[kind] += count
                first.setdefault(kind, start + int(where.argmax()))
    if counts["denormal"] * FEW_DENORMAL < row.size:
        counts["denormal"] = 0
    named = [f"{count} {kind}" for kind, count in counts.items() if count]
    if not named:
        return ""
    at = np.unravel_index(min(first[kind] for kind, count in counts.items() if count), array.shape)
    return f"{' and '.join(named)} of {row.size} numbers, the first at {tuple(int(each) for each in at)}"

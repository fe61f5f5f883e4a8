"""A drawing in the form that the digits have, so that a network trained on them can read it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError

Floats = NDArray[np.float64]

_HEIGHT, _WIDTH = 32, 20  # what a digit fills of its 32x32 bitmap
_SLIM = 1 / 3  # width over height below which a drawing is not stretched to the full width
_COVERED = 0.3  # share of the inkiest cell's ink from which on a cell of the bitmap is on


def digits_drawing(bitmap: ArrayLike) -> NDArray[np.float32]:
    """Return a drawing as the digits were made: upright, as large as its bitmap, and counted by blocks of 4x4.

    The digits are NIST's normalised 32x32 bitmaps, in whose 64 blocks of 4x4 the pixels that are on were counted, 0 to
    16 (E. Alpaydin, C. Kaynak, UCI Machine Learning Repository, 1998); here over 16. How they were normalised shows in
    the 1,797 images: all are 8 rows high; zeros are 6 columns wide, so digits are stretched; most ones are slimmer; and
    slants are small. So the drawing is sheared upright, cut out, scaled to 32 rows by 20 columns (slim ones as they
    are), and put in the middle.

    Args:
        bitmap: (height, width) ink, from 0 for none to 1.

    Returns:
        (1, 8, 8) float32; zeros for a drawing without ink.

    Raises:
        DataError: not two axes of numbers from 0 to 1.

    >>> digits_drawing(np.ones((50, 10)))[0, :, 3].tolist()  # a bar stays slim: 6 of the 32 columns
    [0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75]
    """
    ink = _cut(_upright(_cut(_checked(bitmap))))
    if not ink.size:
        return np.zeros((1, 8, 8), np.float32)
    height, width = ink.shape
    columns = _WIDTH if width > _SLIM * height else max(1, round(width * _HEIGHT / height))
    small = _averages(_averages(ink, _HEIGHT).T, columns).T
    left = (32 - columns) // 2
    cells = np.zeros((32, 32))
    cells[:, left : left + columns] = small >= _COVERED * small.max()
    return (cells.reshape(8, 4, 8, 4).sum(axis=(1, 3)) / 16)[None].astype(np.float32)


def _checked(bitmap: ArrayLike) -> Floats:
    array = np.asarray(bitmap)
    if array.ndim != 2 or array.dtype.kind not in "fiub" or not ((array >= 0) & (array <= 1)).all():
        raise DataError(
            "drawing",
            got=f"an array of shape {array.shape}, dtype {array.dtype}"
            + (f", from {array.min():g} to {array.max():g}" if array.size and array.dtype.kind in "fiu" else ""),
            expected="(height, width) numbers from 0 (no ink) to 1",
            fix="divide by 255, and turn dark ink on light ground around: 1 - x",
        )
    return array.astype(np.float64)


def _cut(ink: Floats) -> Floats:
    """Return the part that has ink, or an array of size 0."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return ink[:0, :0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _upright(ink: Floats) -> Floats:
    """Return the drawing with its rows shifted so that its ink leans to no side."""
    height, width = ink.shape
    rows, columns = np.arange(height, dtype=np.float64) - (height - 1) / 2, np.arange(width, dtype=np.float64)
    total = ink.sum()
    if not total:
        return ink
    row, column = (ink.sum(axis=1) * rows).sum() / total, (ink.sum(axis=0) * columns).sum() / total
    spread = float((ink.sum(axis=1) * (rows - row) ** 2).sum())
    lean = float((np.multiply.outer(rows - row, columns - column) * ink).sum()) / spread if spread else 0.0
    room = math.ceil(abs(lean) * height / 2) + 1
    places = np.arange(-room, width + room, dtype=np.float64)
    framed, columns = np.pad(ink, ((0, 0), (1, 1))), np.arange(-1, width + 1, dtype=np.float64)  # ink ends along a line
    shifted = np.empty((height, len(places)))
    for number, place in enumerate(rows):
        shifted[number] = np.interp(places + lean * place, columns, framed[number])
    return shifted


def _averages(ink: Floats, cells: int) -> Floats:
    """Return the rows averaged into `cells` equal parts, whose edges may lie within rows."""
    edges = np.linspace(0, len(ink), cells + 1)
    row = edges.astype(np.intp)  # that the edge lies in; the last one ends all
    framed = np.pad(ink, ((1, 1), (0, 0)))
    above = framed.cumsum(axis=0)[row] + (edges - row)[:, None] * framed[row + 1]
    return np.diff(above, axis=0) * cells / len(ink)

"""Parts of images as small pictures that a page holds in itself: PNG, in base64."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray

LARGEST = 64  # pixels a side; larger parts are scaled down

Pixels = NDArray[np.float32]


def cutout(image: Pixels, rows: range, columns: range) -> str | None:
    """Return the part of an image as a data URI of a PNG, or None where there are no pixels.

    Numbers from 0 to 1 are dark to bright; an image with others is shown from its smallest to its largest, NaN dark.
    Three channels are red, green and blue; of other numbers of channels the mean is shown.

    Args:
        image: (channels, height, width); a vector is one row.
        rows: the part's rows.
        columns: its columns.

    >>> print(cutout(np.eye(4, dtype=np.float32)[None], range(0, 2), range(1, 3))[:22])
    data:image/png;base64,
    """
    from PIL import Image

    if not rows or not columns:
        return None
    maps = image.reshape(-1, *((1, 1, *image.shape)[-2:]))
    levels = _levels(maps)[:, rows.start : rows.stop, columns.start : columns.stop]
    shown = levels if len(levels) == 3 else levels.mean(axis=0, keepdims=True)
    bytes_ = (shown * 255).round().astype(np.uint8)
    picture = Image.fromarray(bytes_[0] if len(bytes_) == 1 else np.ascontiguousarray(bytes_.transpose(1, 2, 0)))
    longest = max(picture.size)
    if longest > LARGEST:
        width, height = (max(1, round(side * LARGEST / longest)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _levels(maps: Pixels) -> Pixels:
    """Return the numbers as shares of the way from dark to bright."""
    finite = np.nan_to_num(maps, posinf=np.nan, neginf=np.nan)[np.isfinite(maps)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    with np.errstate(invalid="ignore"):
        levels = (maps.astype(np.float64) - low) / (high - low or 1.0)
    return np.nan_to_num(levels, nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1).astype(np.float32)

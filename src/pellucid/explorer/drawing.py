"""From what a hand drew to what a network reads, where the data set has no rule of its own for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bitmap = NDArray[np.float32]  # (height, width): 0 is paper, 1 is ink
Drawing = Callable[[Bitmap], NDArray[np.float32]]


def fit(shape: tuple[int, ...], low: float, high: float) -> Drawing:
    """Return a rule that resizes a bitmap to a network's input.

    Args:
        shape: (channels, height, width) of the input; all channels get the same ink.
        low: what paper is in the network's numbers.
        high: what ink is.

    Returns:
        the rule: bitmap (height, width) of 0 to 1 -> float32 of `shape`.

    >>> fit((2, 1, 1), 0.0, 16.0)(np.ones((4, 4), np.float32)).tolist()
    [[[16.0]], [[16.0]]]
    """
    channels, height, width = shape

    def convert(bitmap: Bitmap) -> NDArray[np.float32]:
        small = Image.fromarray(bitmap).resize((width, height), Image.Resampling.BOX)
        ink = np.asarray(small, np.float32)
        return np.broadcast_to(low + (high - low) * ink, (channels, height, width)).astype(np.float32)

    return convert

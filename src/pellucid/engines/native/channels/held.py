"""Where a value lies in channel lanes, and what a plan needs of the network's weights."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..plan import Buffer
from .layout import Blocked

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Held:
    """A value: the memory it is in, and how it lies there."""

    buffer: Buffer
    maps: Blocked


@dataclass(frozen=True)
class Flattened:
    """A vector that is still maps: who reads it may take the numbers from there.

    Args:
        held: the maps.
        order: in which order they are flattened, "CHW" or "HWC".
    """

    held: Held
    order: str


@dataclass(frozen=True)
class Packed:
    """Weights in the order in which a kernel reads them.

    Args:
        buffer: their place.
        key: equal for weights that lie alike in several plans of a network.
        layer: whose weights they are.
        short: the layer's name of the weight.
        make: what is made of it; it gets None if the layer has no such weight.
    """

    buffer: Buffer
    key: Hashable
    layer: str
    short: str
    make: Callable[[Floats | None], Floats]

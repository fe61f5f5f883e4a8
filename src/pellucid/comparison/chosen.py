"""Inputs that expose differences: what two networks are given where nobody gives an image."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..network import Network
from ..random import generator

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Given:
    """What both networks are given.

    Args:
        name: what it is called.
        about: what it exposes.
        inputs: an array (N, ...) for each input.
    """

    name: str
    about: str
    inputs: tuple[Floats, ...]


def _distinct(shape: tuple[int, ...], name: str) -> Floats:
    """Return as many different numbers as there are places, evenly from -1 to 1, in no order."""
    count = math.prod(shape)
    values = np.linspace(-1.0, 1.0, count) if count > 1 else np.full(1, 0.5)
    return generator(0, name).permutation(values).reshape(1, *shape).astype(np.float32)


def _not_a_number(values: Floats) -> Floats:
    """Return the same with NaN in one place, in the middle of every axis."""
    changed = values.copy()
    changed[(0, *(size // 2 for size in values.shape[1:]))] = np.nan
    return changed


CHOSEN: dict[str, tuple[str, Callable[[Floats], Floats]]] = {
    "distinct": ("no two numbers alike, from -1 to 1: places that are swapped, turned or left out", lambda x: x),
    "negative": ("all below 0: padding that takes part, slopes below 0", lambda x: (x - 1.5) * np.float32(2)),
    "large mean": ("around 1000: means and variances that cancel", lambda x: x + np.float32(1000)),
    "NaN": ("one number is NaN: what drops it", _not_a_number),
}


def chosen(net: Network) -> tuple[Given, ...]:
    """Return inputs that expose differences, each under its name; the same for networks that read the same.

    >>> from pellucid.layers import ReLU
    >>> [given.name for given in chosen(Network((3, 4, 5), [ReLU()]))]
    ['distinct', 'negative', 'large mean', 'NaN']
    """
    first = [_distinct(node.shape, f"input {place}") for place, node in enumerate(net.inputs)]
    return tuple(
        Given(name, about, tuple(change(values) for values in first)) for name, (about, change) in CHOSEN.items()
    )

"""Pools whose border takes part, whose NaN is lost, or which keep the largest instead of the mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...layers import AvgPool2d, MaxPool2d, Pad2d
from ...layers.base import Run
from .padding import sides
from .variant import Member, Variant, changed


def border(m: Member) -> Iterator[Variant]:
    """Yield a max pool whose padding is zeros that may win."""
    if not isinstance(m.layer, MaxPool2d):
        return
    around = sides(m, m.layer.padding)
    inner = changed(m, padding=0) if any(map(any, around)) else None
    if inner is None:
        return
    pad = Pad2d(around)
    words = (
        f"{m.theirs} pads with zeros, which win where all numbers of a window are negative, and {m.ours} with -inf, "
        f"which never wins, along height and width; pad {m.theirs} with -inf, or use the pool's own padding"
    )

    def step(x: NDArray[Any]) -> NDArray[Any]:
        return inner.forward(pad.forward(x, w={}, run=Run()), w={}, run=Run())

    yield m.computed("max-pool border", words, step)


def lost_nan(m: Member) -> Iterator[Variant]:
    """Yield a layer that takes NaN for the smallest number, or for zero."""
    if not m.weights:
        for value, said in ((-np.inf, "as if it were not there"), (0.0, "as if it were 0")):
            words = (
                f"{m.theirs} drops NaN, {said}, and {m.ours} lets it through; a NaN among the numbers that a place "
                "reads (each axis) must give NaN: check for it before, or compute with another engine"
            )
            yield m.computed("NaN dropped", words, _without_nan(m, value))


def _without_nan(m: Member, value: float) -> Any:
    def step(*inputs: NDArray[Any]) -> NDArray[Any]:
        return m.layer.forward(*(np.where(np.isnan(x), value, x) for x in inputs), w={}, run=Run())

    return step


def other_pool(m: Member) -> Iterator[Variant]:
    """Yield a mean in the place of a maximum, and the other way round."""
    if not isinstance(m.layer, (MaxPool2d, AvgPool2d)) or m.other is not None:
        return
    kind = AvgPool2d if isinstance(m.layer, MaxPool2d) else MaxPool2d
    names = ("kernel_size", "stride", "padding", "ceil_mode")
    layer = kind(**{name: m.layer.config()[name] for name in names})
    words = f"{m.ours} computes {m.layer!r} and {m.theirs} {layer!r} along height and width; use the same pool"
    yield m.variant("kind", words, layer=layer)

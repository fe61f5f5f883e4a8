"""Pools whose border takes part, whose NaN is lost, or which keep the largest instead of the mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...layers import AvgPool2d, MaxPool2d, Pad2d
from ...layers.base import Run
from .padding import sides
from .variant import Member, Step, Variant, changed


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


def nan_by_place(m: Member) -> Iterator[Variant]:
    """Yield a max pool that compares one number after another, where NaN is larger than none, or none than NaN."""
    if not isinstance(m.layer, MaxPool2d):
        return
    for keeps, said in ((True, "unless it is the first number of its window"), (False, "with all that came before it")):
        words = (
            f"{m.theirs} drops NaN {said}, as it compares one number of a window after another along height and width, "
            f"and {m.ours} lets NaN through; check for NaN before, or compute with another engine"
        )
        yield m.computed("NaN dropped", words, _one_by_one(m, m.layer, keeps))


def _one_by_one(m: Member, pool: MaxPool2d, keeps: bool) -> Step:
    windows = pool.windows()
    around = sides(m, pool.padding)
    shape = pool.output_shape(*m.shapes)

    def step(x: NDArray[Any]) -> NDArray[Any]:
        room = [max(0, (shape[i + 1] - 1) * w.stride + w.span - w.room(x.shape[i + 2])) for i, w in enumerate(windows)]
        ends = [(before, after + more) for (before, after), more in zip(around, room, strict=True)]
        padded = np.pad(x, ((0, 0), (0, 0), *ends), constant_values=-np.inf)
        taps = [
            padded[..., windows[0].tap(a, shape[1]), windows[1].tap(b, shape[2])]
            for a, b in np.ndindex(pool.kernel_size)
        ]
        most = taps[0]
        for tap in taps[1:]:
            most = np.where(tap > most, tap, most) if keeps else np.where(most > tap, most, tap)
        return most

    return step


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

"""Norms with other statistics: the batch's own, a deviation taken for a variance, no scale or shift."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...layers import BatchNorm2d
from ...layers.base import Run
from .variant import Doubles, Member, Variant


def training_mode(m: Member) -> Iterator[Variant]:
    """Yield a batch norm that uses the statistics of what it is given."""
    if isinstance(m.layer, BatchNorm2d):
        words = (
            f"{m.theirs} is in training mode: it normalizes with the batch's own mean and variance, over the batch, "
            "height and width (all axes but the channels, axis 0); call eval(), or pass training=False"
        )
        layer, weights = m.layer, m.weights
        yield m.computed("training mode", words, lambda *x: layer.forward(*x, w=weights, run=Run(training=True)))


def statistics(m: Member) -> Iterator[Variant]:
    """Yield a running variance that is a standard deviation, or the other way round."""
    variance = m.weights.get("running_var")
    if variance is None or bool((variance < 0).any()):
        return
    words = f"{m.theirs}'s running_var is {m.ours}'s squared: {m.ours} holds a standard deviation; square it"
    yield m.other_weights("variance and deviation", words, running_var=_rounded(variance**2))
    words = f"{m.theirs}'s running_var is the square root of {m.ours}'s, a standard deviation; square it"
    yield m.other_weights("variance and deviation", words, running_var=_rounded(np.sqrt(variance)))


def _rounded(values: Doubles) -> Doubles:
    """Return numbers as they are once they are kept as weights."""
    return values.astype(np.float32).astype(np.float64)


def scale_and_shift(m: Member) -> Iterator[Variant]:
    """Yield a norm without its scale, or with neither scale nor shift."""
    scale, shift = m.weights.get("weight"), m.weights.get("bias")
    if scale is None or "eps" not in m.layer.config():
        return
    if (scale != 1).any():
        words = f"{m.theirs} does not scale by {m.ours}'s weight (gamma), along the channels (axis 0); load it"
        yield m.other_weights("scale missing", words, weight=np.ones_like(scale))
    if shift is not None and shift.any():
        words = f"{m.theirs} neither scales nor shifts (gamma and beta), along the channels (axis 0); load both"
        yield m.other_weights("scale and shift missing", words, weight=np.ones_like(scale), bias=np.zeros_like(shift))

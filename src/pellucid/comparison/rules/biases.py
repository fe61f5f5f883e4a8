"""Biases that are not added, or along another axis than the channels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...layers.base import Run
from .variant import Member, Step, Variant


def missing_bias(m: Member) -> Iterator[Variant]:
    """Yield the layer without the bias that A adds, and with the one that only B adds."""
    bias = m.weights.get("bias")
    axis = "the channels (axis 0)" if m.shapes[0][1:] else "the outputs (axis 0)"
    if bias is not None and bias.any():
        words = f"{m.theirs} adds no bias; add {m.ours}'s bias along {axis}"
        yield m.other_weights("bias missing", words, bias=np.zeros_like(bias))
    twin = m.twin()
    if twin is not None and "bias" not in m.weights and "bias" in twin.weights:
        words = f"{m.ours} adds no bias, and {m.theirs} does; add {m.theirs}'s bias along {axis}"
        layer, weights = twin.layer, {**m.weights, "bias": twin.weights["bias"]}
        if {**twin.layer.config(), "bias": False} == {**m.layer.config(), "bias": False}:
            yield m.variant("bias missing", words, layer=layer, weights=weights)


def bias_axis(m: Member) -> Iterator[Variant]:
    """Yield a bias added along the height or the width, where it is as long as that."""
    bias = m.weights.get("bias")
    shape = m.layer.output_shape(*m.shapes)
    if bias is None or not bias.any() or len(shape) != 3 or "weight" not in m.weights:
        return
    for axis, name in ((1, "height"), (2, "width")):
        if shape[axis] == len(bias):
            words = (
                f"{m.theirs} adds the bias along the {name} (axis {axis}) instead of the channels (axis 0), as long as "
                f"both are {len(bias)}; reshape the bias to ({len(bias)}, 1, 1) before it is added"
            )
            yield m.computed(f"bias along the {name}", words, _along(m, axis))


def _along(m: Member, axis: int) -> Step:
    without = {**m.weights, "bias": np.zeros_like(m.weights["bias"])}

    def step(*inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        bias = m.weights["bias"]
        return m.layer.forward(*inputs, w=without, run=Run()) + (bias[:, None] if axis == 1 else bias)

    return step

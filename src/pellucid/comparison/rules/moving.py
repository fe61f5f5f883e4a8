"""Layers that mix places: inputs in another order, a softmax over all axes, another kind of layer altogether."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import PellucidError
from ...layers import Concat, Dropout, Softmax
from ...layers.base import Run
from .activations import KINDS
from .variant import Member, Step, Variant

ORDER = "order of inputs"


def input_order(m: Member) -> Iterator[Variant]:
    """Yield a layer of several inputs that reads them in another order."""
    if not 2 <= len(m.shapes) <= 4:
        return
    for order in permutations(range(len(m.shapes))):
        if order != tuple(range(len(m.shapes))):
            said = ", ".join(str(place + 1) for place in order)
            axis = f"along axis {m.layer.axis} " if isinstance(m.layer, Concat) else ""
            words = (
                f"{m.theirs} takes {m.ours}'s inputs {axis}in the order {said}; wire both in the same order, or "
                "permute the channels (axis 1) of the weights that read it"
            )
            yield m.computed(ORDER, words, _in_order(m, order))


def _in_order(m: Member, order: tuple[int, ...]) -> Step:
    def step(*inputs: NDArray[Any]) -> NDArray[Any]:
        return m.layer.forward(*(inputs[place] for place in order), w=m.weights, run=Run())

    return step


def flat_softmax(m: Member) -> Iterator[Variant]:
    """Yield a softmax over everything at once."""
    if isinstance(m.layer, Softmax) and len(m.shapes[0]) > 1:
        words = (
            f"{m.theirs}'s probabilities sum to 1 over all axes together, and {m.ours}'s along axis {m.layer.axis}; "
            "ONNX before opset 13 flattens what follows its axis: give both one axis"
        )
        flat = Softmax(0)

        def step(x: NDArray[Any]) -> NDArray[Any]:
            return flat.forward(x.reshape(len(x), -1), w={}, run=Run()).reshape(x.shape)

        yield m.computed("softmax axis", words, step)


def active_dropout(m: Member) -> Iterator[Variant]:
    """Yield dropout that drops: where the other side has 0, and else as much more as it makes up for."""
    if not isinstance(m.layer, Dropout) or not 0 < m.layer.p < 1:
        return
    factor = 1 / (1 - m.layer.p)
    words = (
        f"{m.theirs} drops numbers: some are 0 and the others {factor:g} times {m.ours}'s, as in training; call "
        "eval(), or pass training=False, so that every number along each axis is kept"
    )

    def seen(target: NDArray[Any]) -> Step:
        def step(x: NDArray[Any]) -> NDArray[Any]:
            return np.where(target == 0, 0.0, x * factor) if target.any() else x

        return step

    yield Variant("dropout active", words, m.layer, m.weights, seen=seen)


def other_kind(m: Member) -> Iterator[Variant]:
    """Yield the other side's layer in the place of one of another kind, with A's weights where it has such."""
    if m.other is None or type(m.other.layer) is type(m.layer) or isinstance(m.other.layer, KINDS):
        return
    layer, weights = m.other.layer, m.other.weights
    try:
        layer.shape_of(*m.shapes)
    except PellucidError:
        return
    words = f"{m.ours} computes {m.layer!r} and {m.theirs} {layer!r}; use the same kind of layer"
    shared = {name: m.weights.get(name, own) for name, own in weights.items()}
    if all(shared[name].shape == own.shape for name, own in weights.items()):
        yield m.variant("kind", words, layer=layer, weights=shared)

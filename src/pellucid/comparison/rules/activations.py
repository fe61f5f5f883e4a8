"""Activations: the one of the other side, or those that are easily taken for each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    HardSigmoid,
    HardSwish,
    Layer,
    LeakyReLU,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
)
from .variant import Member, Variant

USUAL: tuple[Layer, ...] = (
    ReLU(), ReLU6(), LeakyReLU(0.01), LeakyReLU(0.1), LeakyReLU(0.2), LeakyReLU(0.3), GELU(), GELU("tanh"), SiLU(),
    HardSwish(), HardSigmoid(), HardSigmoid(alpha=0.2), Sigmoid(), Tanh(), ELU(), SELU(), CELU(), Mish(), Softplus(),
    Softsign(),
)  # fmt: skip
KINDS = tuple({type(layer) for layer in USUAL})


def activation(m: Member) -> Iterator[Variant]:
    """Yield other activations in the place of one."""
    if not isinstance(m.layer, KINDS):
        return
    others = USUAL if m.other is None else (m.other.layer,)
    for layer in others:
        if isinstance(layer, KINDS) and type(layer) is not type(m.layer):
            words = f"{m.ours} computes {m.layer!r} and {m.theirs} {layer!r}; use the same activation in both"
            yield m.variant("activation", words, layer=layer)
    if m.other is None and isinstance(m.layer, (GELU, SiLU)):
        words = f"{m.theirs} computes x * sigmoid(1.702 x), a quick GELU, and {m.ours} {m.layer!r}; use one formula"
        yield m.computed("activation", words, _quick_gelu)


def _quick_gelu(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x * Sigmoid().value(1.702 * x)

"""From maps to vectors: a linear layer's weight belongs to one order of what was flattened."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from .variant import Doubles, Member, Variant

NAMES = ("channels", "height", "width")


def flatten_order(m: Member) -> Iterator[Variant]:
    """Yield a linear layer's weight with its inputs in every other order of the flattened maps."""
    weight = m.weights.get("weight")
    if weight is None or weight.ndim != 2 or m.maps is None:
        return
    for order in permutations(range(3)):
        laid = _laid(weight, m.maps, order)
        if order == (0, 1, 2) or np.array_equal(laid, weight):
            continue
        said = ", ".join(NAMES[axis] for axis in order)
        sizes = ", ".join(str(m.maps[axis]) for axis in order)
        back = ", ".join(str(1 + int(axis)) for axis in np.argsort(order))
        words = (
            f"{m.theirs}'s weight has its inputs (axis 1) in the order {said}, and {m.ours}'s in the order channels, "
            f"height, width; permute {m.theirs}'s: weight.reshape({len(weight)}, {sizes}).transpose(0, {back})"
            f".reshape({len(weight)}, -1)"
        )
        yield m.other_weights("flatten order", words, weight=laid)


def _laid(weight: Doubles, maps: tuple[int, ...], order: tuple[int, ...]) -> Doubles:
    """Return the weight with its inputs, which are in the order of the maps' axes, in another order of them."""
    return weight.reshape(len(weight), *maps).transpose(0, *(axis + 1 for axis in order)).reshape(weight.shape)


def transposed(m: Member) -> Iterator[Variant]:
    """Yield a linear layer's weight transposed, or laid out as its transpose and only reshaped."""
    weight = m.weights.get("weight")
    if weight is None or weight.ndim != 2 or 1 in weight.shape:
        return
    fix = "transpose it: Keras keeps (in, out), PyTorch (out, in)"
    if weight.shape[0] == weight.shape[1]:
        words = f"{m.theirs}'s weight is {m.ours}'s transposed, axes 0 and 1 swapped; {fix}"
        yield m.other_weights("weight transposed", words, weight=weight.T)
    else:
        words = f"{m.theirs}'s weight is {m.ours}'s laid out as (in, out) and only reshaped, axes 0 and 1; {fix}"
        yield m.other_weights("weight transposed", words, weight=weight.T.reshape(weight.shape))

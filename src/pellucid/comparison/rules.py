"""The rules in which two networks may differ: each is tried on the layer, and named only if its numbers agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..layers import Layer

Doubles = NDArray[np.float64]
Weights = Mapping[str, Doubles]


@dataclass(frozen=True, eq=False)
class Variant:
    """One way in which the other side may compute a layer.

    Args:
        rule: the rule's name.
        words: what differs, with the axis and the fix.
        layer: the layer as the other side may have it.
        weights: its weights by short name.
    """

    rule: str
    words: str
    layer: Layer
    weights: Weights


Hypothesis = Callable[[Layer, Layer, Weights, Weights], Iterator[Variant]]


def parameters(a: Layer, b: Layer, wa: Weights, wb: Weights) -> Iterator[Variant]:
    """Yield A's layer with one parameter of B's, for each in which the two differ."""
    if type(a) is not type(b):
        return
    ours, theirs = a.config(), b.config()
    for name in sorted(set(ours) & set(theirs)):
        if ours[name] != theirs[name]:
            words = f"{name} is {ours[name]!r} in A and {theirs[name]!r} in B; give both the same {name}"
            yield Variant(name, words, type(a)(**{**ours, name: theirs[name]}), wa)


def kernel_order(a: Layer, b: Layer, wa: Weights, wb: Weights) -> Iterator[Variant]:
    """Yield kernels turned by 180 degrees, mirrored along one axis, and with height and width swapped."""
    kernel = wa.get("weight")
    if kernel is None or kernel.ndim != 4:
        return
    turned = {
        "kernel rotated": (kernel[..., ::-1, ::-1], "rotated by 180 degrees (a true convolution); flip both axes"),
        "kernel flipped in height": (kernel[..., ::-1, :], "flipped along the height; flip axis 2 of the weight"),
        "kernel flipped in width": (kernel[..., ::-1], "flipped along the width; flip axis 3 of the weight"),
    }
    if kernel.shape[2] == kernel.shape[3]:
        swapped = kernel.swapaxes(2, 3)
        turned["kernel transposed"] = swapped, "transposed: height and width swapped; swap axes 2 and 3 of the weight"
    for rule, (weight, words) in turned.items():
        yield Variant(rule, f"B's kernel is A's {words}", a, {**wa, "weight": weight})


def missing_bias(a: Layer, b: Layer, wa: Weights, wb: Weights) -> Iterator[Variant]:
    """Yield the layer without the bias that A adds."""
    if "bias" in wa and wa["bias"].any():
        words = "B adds no bias; add A's bias along the channels (axis 0)"
        yield Variant("bias missing", words, a, {**wa, "bias": np.zeros_like(wa["bias"])})


def one_tensor(a: Layer, b: Layer, wa: Weights, wb: Weights) -> Iterator[Variant]:
    """Yield A's layer with one tensor of B's."""
    for name in sorted(set(wa) & set(wb)):
        if wa[name].shape == wb[name].shape and not np.array_equal(wa[name], wb[name], equal_nan=True):
            count = int((~((wa[name] == wb[name]) | (np.isnan(wa[name]) & np.isnan(wb[name])))).sum())
            words = f"the weights differ: {count} of {wa[name].size} numbers of {name!r}; load the same weights"
            yield Variant("weights", words, a, {**wa, name: wb[name]})


HYPOTHESES: tuple[Hypothesis, ...] = (parameters, kernel_order, missing_bias, one_tensor)

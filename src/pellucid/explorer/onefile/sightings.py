"""What one explained number shows of its layer's arithmetic: which places it reads, with which weights, by which rule.

A page without a server must explain numbers by itself. What it needs for that is not written a second time, but seen in
what each layer's own `explain` says of some of its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...layers.arithmetic import Arithmetic, Floats, exact_sum
from ...layers.base import Array, Run, Weights
from ...layers.node import Node, Shape

Index = tuple[int, ...]
Whole = NDArray[np.int32]

Numbers = Mapping[str, float]
Look = Callable[[Index], "Sighting"]


def _normal(x: float, n: Numbers) -> float:
    return (x - n["mean"]) / math.sqrt(n["variance"] + n["eps"])


def _clipped(x: float, low: float, high: float) -> float:
    return float(np.minimum(np.maximum(x, low), high))


# Formulas of one number that the page computes to the last bit: each operation in them is exactly rounded everywhere.
FORMULAS: dict[str, Callable[[float, Numbers], float]] = {
    "max(x, 0)": lambda x, n: float(np.maximum(x, 0.0)),
    "min(max(x, 0), 6)": lambda x, n: _clipped(x, 0.0, 6.0),
    "min(max(x, low), high)": lambda x, n: _clipped(x, n["low"], n["high"]),
    "max(0, min(1, alpha * x + beta))": lambda x, n: _clipped(n["alpha"] * x + n["beta"], 0.0, 1.0),
    "x * max(0, min(1, x / 6 + 1 / 2))": lambda x, n: x * _clipped(x / 6 + 0.5, 0.0, 1.0),
    "x if x > 0 else slope * x": lambda x, n: x if x > 0 else n["slope"] * x,
    "x * weight": lambda x, n: x * n["weight"],
    "x + bias": lambda x, n: x + n["bias"],
    "x * weight + bias": lambda x, n: x * n["weight"] + n["bias"],
    "(x - mean) / sqrt(variance + eps)": _normal,
    "(x - mean) / sqrt(variance + eps) * weight + bias": lambda x, n: _normal(x, n) * n["weight"] + n["bias"],
    "value": lambda x, n: n["value"],
}


@dataclass(frozen=True, eq=False)
class Sighting:
    """One explained number, reduced to what does not repeat the values that it read.

    Args:
        index: the number's place.
        places: (n, 1 + rank) of each number read the input it came from, and its place there.
        taps: (n,) the place of each weight in its flattened array, or None where weights have no place.
        used: "all", "inside" or "winner": which numbers count; "" for something else.
        kind: rule, formula, and the symbols of the formula's other numbers.
        told: what the page could not compute from values and weights, by name.
    """

    index: Index
    places: Whole
    taps: Whole | None
    used: frozenset[str]
    kind: tuple[str, ...]
    told: dict[str, Floats]


def looking(node: Node, inputs: Sequence[Array], weights: Weights) -> Look:
    """Return what gives the sighting of a number of a layer.

    Args:
        node: the layer in its place.
        inputs: what it reads, without the batch.
        weights: its weights by their short name.
    """
    layer, batched = node.layer, [x[None] for x in inputs]
    assert layer is not None
    shape = weights["weight"].shape if "weight" in weights else ()
    return lambda index: sight(node, index, layer.explain(index, *batched, w=weights, run=Run()), shape)


def noisy(node: Node, weights: Weights, seed: int) -> Look:
    """Return the same for noise in all that is read; with it nothing looks alike that could differ.

    Args:
        node: the layer in its place.
        weights: its weights, in whose place there is noise too, the same for every seed.
        seed: of the noise that is read.
    """
    random = np.random.default_rng(0)
    other = {short: random.uniform(0.5, 1.5, weight.shape).astype(np.float32) for short, weight in weights.items()}
    random = np.random.default_rng([1, seed])
    read = [random.uniform(-1, 1, before.shape).astype(np.float32) for before in node.inputs]
    return looking(node, read, other)


def sight(node: Node, index: Index, e: Arithmetic, weight: Shape) -> Sighting:
    """Return what an explained number of `node` shows; `weight` is the shape of what its products are made with."""
    terms = e.terms
    told: dict[str, Floats] = {"numbers": np.array(list(e.numbers.values()), np.float64)}
    for name, number in (("bias", e.bias), ("divisor", e.divisor)):
        told[name] = np.array([] if number is None else [number], np.float64)
    taps = None
    if terms.weight_index is not None:
        taps = np.asarray(np.ravel_multi_index(tuple(terms.weight_index.T), weight), np.int32)
    elif terms.weight is not None:
        told["weight"] = terms.weight
    told["product"] = np.array([]) if _derived(e) else terms.product
    total = _total(e)
    told["total"] = np.array([]) if total is not None and _same(total, e.total) else np.array([e.total])
    return Sighting(index, _places(node, index, e), taps, _used(e), (e.rule, e.formula, *e.numbers), told)


def _places(node: Node, index: Index, e: Arithmetic) -> Whole:
    """Return which input each number came from, and its place; of an input that is spread, the place it stands for."""
    places = np.column_stack([e.terms.source, e.terms.index]).astype(np.int32)
    if len(node.inputs) > 1 and e.terms.index.shape[1] == len(node.shape):
        for axis, size in enumerate(node.shape):
            spread = [source for source, before in enumerate(node.inputs) if before.shape[axis] < size]
            if spread and e.rule != "pick":
                places[np.isin(places[:, 0], spread), 1 + axis] = index[axis]
    return places


def _used(e: Arithmetic) -> frozenset[str]:
    terms = e.terms
    if e.rule == "max":
        return frozenset({"winner"})
    return frozenset([*["all"] * bool(terms.used.all()), *["inside"] * bool(np.array_equal(terms.used, terms.inside))])


def _derived(e: Arithmetic) -> bool:
    """Return whether products are the numbers read, times their weights if there are any."""
    value, weight = e.terms.value, e.terms.weight
    return np.array_equal(e.terms.product, value if weight is None else value * weight, equal_nan=True)


def _total(e: Arithmetic) -> float | None:
    """Return the total as the page computes it, or None where it does not."""
    value, product = e.terms.value, e.terms.product
    match e.rule:
        case "sum":
            return exact_sum(np.append(product, 0.0 if e.bias is None else e.bias))
        case "mean":
            return exact_sum(value) / (e.divisor or 1.0)
        case "max":
            return float(value[e.terms.used][0])
        case "pick":
            return float(value[0])
        case "difference":
            return float(value[0] - value[1])
        case "product" if len(value) == 2:
            return float(value[0] * value[1])
        case "function" if e.formula in FORMULAS:
            return FORMULAS[e.formula](float(value[0]), e.numbers)
        case _:
            return None


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))

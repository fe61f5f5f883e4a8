"""Weights that are other numbers: of less precision, one tensor of another training, statistics in another place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from .variant import Doubles, Member, Variant


def precision(m: Member) -> Iterator[Variant]:
    """Yield weights that were rounded to fewer bits."""
    for name, rounded in (("float16", _float16), ("bfloat16", _bfloat16)):
        weights = {short: rounded(array) for short, array in m.weights.items()}
        if any(not np.array_equal(weights[short], m.weights[short], equal_nan=True) for short in weights):
            words = f"{m.theirs}'s weights are {m.ours}'s rounded to {name}; load them from a file of float32"
            yield m.variant(f"weights in {name}", words, weights=weights)


def _float16(array: Doubles) -> Doubles:
    with np.errstate(over="ignore"):
        return array.astype(np.float16).astype(np.float64)


def _bfloat16(array: Doubles) -> Doubles:
    bits = array.astype(np.float32).view(np.uint32).astype(np.uint64)
    kept = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16  # to the nearest, halves to even
    return kept.astype(np.uint32).view(np.float32).astype(np.float64)


def swapped(m: Member) -> Iterator[Variant]:
    """Yield two weights of the same shape in each other's place."""
    names = sorted(m.weights)
    for place, one in enumerate(names):
        for two in names[place + 1 :]:
            if m.weights[one].shape == m.weights[two].shape:
                words = f"{m.theirs} has {one!r} and {two!r} in each other's place; swap them"
                yield m.other_weights(f"{one} and {two} swapped", words, **{one: m.weights[two], two: m.weights[one]})


def differing(ours: Mapping[str, Doubles], theirs: Mapping[str, Doubles]) -> dict[str, int]:
    """Return how many numbers differ of each tensor that both have in the same shape, where any does."""
    found: dict[str, int] = {}
    for name in sorted(set(ours) & set(theirs)):
        x, y = ours[name], theirs[name]
        if x.shape == y.shape and not np.array_equal(x, y, equal_nan=True):
            found[name] = int((~((x == y) | (np.isnan(x) & np.isnan(y)))).sum())
    return found


def other_shapes(m: Member) -> Iterator[Variant]:
    """Yield the layer of B with B's weights, where they have other shapes."""
    twin = m.twin()
    if twin is None:
        return
    said = [
        f"{name!r} is {m.weights[name].shape} in {m.ours} and {twin.weights[name].shape} in {m.theirs}"
        for name in sorted(set(m.weights) & set(twin.weights))
        if m.weights[name].shape != twin.weights[name].shape
    ]
    if said:
        words = f"the weights have other shapes: {' and '.join(said)}; build both with as many kernels (axis 0)"
        yield m.variant("shapes of weights", words, layer=twin.layer, weights=twin.weights)


def other_numbers(m: Member) -> Iterator[Variant]:
    """Yield the layer with one tensor of B's, and then with all of them."""
    if m.other is None:
        return
    counts = differing(m.weights, m.other.weights)
    for name, count in counts.items():
        words = f"the weights differ: {count} of {m.weights[name].size} numbers of {name!r}; load the same weights"
        yield m.other_weights("weights", words, **{name: m.other.weights[name]})
    if len(counts) > 1:
        told = " and ".join(f"{count} of {m.weights[name].size} numbers of {name!r}" for name, count in counts.items())
        words = f"the weights differ: {told}; load the same weights"
        yield m.other_weights("weights", words, **{name: m.other.weights[name] for name in counts})

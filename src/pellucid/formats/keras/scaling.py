"""Values that meet number by number, and constants that scale and shift them, along whatever axes they vary."""

from __future__ import annotations

import numpy as np

from ...layers import Add
from ..opening import UnreadableError, make
from ..stored import Stored
from .call import Call, Entry, Value


def merge(kind: str) -> Entry:
    """Return the entry of a sum, a product, or a difference, of values of one rank."""

    def entry(call: Call, values: list[Value]) -> Value:
        ranks = {len(value.axes) for value in values}
        if len(ranks) > 1:
            raise UnreadableError(f"{call.config.path}: values of {' and '.join(map(str, sorted(ranks)))} axes")
        same = [values[0], *(call.laid_out(value, values[0].axes) for value in values[1:])]
        return call.add(Add() if kind == "Add" else make(kind), *same)

    return entry


def scaled(call: Call, value: Value, scale: object, offset: object) -> Value:
    """Return value * scale + offset, both of one number, or of shapes that meet the value's as Keras has it."""
    rank, shape = len(value.axes), value.shape
    both: list[np.ndarray] = []
    for given in (scale, offset):
        array = np.asarray(given, np.float64)
        if array.ndim == rank + 1 and array.shape[0] == 1:
            array = array[0]
        full = (1,) * (rank - array.ndim) + array.shape
        if len(full) != rank or any(size not in (1, own) for size, own in zip(full, shape, strict=True)):
            raise UnreadableError(f"{call.config.path}: constants of shape {array.shape} for a value of shape {shape}")
        both.append(array.reshape(full))
    varying = sorted(axis for k, axis in enumerate(value.axes) if max(array.shape[k] for array in both) > 1)
    uses = {"weight": bool((both[0] != 1).any()), "bias": bool((both[1] != 0).any())}
    uses["weight"] |= not uses["bias"]
    weights: dict[str, Stored] = {}
    for short, array in zip(("weight", "bias"), both, strict=True):
        if uses[short]:
            ours = array.transpose([value.axes.index(axis) for axis in range(rank)])
            sizes = [ours.shape[axis] if axis not in varying else shape[value.axes.index(axis)] for axis in range(rank)]
            spread = np.broadcast_to(ours, sizes).reshape([sizes[axis] for axis in varying] or [1])
            weights[short] = Stored.of(short, spread.astype(np.float32))
    layer = make("Scale", tuple(varying), scale=uses["weight"], shift=uses["bias"])
    return call.add(layer, value, weights=weights)

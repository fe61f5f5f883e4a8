"""Constants of a graph, calculated: what exporters write to know a shape as a model runs is known beforehand here."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..opening import UnreadableError
from .call import Call, holds_batch
from .tensors import BFLOAT16, TYPES, stored

Array = NDArray[Any]
MOST = 2**22  # numbers of a constant that is calculated


def _cast(call: Call, x: Array) -> Array:
    to = call.get("to", 1)
    if to not in TYPES or to == BFLOAT16:
        raise UnreadableError(f"a cast to ONNX type {to}")
    return x.astype(TYPES[to][0])


def _axes(call: Call, rest: tuple[Array, ...]) -> list[int]:
    return [int(i) for i in (rest[0].reshape(-1) if rest else call.get("axes", []))]


def _unsqueeze(call: Call, x: Array, *rest: Array) -> Array:
    return np.expand_dims(x, tuple(_axes(call, rest)))


def _squeeze(call: Call, x: Array, *rest: Array) -> Array:
    axes = _axes(call, rest)
    return np.squeeze(x, tuple(axes) if axes else None)


def _reshape(call: Call, x: Array, shape: Array) -> Array:
    sizes = [x.shape[i] if size == 0 and not call.get("allowzero", 0) else int(size) for i, size in enumerate(shape)]
    return x.reshape(sizes)


def _slice(call: Call, x: Array, *rest: Array) -> Array:
    starts, ends = (rest[0], rest[1]) if rest else (np.array(call.get("starts", [])), np.array(call.get("ends", [])))
    axes = rest[2] if len(rest) > 2 else np.array(call.get("axes", list(range(len(starts)))))
    steps = rest[3] if len(rest) > 3 else np.ones(len(starts), np.int64)
    places = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        places[int(axis)] = slice(int(start), int(end), int(step))
    return x[tuple(places)]


def _transpose(call: Call, x: Array) -> Array:
    return x.transpose(call.get("perm", list(reversed(range(x.ndim)))))


def _divide(call: Call, a: Array, b: Array) -> Array:
    if np.issubdtype(a.dtype, np.integer):
        return np.trunc(a / b).astype(a.dtype)
    return a / b


def _concat(call: Call, *parts: Array) -> Array:
    return np.concatenate(parts, call.get("axis", 0))


def _gather(call: Call, x: Array, places: Array) -> Array:
    return np.take(x, places, call.get("axis", 0))


def _same(call: Call, x: Array) -> Array:
    return x


def _filled(call: Call, shape: Array) -> Array:
    sizes = [int(size) for size in shape]
    if any(not 0 <= size <= MOST for size in sizes) or math.prod(sizes) > MOST:
        raise UnreadableError(f"a constant of shape {sizes!r:.100}")
    value = call.get("value", None)
    return np.full(sizes, np.float32(0) if value is None else stored(value, call.name, None).read().reshape(-1)[0])


def _expand(call: Call, x: Array, shape: Array) -> Array:
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(int(size) for size in shape)))


def _size(call: Call, x: Array) -> Array:
    return np.array(x.size)


def _shape(call: Call, x: Array) -> Array:
    return np.array(x.shape[call.get("start", 0) : call.get("end", None)], np.int64)


def _where(call: Call, which: Array, a: Array, b: Array) -> Array:
    return np.where(which, a, b)


def _by(ufunc: np.ufunc) -> Callable[..., Array]:
    def calculate(call: Call, *arrays: Array) -> Array:
        return ufunc(*arrays)

    return calculate


MOVES: dict[str, Callable[..., Array]] = {
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Gather": _gather,
    "Identity": _same,
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
CALCULATES: dict[str, Callable[..., Array]] = {
    "Add": _by(np.add),
    "Cast": _cast,
    "Div": _divide,
    "Equal": _by(np.equal),
    "Floor": _by(np.floor),
    "Mul": _by(np.multiply),
    "Neg": _by(np.negative),
    "Sqrt": _by(np.sqrt),
    "Sub": _by(np.subtract),
}


def _result(call: Call, arrays: list[Array]) -> int:
    """Return how many numbers the result has, of operators that can give more than they are given."""
    if call.op in (*CALCULATES, "Where"):
        return math.prod(np.broadcast_shapes(*(array.shape for array in arrays)))
    if call.op == "Gather":
        return arrays[1].size * arrays[0].size // max(arrays[0].shape[call.get("axis", 0)], 1)
    if call.op == "Expand":
        return math.prod(np.broadcast_shapes(arrays[0].shape, tuple(int(size) for size in arrays[1])))
    return 0


def fold(call: Call, arrays: list[Array]) -> Array:
    """Return what a node gives for constants.

    Raises:
        UnreadableError: it is not in the closed table of what is calculated, or NumPy refuses.
    """
    entry = MOVES.get(call.op) or CALCULATES.get(call.op)
    if entry is None:
        raise UnreadableError("a constant calculated by an operator that is not among those calculated here")
    keeps = call.op == "Cast" and call.get("to", 1) == 7
    if call.op in CALCULATES and not keeps and holds_batch(*arrays):
        raise UnreadableError("a calculation with the batch's size")
    try:
        if sum(array.size for array in arrays) > MOST or _result(call, arrays) > MOST:
            raise UnreadableError(f"a constant of more than {MOST} numbers calculated")
        with np.errstate(all="ignore"):
            result = np.asarray(entry(call, *arrays))
            call.check_used()
            return result
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise UnreadableError(f"its constants do not fit: {error}") from None

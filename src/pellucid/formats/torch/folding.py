"""Constants of a program, calculated: what a module makes of its own weights each time it runs is made once here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelFileError
from ..opening import UnreadableError
from ..stored import Stored
from .program import BATCH, UNKNOWN, Ref, Step

Array = NDArray[Any]
MOST = 2**24  # numbers of a constant that is calculated


def _same(self: Array, **given: Any) -> Array:
    return self


def _add(self: Array, other: Any, alpha: float = 1) -> Array:
    return self + alpha * np.asarray(other)


def _sub(self: Array, other: Any, alpha: float = 1) -> Array:
    return self - alpha * np.asarray(other)


def _mul(self: Array, other: Any) -> Array:
    return self * other


def _div(self: Array, other: Any) -> Array:
    return self / other


def _pow(self: Array, exponent: Any) -> Array:
    return self**exponent


def _by(ufunc: Callable[[Array], Array]) -> Callable[..., Array]:
    def calculate(self: Array) -> Array:
        return ufunc(self)

    return calculate


def _laid_out(self: Array, **given: Any) -> Array:
    return self  # what it gives is laid out in the shape that the program tells


def _expand(self: Array, size: list[int], implicit: bool = False) -> Array:
    lead = len(size) - self.ndim
    sizes = [self.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(size)]
    return np.broadcast_to(self, sizes)


def _permute(self: Array, dims: list[int]) -> Array:
    return self.transpose(dims)


def _transpose(self: Array, dim0: int, dim1: int) -> Array:
    return np.swapaxes(self, dim0, dim1)


def _turned(self: Array) -> Array:
    return self.T


def _select(self: Array, dim: int, index: int) -> Array:
    return np.take(self, index, dim)


def _slice(self: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Array:
    places = [slice(None)] * self.ndim
    places[dim] = slice(start, end, step)
    return self[tuple(places)]


def _full(size: list[int], fill_value: float, **given: Any) -> Array:
    return np.full(size, fill_value, np.float32)


def _ones(size: list[int], **given: Any) -> Array:
    return np.ones(size, np.float32)


def _zeros(size: list[int], **given: Any) -> Array:
    return np.zeros(size, np.float32)


MOVES: dict[str, Callable[..., Array]] = {
    **dict.fromkeys(("_to_copy", "alias", "clone", "contiguous", "detach", "lift_fresh_copy", "to"), _same),
    **dict.fromkeys(("flatten", "reshape", "squeeze", "unflatten", "unsqueeze", "view"), _laid_out),
    "expand": _expand,
    "permute": _permute,
    "select": _select,
    "slice": _slice,
    "t": _turned,
    "transpose": _transpose,
}
CALCULATES: dict[str, Callable[..., Array]] = {
    "add": _add,
    "div": _div,
    "exp": _by(np.exp),
    "full": _full,
    "mul": _mul,
    "neg": _by(np.negative),
    "ones": _ones,
    "pow": _pow,
    "reciprocal": _by(np.reciprocal),
    "sqrt": _by(np.sqrt),
    "sub": _sub,
    "zeros": _zeros,
}


def fold(step: Step, values: Mapping[str, Any], shape: tuple[int, ...] | None) -> Stored:
    """Return what an operation gives for constants, calculated when it is read.

    Args:
        step: the operation.
        values: the program's values.
        shape: the shape of what it gives.

    Raises:
        UnreadableError: it is not in the closed table of what is calculated.
    """
    entry = MOVES.get(step.kind) or CALCULATES.get(step.kind)
    lists = (cast("list[Any]", arg) if isinstance(arg, list) else [arg] for arg in step.args.values())
    sizes = [item for items in lists for item in items if isinstance(item, int)]
    if entry is None or shape is None or BATCH in sizes or UNKNOWN in sizes:
        raise UnreadableError("a constant calculated by an operation that is not among those calculated here")
    if step.in_place and step.kind != "detach":
        raise UnreadableError("a constant that is changed in place")
    if math.prod(shape) > MOST and step.kind in CALCULATES:
        raise UnreadableError(f"a constant of more than {MOST} numbers calculated")

    def read() -> Array:
        args = {name: values[arg.name].read() if isinstance(arg, Ref) else arg for name, arg in step.args.items()}
        try:
            with np.errstate(all="ignore"):
                return np.asarray(entry(**args)).reshape(shape)
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            raise ModelFileError(
                f"constant {step.gives[0]!r}",
                got=f"{step.op}: {error}",
                expected=f"arguments of which it gives shape {shape}",
                fix="export the model again",
            ) from None

    return Stored(step.gives[0], shape, read)

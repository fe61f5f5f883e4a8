"""From the records of a PyTorch file to tensors that can be read: what each says is compared with its storage first."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelFileError
from ..stored import Stored
from ..strict_json import DAMAGED
from .inert import Tensor

MOST_AXES = 32

Order = Literal["<", ">"]
Fetch = Callable[[str, int, int], bytes]  # a storage's key, a first byte in it, how many


def checked(name: str, tensor: Tensor, fetch: Fetch, order: Order = "<") -> Stored:
    """Return a tensor whose numbers are known to lie in its storage.

    Args:
        name: what the file calls it.
        tensor: what the file says of it.
        fetch: reads bytes of a storage, which is known to be there.
        order: "<" for little-endian numbers, ">" for big-endian ones.

    Raises:
        ModelFileError: sizes, strides and offset do not fit one another or the storage.
    """
    storage, sizes, strides = tensor.storage, tensor.sizes, tensor.strides
    if len(sizes) != len(strides) or len(sizes) > MOST_AXES:
        _refuse(name, f"{len(sizes)} sizes and {len(strides)} strides", f"as many of both, at most {MOST_AXES}")
    if min((*sizes, *strides, tensor.offset), default=0) < 0:
        _refuse(name, f"sizes {sizes}, strides {strides}, offset {tensor.offset}", "nothing below zero")
    empty = math.prod(sizes) == 0
    reach = 0 if empty else 1 + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    if tensor.offset + reach > storage.length:
        _refuse(
            name,
            f"sizes {sizes}, strides {strides}, offset {tensor.offset}: numbers up to {tensor.offset + reach}",
            f"at most {storage.length}, as many as storage {storage.key!r} has",
        )
    wide = storage.numbers.size

    def read() -> NDArray[Any]:
        data = fetch(storage.key, (storage.start + tensor.offset) * wide, reach * wide)
        row = numbers_of(data, storage.numbers.kind, order)
        if empty:
            return np.zeros(sizes, row.dtype)
        steps = tuple(stride * row.itemsize for stride in strides)
        return np.array(np.lib.stride_tricks.as_strided(row, sizes, steps, writeable=False), order="C")

    return Stored(name, sizes, read)


def numbers_of(data: bytes, kind: str, order: Order = "<") -> NDArray[Any]:
    """Return the numbers in these bytes, in this machine's order; `kind` is NumPy's word for them, or "bf16"."""
    if kind == "bf16":  # the upper half of a float32
        return (np.frombuffer(data, np.dtype("u2").newbyteorder(order)).astype(np.uint32) << 16).view(np.float32)
    said = np.dtype(kind).newbyteorder(order)
    return np.frombuffer(data, said).astype(said.newbyteorder("="), copy=False)


def _refuse(name: str, got: str, expected: str) -> NoReturn:
    raise ModelFileError(f"tensor {name!r}", got=got, expected=expected, fix=DAMAGED)

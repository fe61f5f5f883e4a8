"""The tensors of a .pt2 archive: raw bytes beside JSON that says what they are, compared before they are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from ...errors import ModelFileError
from ..affordable import MOST_NUMBERS
from ..archive import Archive
from ..stored import Stored
from ..strict_json import DAMAGED, as_list, as_names, as_text, as_whole, parse
from .program import UNKNOWN

LARGEST_CONFIG = 64 * 2**20  # bytes
LARGEST_TENSOR = 4 * MOST_NUMBERS
BFLOAT16 = 13
TYPES = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f2", 7: "<f4", 8: "<f8", 12: "?", BFLOAT16: "<u2"}
NAMES = {1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
         12: "bool", 13: "bfloat16"}  # fmt: skip


def payloads(archive: Archive, folder: str, config: str) -> dict[str, Stored]:
    """Return the tensors that a config lists, by the names that the model has for them.

    Args:
        archive: the archive.
        folder: where the config and the tensors are.
        config: the config's name.

    Raises:
        ModelFileError: the config is damaged, or a tensor is not within its bytes, or would have to be unpickled.
    """
    member = f"{folder}/{config}"
    if member not in archive.names:
        return {}
    listed = as_names(parse(archive.read(member, LARGEST_CONFIG), member), member)
    entries = as_names(listed.get("config"), f"{member}: config")
    return {name: _payload(archive, folder, name, as_names(entry, name)) for name, entry in entries.items()}


def sizes_of(value: object, place: str, batch: str | None = None, stands_for: int = UNKNOWN) -> tuple[int, ...]:
    """Return sizes as the schema writes them; one that stands for the batch, whose text is `batch`, is `stands_for`."""
    sizes: list[int] = []
    for item in as_list(value, place):
        entry = as_names(item, place)
        if "as_int" in entry:
            sizes.append(as_whole(entry["as_int"], place))
        else:
            text = expression(entry, place)
            sizes.append(stands_for if batch is not None and text == batch else UNKNOWN)
    return tuple(sizes)


def expression(entry: Mapping[str, object], place: str) -> str:
    """Return the text of a size that is not a number; it is compared with others, and never evaluated."""
    return as_text(as_names(entry.get("as_expr"), place).get("expr_str"), place)


def _payload(archive: Archive, folder: str, name: str, entry: Mapping[str, object]) -> Stored:
    place = f"tensor {name!r}"
    if entry.get("use_pickle") or entry.get("tensor_meta") is None:
        raise ModelFileError(
            place,
            got="a Python pickle: reading it could run code",
            expected="raw numbers",
            fix="make its parameters plain tensors, and save it again with torch.export.save",
        )
    meta = as_names(entry["tensor_meta"], place)
    code = as_whole(meta.get("dtype"), place)
    if code not in TYPES or meta.get("layout") != 7:
        raise ModelFileError(
            place,
            got=f"numbers of PyTorch's type {code}, layout {meta.get('layout')!r:.20}",
            expected="real numbers, one by one",
            fix="convert it with .float() or .to_dense() before it is exported",
        )
    shape, strides = (sizes_of(meta.get(what), place) for what in ("sizes", "strides"))
    (offset,) = sizes_of([meta.get("storage_offset")], place)
    member = f"{folder}/{as_text(entry.get('path_name'), place)}"
    dtype = np.dtype(TYPES[code])
    whole = archive.size(member) // dtype.itemsize
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=False))
    fits = len(shape) == len(strides) and min((*shape, *strides, offset)) >= 0
    if not fits or math.prod(shape) > whole or (math.prod(shape) and last >= whole):
        raise ModelFileError(
            place,
            got=f"shape {shape}, strides {strides}, from number {offset} on, of {whole} numbers",
            expected="numbers that are there, each used once",
            fix=DAMAGED,
        )

    def read() -> NDArray[Any]:
        numbers: NDArray[Any] = np.frombuffer(archive.read(member, LARGEST_TENSOR), dtype, whole)
        if code == BFLOAT16:
            numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
        steps = tuple(stride * numbers.itemsize for stride in strides)
        return as_strided(numbers[offset:], shape, steps, writeable=False)

    return Stored(name, shape, read)

"""Safetensors files that others wrote: tensors by name, of any of the usual number types, and no network.

Specification: the README of the safetensors library.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn

from numpy.typing import NDArray

from ...errors import ModelFileError
from .. import pellucid
from ..container import MOST_AXES, Header, in_order, read_header
from ..disk import opened, read_at
from ..refusal import told
from ..stored import Stored
from ..strict_json import DAMAGED, as_list, as_object, as_text, as_whole
from .tensors import numbers_of

KINDS = {  # what the file calls a number type: NumPy's word, and its bytes
    "F64": ("<f8", 8),
    "F32": ("<f4", 4),
    "F16": ("<f2", 2),
    "BF16": ("bf16", 2),
    "I64": ("<i8", 8),
    "I32": ("<i4", 4),
    "I16": ("<i2", 2),
    "I8": ("|i1", 1),
    "U64": ("<u8", 8),
    "U32": ("<u4", 4),
    "U16": ("<u2", 2),
    "U8": ("|u1", 1),
    "BOOL": ("|b1", 1),
}


@contextmanager
def open_safetensors(path: Path) -> Generator[dict[str, Stored]]:
    """Open a safetensors file; gives its tensors, which can be read while the context lasts.

    A file of Pellucid's own gives the weights of the network in it, with all the checks of its format.

    Raises:
        ModelFileError: it is no such file, or is damaged; the error names the tensor.
    """
    try:
        with opened(path) as (file, size):
            header = read_header(file, size)
            if pellucid.NETWORK in header.metadata:
                file.seek(0)
                weights = pellucid.read(file, size).weights
                yield {name: Stored.of(name, weights[name]) for name in weights}
            else:
                yield _tensors(file, header)
    except ModelFileError as error:
        raise told(error, path) from None


def _tensors(file: BufferedReader, header: Header) -> dict[str, Stored]:
    said = {name: _entry(name, entry, header.size) for name, entry in header.tensors.items()}
    in_order({name: place for name, (_, _, place) in said.items()}, header.size)
    return {name: _stored(file, header.data, name, *entry) for name, entry in said.items()}


def _entry(name: str, said: object, size: int) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    """Return a tensor's number type, shape and place, after checking that they fit one another and the file."""
    place = f"tensor {name!r}"
    entry = as_object(said, place, ("dtype", "shape", "data_offsets"))
    dtype = as_text(entry["dtype"], place)
    if dtype not in KINDS:
        _refuse(place, f"dtype {dtype!r:.40}", f"one of {', '.join(KINDS)}")
    axes, offsets = as_list(entry["shape"], place), as_list(entry["data_offsets"], place)
    if len(axes) > MOST_AXES or len(offsets) != 2:
        _refuse(place, f"{len(axes)} axes, {len(offsets)} offsets", f"at most {MOST_AXES} axes, and 2 offsets")
    shape = tuple(as_whole(axis, place) for axis in axes)
    start, stop = (as_whole(offset, place) for offset in offsets)
    needed = math.prod(shape) * KINDS[dtype][1]
    if min((*shape, start), default=0) < 0 or stop - start != needed or stop > size:
        _refuse(place, f"shape {shape}, bytes {start} to {stop}", f"{needed} bytes for {dtype}, of the file's {size}")
    return KINDS[dtype][0], shape, (start, stop)


def _stored(
    file: BufferedReader, data: int, name: str, kind: str, shape: tuple[int, ...], place: tuple[int, int]
) -> Stored:
    def read() -> NDArray[Any]:
        start, stop = place
        return numbers_of(read_at(file, data + start, stop - start), kind).reshape(shape)

    return Stored(name, shape, read)


def _refuse(where: str, got: str, expected: str) -> NoReturn:
    raise ModelFileError(where, got=got, expected=expected, fix=DAMAGED)

"""The safetensors container, read and written by the letter of its specification, everything checked before it is used.

Eight bytes say how long the header is; the header is JSON that says each tensor's type, shape and place; then comes the
data. Specification: the README of the safetensors library. We read only what a network's file holds, float32.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader

from ..errors import ModelFileError
from .recognize import recognize
from .strict_json import DAMAGED, as_list, as_names, as_object, as_text, as_whole, parse

LONGEST_HEADER = 16 * 2**20  # bytes; a network of 100,000 layers has less
MOST_TENSORS = 30_000  # what is said of these takes 40 MB of memory
MOST_AXES = 32
ITEM = 4  # bytes of a float32
METADATA = "__metadata__"

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says about itself.

    Args:
        metadata: strings by name.
        tensors: what it says of each tensor, not checked yet.
        data: where the data starts, in bytes from the file's start.
        size: how long the data is.
    """

    metadata: dict[str, str]
    tensors: dict[str, object]
    data: int
    size: int


def read_header(file: BufferedReader, size: int) -> Header:
    """Return the header of a file of `size` bytes.

    Raises:
        ModelFileError: it has none; the error says what the file seems to be.
    """
    head = file.read(8)
    length = int.from_bytes(head, "little")
    if len(head) < 8 or length > min(LONGEST_HEADER, size - 8):
        raise _not_a_container(file, head, length, size)
    text = file.read(length)
    if not text.startswith(b"{"):
        raise ModelFileError("header", got=f"{text[:20]!r}", expected="JSON that starts with {", fix=DAMAGED)
    found = as_names(parse(text, "header", MOST_TENSORS + 2), "header")
    metadata = as_names(found.pop(METADATA, {}), METADATA)
    return Header(
        metadata={name: as_text(value, f"{METADATA} {name!r}") for name, value in metadata.items()},
        tensors=found,
        data=8 + length,
        size=size - 8 - length,
    )


def _not_a_container(file: BufferedReader, head: bytes, length: int, size: int) -> ModelFileError:
    what, fix = recognize(head + file.read(32))
    if size == 0:
        what, fix = "an empty file", "get the file again, or save the network again"
    elif what is None and length <= LONGEST_HEADER:
        what = f"{size} bytes, where the header alone takes {8 + length}: the file is cut short"
    elif what is None:
        what = f"a header of {length} bytes, more than {LONGEST_HEADER}"
    return ModelFileError(
        "start of the file",
        got=what,
        expected="a safetensors file",
        fix=fix,
    )


def check_tensors(header: Header, shapes: Mapping[str, Shape]) -> dict[str, int]:
    """Return where each tensor starts, in bytes from the file's start, in the order of the file.

    Args:
        header: what the file says.
        shapes: the shape of every tensor that must be there, and no other may.

    Raises:
        ModelFileError: a tensor too many or too few, another type or shape, or places that overlap, leave a gap or
            do not fill the file.
    """
    for name in (*header.tensors, *shapes):
        if name not in shapes or name not in header.tensors:
            raise ModelFileError(
                f"tensor {name!r}",
                got="a tensor that no layer has" if name in header.tensors else "no such tensor",
                expected=f"exactly the {len(shapes)} weights of the network's layers",
                fix=DAMAGED,
            )
    places = {name: _checked(name, header.tensors[name], shape, header.size) for name, shape in shapes.items()}
    return {name: header.data + places[name][0] for name in in_order(places, header.size)}


def in_order(places: Mapping[str, tuple[int, int]], size: int) -> list[str]:
    """Return the tensors in the order in which they lie, one right behind the other, in all `size` bytes.

    Raises:
        ModelFileError: they overlap, leave a gap, or end before the file does.
    """
    order = sorted(places, key=lambda name: places[name])
    end = 0
    for name in order:
        start, stop = places[name]
        if start != end:
            raise ModelFileError(
                f"tensor {name!r}",
                got=f"bytes {start} to {stop}",
                expected=f"bytes from {end} on, where the tensor before it ends",
                fix=DAMAGED,
            )
        end = stop
    if end != size:
        raise ModelFileError(
            "end of the file", got=f"{size - end} bytes that belong to no tensor", expected="none", fix=DAMAGED
        )
    return order


def _checked(name: str, said: object, shape: Shape, size: int) -> tuple[int, int]:
    """Return the tensor's first byte and the one behind its last, after checking all that is said of it."""
    place = f"tensor {name!r}"
    entry = as_object(said, place, ("dtype", "shape", "data_offsets"))
    dtype = as_text(entry["dtype"], place)
    if dtype != "F32":
        raise ModelFileError(place, got=f"dtype {dtype!r}", expected="'F32'", fix="convert the weights to float32")
    axes, offsets = as_list(entry["shape"], place), as_list(entry["data_offsets"], place)
    sizes = tuple(as_whole(axis, place) for axis in axes[: MOST_AXES + 1])
    if sizes != shape:
        raise ModelFileError(
            place, got=f"shape {sizes}", expected=f"shape {shape}, from the layer it belongs to", fix=DAMAGED
        )
    if len(offsets) != 2:
        raise ModelFileError(place, got=f"data_offsets {offsets}", expected="[first, last + 1]", fix=DAMAGED)
    start, stop = (as_whole(offset, place) for offset in offsets)
    needed = ITEM * math.prod(shape)
    if stop - start != needed or start < 0 or stop > size:
        raise ModelFileError(
            place, got=f"bytes {start} to {stop}", expected=f"{needed} bytes of the file's {size}", fix=DAMAGED
        )
    return start, stop


def header_bytes(shapes: Mapping[str, Shape], metadata: Mapping[str, str]) -> bytes:
    """Return the start of a file whose tensors follow one another in the order of `shapes`."""
    header: dict[str, object] = {METADATA: dict(metadata)}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + ITEM * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": (start, end)}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the data starts at a multiple of 8
    if len(text) > LONGEST_HEADER or len(shapes) > MOST_TENSORS:
        raise ModelFileError(
            "header",
            got=f"{len(text)} bytes of names and layers, {len(shapes)} weights",
            expected=f"at most {LONGEST_HEADER} bytes, and {MOST_TENSORS} weights",
            fix="use shorter names, or fewer layers or classes",
        )
    return len(text).to_bytes(8, "little") + text

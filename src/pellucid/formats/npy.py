"""NumPy's `.npy`: what an array's header says, read as a form to fill in, never evaluated.

Format: NEP 1, and `numpy/lib/format.py`. A header is the text of a dictionary of three entries, in this order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelFileError

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # bytes, as NumPy itself reads at most
MOST_AXES = 32
NUMBERS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
FORM = re.compile(
    rb"\{'descr': '(?P<order>[<>|=])(?P<kind>[a-zA-Z])(?P<size>[0-9]{1,9})', "
    rb"'fortran_order': (?P<fortran>True|False), 'shape': \((?P<shape>[0-9, L]*)\),? *\} *\n?"
)
SIZE = re.compile(rb" *([0-9]{1,19})L?")  # Python 2 wrote its long numbers with an L


@dataclass(frozen=True, slots=True)
class Header:
    """What an array is.

    Args:
        kind: the type of its numbers, or of its texts.
        shape: its shape.
        fortran: whether its first axis, not its last, runs fastest.
        start: where its numbers begin, in bytes.
    """

    kind: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def size(self) -> int:
        """How many bytes its numbers take."""
        return math.prod(self.shape) * self.kind.itemsize

    def array(self, data: bytes) -> NDArray[Any]:
        """Return the array of these bytes, which are as many as it takes, in this machine's order."""
        row = np.frombuffer(data, self.kind, count=math.prod(self.shape)) if self.size else np.empty(0, self.kind)
        array = row.reshape(self.shape, order="F" if self.fortran else "C")
        return np.array(array, self.kind.newbyteorder("="), order="C")


def read_header(read: Callable[[int], bytes], place: str) -> Header:
    """Return the header of an array.

    Args:
        read: returns as many of the array's first bytes as it is asked for, or all.
        place: what the array is called, for errors.

    Raises:
        ModelFileError: it is none of numbers or of texts.
    """
    head = read(12)
    if not head.startswith(MAGIC) or len(head) < 12:
        _refuse(place, "no array, but bytes without an array's header", "a NumPy array")
    version = tuple(head[6:8])
    if version not in ((1, 0), (2, 0), (3, 0)):
        _refuse(place, f"a header of version {version[0]}.{version[1]}", "version 1.0, 2.0 or 3.0")
    wide = 2 if version == (1, 0) else 4
    length = int.from_bytes(head[8 : 8 + wide], "little")
    if length > LONGEST_HEADER:
        _refuse(place, f"a header of {length} bytes", f"at most {LONGEST_HEADER}")
    start = 8 + wide + length
    text = read(start)[8 + wide :]
    form = FORM.fullmatch(text)
    if len(text) < length or form is None:
        _refuse(place, _what(text), "an array of numbers, as numpy.save writes it")
    return Header(_kind(form, place), _shape(form["shape"], place), form["fortran"] == b"True", start)


def _kind(form: re.Match[bytes], place: str) -> np.dtype[Any]:
    order, kind, size = (form[name].decode() for name in ("order", "kind", "size"))
    longest = 2**20
    if kind + size not in NUMBERS and not (kind in "US" and 0 < int(size) <= longest):
        _refuse(place, f"items of the type {order}{kind}{size}", "floating point or whole numbers")
    return np.dtype(order + kind + size)


def _shape(text: bytes, place: str) -> tuple[int, ...]:
    parts = text.split(b",")
    if parts[-1].strip() == b"":  # a comma ends the shape of one axis
        parts.pop()
    sizes = [SIZE.fullmatch(part) for part in parts]
    if len(sizes) > MOST_AXES or None in sizes or (len(parts) == 1 and b"," not in text):
        _refuse(place, f"the shape ({text[:100].decode()})", f"at most {MOST_AXES} whole numbers")
    return tuple(int(size[1]) for size in sizes if size is not None)


def _what(text: bytes) -> str:
    if b"'|O'" in text[:200]:
        return "Python objects, which only a pickle holds: opening it could run code"
    if b"'descr': [" in text[:200]:
        return "a table of several columns"
    return f"the header {text[:60]!r}"


def _refuse(place: str, got: str, expected: str) -> NoReturn:
    raise ModelFileError(
        place, got=got, expected=expected, fix="save it anew with numpy.savez, as arrays of numbers without objects"
    )

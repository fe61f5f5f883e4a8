"""LLVM's types as text: how large, how named, and how their constants are written."""

from __future__ import annotations

import struct
from typing import Any


def size_of(type: str) -> int:
    """Return the bytes of a type.

    >>> size_of("float"), size_of("<16 x float>")
    (4, 64)
    """
    if type.startswith("<"):
        count, element = type[1:-1].split(" x ")
        return int(count) * size_of(element)
    return {"float": 4, "double": 8, "i8": 1, "i32": 4, "i64": 8, "ptr": 8}[type]


def suffix(type: str) -> str:
    """Return how the names of LLVM's intrinsics tell a type.

    >>> suffix("<16 x float>")
    'v16f32'
    """
    names = {"float": "f32", "double": "f64"}
    if type.startswith("<"):
        count, element = type[1:-1].split(" x ")
        return f"v{count}{names.get(element, element)}"
    return names.get(type, type)


def literal(number: Any, type: str) -> str:
    """Return a number as LLVM reads it; a float is told by the bits of the double that equals it.

    >>> literal(3, "i64"), literal(0.5, "float")
    ('3', '0x3FE0000000000000')
    """
    if type in ("float", "double"):
        rounded = struct.unpack("f", struct.pack("f", number))[0] if type == "float" else float(number)
        return f"0x{struct.unpack('>Q', struct.pack('>d', rounded))[0]:016X}"
    return str(int(number))

"""What a PyTorch file may name, and what becomes of it here: records that say what was meant. Nothing is called.

The table is closed: it holds words of a file and functions of this file, and no file can add to it. Meanings: PyTorch's
`torch/_utils.py` and `torch/serialization.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast


class MeaninglessError(Exception):
    """What a pickle asks for cannot be meant: what came, and what should have."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The type of a storage's numbers: `kind` is NumPy's word for it, little-endian; "bf16" is bfloat16."""

    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers in a row that several tensors may lie in.

    Args:
        numbers: their type.
        key: the row's name in the file.
        count: how many numbers the whole row has.
        start: where this storage begins in it, in numbers.
        length: how many of them it has.
    """

    numbers: Numbers
    key: str
    count: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor's numbers lie in its storage; what is said is not checked yet."""

    storage: Storage
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a file that is known, but means nothing for weights, such as a number type or a device."""

    name: str


@dataclass(frozen=True, slots=True)
class Maker:
    """A function of PyTorch's that a file may name, and what we make in its place."""

    name: str
    make: Callable[[tuple[Any, ...]], object]


Known = Numbers | Maker | Word


def _ordered(given: tuple[Any, ...]) -> object:
    if len(given) > 1 or (given and not isinstance(given[0], list)):
        raise MeaninglessError("an ordered dictionary of something else than pairs", "pairs of a key and a value")
    made: dict[Any, object] = {}
    for pair in cast("list[object]", given[0]) if given else ():
        both = cast("list[object] | tuple[object, ...]", pair) if isinstance(pair, (list, tuple)) else ()
        if len(both) != 2 or type(both[0]) not in (str, int):
            raise MeaninglessError("an ordered dictionary of something else than pairs", "pairs of a key and a value")
        made[both[0]] = both[1]
    return made


def _tensor(given: tuple[Any, ...]) -> Tensor:
    """Take a tensor as all versions of PyTorch begin to say it; what follows is about gradients."""
    if len(given) < 4 or not isinstance(given[0], Storage):
        raise MeaninglessError(
            f"a tensor of {len(given)} values, of which the first is {_said(given)}", "a storage first"
        )
    storage, offset, sizes, strides = given[:4]
    if type(offset) is not int or not all(_wholes(each) for each in (sizes, strides)):
        raise MeaninglessError("a tensor with other sizes, strides or offset than whole numbers", "whole numbers")
    return Tensor(storage, offset, sizes, strides)


def _parameter(given: tuple[Any, ...]) -> Tensor:
    if not given or not isinstance(given[0], Tensor):
        raise MeaninglessError(f"a parameter of {_said(given)}", "a tensor")
    return given[0]


def _size(given: tuple[Any, ...]) -> object:
    if len(given) != 1 or not _wholes(given[0]):
        raise MeaninglessError("a torch.Size of something else than whole numbers", "whole numbers")
    return given[0]


def storage_of(said: object) -> Storage:
    """Return the storage that a pickle points to, outside itself.

    Raises:
        MeaninglessError: it is said in another way than PyTorch does.
    """
    given = _items(said)
    if len(given) not in (5, 6) or given[0] != "storage" or not isinstance(given[1], Numbers):
        raise MeaninglessError("something else than a storage outside the pickle", "a storage's type, key and size")
    _, numbers, key, place, count = given[:5]
    if type(key) is not str or type(place) is not str or type(count) is not int or count < 0:
        raise MeaninglessError("a storage whose key or size is none", "a storage's type, key and size")
    view = cast("object", given[5]) if len(given) == 6 else None
    if view is None:
        return Storage(numbers, key, count, 0, count)
    part = (
        cast("tuple[object, ...]", view) if isinstance(view, tuple) else ()
    )  # as PyTorch wrote before its version 0.4
    if len(part) != 3 or not _wholes(part[1:]) or min(cast("tuple[int, int]", part[1:])) < 0:
        raise MeaninglessError("a part of a storage that is said in another way", "its start and length")
    start, length = cast("tuple[int, int]", part[1:])
    if start + length > count:
        raise MeaninglessError(f"numbers {start} to {start + length} of a storage of {count}", "numbers that it has")
    return Storage(numbers, key, count, start, length)


def _items(value: object) -> tuple[Any, ...]:
    """Return a tuple; anything else is an empty one."""
    return cast("tuple[Any, ...]", value) if isinstance(value, tuple) else ()


def _wholes(value: object) -> bool:
    return isinstance(value, tuple) and all(type(item) is int for item in _items(value))  # pyright: ignore[reportUnknownArgumentType]


def _said(given: tuple[Any, ...]) -> str:
    return type(given[0]).__name__ if given else "absent"


_STORAGES = {
    "Float": Numbers("<f4", 4),
    "Double": Numbers("<f8", 8),
    "Half": Numbers("<f2", 2),
    "BFloat16": Numbers("bf16", 2),
    "Long": Numbers("<i8", 8),
    "Int": Numbers("<i4", 4),
    "Short": Numbers("<i2", 2),
    "Char": Numbers("|i1", 1),
    "Byte": Numbers("|u1", 1),
    "Bool": Numbers("|b1", 1),
}
_WORDS = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")

KNOWN: dict[tuple[str, str], Known] = {
    ("collections", "OrderedDict"): Maker("OrderedDict", _ordered),
    ("torch", "Size"): Maker("torch.Size", _size),
    ("torch", "device"): Maker("torch.device", lambda given: Word("torch.device")),
    ("torch._utils", "_rebuild_tensor"): Maker("_rebuild_tensor", _tensor),
    ("torch._utils", "_rebuild_tensor_v2"): Maker("_rebuild_tensor_v2", _tensor),
    ("torch._utils", "_rebuild_parameter"): Maker("_rebuild_parameter", _parameter),
    **{("torch", f"{name}Storage"): numbers for name, numbers in _STORAGES.items()},
    **{("torch", name): Word(f"torch.{name}") for name in _WORDS},
}

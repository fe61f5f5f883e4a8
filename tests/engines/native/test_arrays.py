"""Arrays of every type and layout run as their contiguous float32 copies do, bit by bit, and stay as they were."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pellucid import Network
from pellucid.engines.native.engine import NativeEngine
from pellucid.errors import DataError
from pellucid.layers import Conv2d, Flatten, Linear, ReLU

Array = NDArray[Any]
ENGINE = NativeEngine(threads=2)
NET = Network((2, 9, 7), [Conv2d(5, 3), ReLU(), Flatten(), Linear(4)], seed=1)
COUNTS = (1, 40)  # both arrangements of lanes


def values(count: int) -> Array:
    """Small whole numbers, which every type holds."""
    return np.random.default_rng(count).integers(0, 4, (count, 2, 9, 7)).astype(np.float32)


def check(array: Array) -> None:
    """Running an array gives the bits of its contiguous float32 copy, and changes none of the array's."""
    whole = array
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    before = hashlib.sha256(whole.tobytes()).digest()
    copy = np.array(array.tolist(), np.float32)
    right = NET.predict(copy, engine=ENGINE)
    assert np.isfinite(right).all()
    assert NET.predict(array, engine=ENGINE).tobytes() == right.tobytes()
    assert hashlib.sha256(whole.tobytes()).digest() == before


def spread(x: Array) -> Array:
    """Every second number of a larger array, along all axes."""
    wide = np.full([2 * size for size in x.shape], np.nan, np.float32)
    wide[::2, ::2, ::2, ::2] = x
    return wide[::2, ::2, ::2, ::2]


def odd_bytes(x: Array) -> Array:
    """A field of records of seven bytes."""
    records = np.zeros(x.shape, np.dtype([("before", "u1"), ("x", "<f4"), ("after", "<u2")], align=False))
    records["x"] = x
    return records["x"]


def locked(x: Array) -> Array:
    """An array that nobody may write to."""
    copy = x.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "negative strides": lambda x: x[:, :, ::-1, ::-1],
    "all strides negative": lambda x: x[::-1, ::-1, ::-1, ::-1],
    "zero strides": lambda x: np.broadcast_to(x[:1, :1, :1], x.shape),
    "all strides zero": lambda x: np.broadcast_to(np.float32(2), x.shape),
    "transposed": lambda x: np.ascontiguousarray(x.transpose(3, 2, 1, 0)).transpose(3, 2, 1, 0),
    "channels last": lambda x: np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
    "columns first": np.asfortranarray,
    "sliced": spread,
    "odd strides": odd_bytes,
    "read-only": locked,
    "bytes": lambda x: np.frombuffer(x.tobytes(), np.float32).reshape(x.shape),
    "overlapping": lambda x: np.lib.stride_tricks.as_strided(x, x.shape, (8, 4, 8, 4)),
}


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str, count: int) -> None:
    """However an array's numbers lie in memory, they are read in order."""
    check(LAYOUTS[layout](values(count)))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("offset", [*range(1, 9), 15, 16, 31, 32, 33, 48, 63])
def test_unaligned(offset: int, count: int) -> None:
    """An array may begin at any byte, whatever the vectors are that read it."""
    x = values(count)
    room = np.zeros(x.nbytes + 64 + 64, np.uint8)
    start = -room.ctypes.data % 64 + offset
    array = room[start : start + x.nbytes].view(np.float32).reshape(x.shape)
    array[...] = x
    assert array.ctypes.data % 64 == offset
    check(array)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", [*"?bBhHiIlLqQefdg", ">f4", ">f8", ">f2", ">i2", ">i8", "<i4"])
def test_types(kind: str, count: int) -> None:
    """Every real type of numbers, in either order of bytes, is taken for the float32 numbers that it holds."""
    check(values(count).astype(kind))
    check(np.asfortranarray(values(count).astype(kind))[:, :, ::-1])


def test_a_file_in_memory(tmp_path: Path) -> None:
    """A file that is mapped and cannot be written is read where it lies."""
    np.save(tmp_path / "images.npy", values(40))
    check(np.load(tmp_path / "images.npy", mmap_mode="r"))


@pytest.mark.parametrize(
    ("array", "got"),
    [
        (values(3).astype(object), "dtype object"),
        (values(3).astype(complex), "dtype complex128"),
        (values(3).astype(str), "dtype <U32"),
        (values(3).astype("datetime64[s]"), "dtype datetime64[s]"),
        (values(3).astype(np.int32).view([("a", "<i2"), ("b", "<i2")]), "dtype [('a', '<i2'), ('b', '<i2')]"),
        (np.full((3, 2, 9, 7), 1e39), "numbers up to 1e+39"),
    ],
    ids=["object", "complex", "text", "time", "records", "too large"],
)
def test_what_is_no_array_of_real_numbers(array: Array, got: str) -> None:
    """Anything else is refused by one error that names the input and the type."""
    with pytest.raises(DataError) as caught:
        NET.predict(array, engine=ENGINE)
    assert (caught.value.where, caught.value.got) == ("input 'input'", got)


def test_weights_of_any_layout() -> None:
    """Weights may be assigned from arrays of any layout and type; the network computes with their values."""
    net, x = Network((2, 9, 7), [Conv2d(5, 3), ReLU(), Flatten(), Linear(4)], seed=2), values(40)
    for name, weight in NET.weights.items():
        net.weights[name] = np.asfortranarray(weight.astype(">f8"))[::-1][::-1]
    assert net.predict(x, engine=ENGINE).tobytes() == NET.predict(x, engine=ENGINE).tobytes()


def test_results_are_the_callers() -> None:
    """What a run returns is never touched again, and no input: each call's memory is its own."""
    x = values(40)
    first = NET.predict(x, engine=ENGINE)
    kept = first.copy()
    second = NET.predict(x[::-1], engine=ENGINE)
    assert np.array_equal(first, kept)
    assert not np.shares_memory(first, second)
    assert not np.shares_memory(first, x)
    first[...] = np.nan
    assert np.array_equal(NET.predict(x, engine=ENGINE), kept)

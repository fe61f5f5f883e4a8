"""NumPy arrays whose headers lie or hold code: refused by the array's name, and never evaluated."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from crafted_states import MEBI, NUMBERS, loaded, refused

from pellucid.formats.npz import open_arrays

HUGE = 2**62


def npy(header: str | bytes, data: bytes = NUMBERS, version: bytes = b"\x01\x00", length: int | None = None) -> bytes:
    """An array of this header."""
    text = header.encode() if isinstance(header, str) else header
    wide = "<H" if version[0] == 1 else "<I"
    return b"\x93NUMPY" + version + struct.pack(wide, len(text) if length is None else length) + text + data


def said(descr: object = "<f4", shape: object = (2, 3), fortran: object = False) -> str:
    """A header as NumPy writes it."""
    return f"{{'descr': {descr!r}, 'fortran_order': {fortran!r}, 'shape': {shape!r}, }}".ljust(117) + "\n"


def npz(weight: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    """A file with this array in the weight's place."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        made.writestr("fc.weight.npy", weight)
        made.writestr("fc.bias.npy", npy(said(shape=(2,)), NUMBERS[:8]))
    return file.getvalue()


def objects() -> bytes:
    """What numpy.save writes of an array of objects."""
    file = io.BytesIO()
    np.save(file, np.array([{}], object), allow_pickle=True)
    return file.getvalue()


ARRAYS: dict[str, tuple[bytes, str]] = {  # the array, and what is there
    "objects": (objects(), "Python objects, which only a pickle holds"),
    "objects in a field": (npy(said([("a", "|O")])), "Python objects, which only a pickle holds"),
    "a table": (npy(said([("a", "<f4"), ("b", "<f4")])), "a table of several columns"),
    "a part of an array": (npy(said(("<f4", (2,)))), "the header"),
    "code": (npy("__import__('os').system('touch CANARY')\n"), 'the header b"__import__('),
    "code for a shape": (npy(said().replace("(2, 3)", "(exit(), )")), "the header"),
    "a bare pickle": (pickle.dumps({}), "no array, but bytes"),
    "a header of 10 MB": (npy(b" " * 10**7, version=b"\x02\x00"), "a header of 10000000 bytes"),
    "a header of 4 GiB": (npy(said(), version=b"\x02\x00", length=2**32 - 1), "a header of 4294967295 bytes"),
    "a header that ends": (npy(said(), b"", length=5000), "the header"),
    "brackets without end": (npy("(" * 9000), "the header"),
    "a version of the future": (npy(said(), version=b"\x09\x09"), "version 9.9"),
    "an order that lies": (npy(said(fortran=1)), "the header"),
    "no order": (npy("{'descr': '<f4', 'shape': (2, 3), }\n"), "the header"),
    "an entry twice": (npy(said().replace("'shape'", "'descr': '<f4', 'shape'")), "the header"),
    "complex numbers": (npy(said("<c8", (3,))), "the type <c8"),
    "dates": (npy(said("<M8[s]", (3,))), "the header"),
    "bytes of 2 GB each": (npy(said("|S999999999", (1,))), "the type |S999999999"),
    "numbers of 3 bytes": (npy(said("<f3", (2, 4))), "the type <f3"),
    "(2**33, 2**33)": (npy(said(shape=(2**33, 2**33))), "24 bytes for shape (8589934592, 8589934592)"),
    "[2**62, 8]": (npy(said(shape=(HUGE, 8))), f"24 bytes for shape ({HUGE}, 8)"),
    "[0, 2**62] with numbers": (npy(said(shape=(0, HUGE))), "24 bytes for shape (0,"),
    "a negative shape": (npy(said(shape=(-2, -3))), "the header"),
    "a size of 2**64 and more": (npy(said(shape=(10**25,))), "the shape"),
    "sizes that are fractions": (npy(said(shape=(2.0, 3))), "the header"),
    "a rank of 100": (npy(said(shape=(1,) * 100)), "the shape"),
    "a shape that is a number": (npy(said().replace("(2, 3)", "(6)")), "the shape (6)"),
    "one byte short": (npy(said(), NUMBERS[:-1]), "23 bytes for shape (2, 3)"),
    "one byte more": (npy(said(), NUMBERS + b"."), "25 bytes for shape (2, 3)"),
    "one number short": (npy(said(shape=(7,))), "24 bytes for shape (7,)"),
    "nothing": (b"", "no array, but bytes"),
}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ARRAYS)
def test_a_header_that_lies(name: str, method: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header is compared with a form, and its shape with the bytes that are there; the array is named."""
    monkeypatch.chdir(tmp_path)
    made, got = ARRAYS[name]
    error = refused(Path("x.npz"), npz(made, method), most=4 * MEBI)
    assert error.where == "x.npz: array 'fc.weight'"
    assert got in error.got
    assert not Path("CANARY").exists()


def test_one_name_in_two_members(tmp_path: Path) -> None:
    """An array and another with its suffix would be one name: refused."""
    file = io.BytesIO(npz(npy(said())))
    with zipfile.ZipFile(file, "a") as made:
        made.writestr("fc.weight", npy(said()))
    error = refused(tmp_path / "x.npz", file.getvalue())
    assert (error.where, error.got) == (f"{tmp_path / 'x.npz'}: array 'fc.weight'", "this name twice")


def test_their_twins_are_loaded(tmp_path: Path) -> None:
    """Both versions, Python 2's long numbers, the other byte order and Fortran's order give equal values."""
    path = tmp_path / "x.npz"
    turned = np.frombuffer(NUMBERS, "<f4").reshape(2, 3).T.tobytes()
    other = np.frombuffer(NUMBERS, "<f4").astype(">f8").tobytes()
    for made in (
        npy(said()),
        npy(said(), version=b"\x02\x00"),
        npy(said(), version=b"\x03\x00"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }\n"),
        npy(said(fortran=True), turned),
        npy(said(">f8"), other),
    ):
        loaded(path, npz(made))
        loaded(path, npz(made, zipfile.ZIP_DEFLATED))


def test_single_axes_and_none(tmp_path: Path) -> None:
    """Arrays of one axis, of none and of nothing are read as NumPy writes them."""
    arrays = {"one": np.arange(3), "none": np.array(2.5), "nothing": np.zeros((0, 4)), "truths": np.array([True])}
    np.savez(tmp_path / "x.npz", **arrays)  # pyright: ignore[reportArgumentType]
    with open_arrays(tmp_path / "x.npz") as held:
        for name, array in arrays.items():
            read = held[name].read()
            assert (read.shape, read.dtype, read.tobytes()) == (array.shape, array.dtype, array.tobytes())

"""Archives made to harm, in every format that is one: refused by the member before it is unpacked."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from crafted_states import MEBI, archive, network, valid

import pellucid
from pellucid.errors import ModelFileError
from pellucid.train.npz import load_npz

PACKED, PLAIN = zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED
WEIGHTS = {"fc.weight": np.ones((2, 3), np.float32), "fc.bias": np.zeros(2, np.float32)}


def npz(arrays: dict[str, np.ndarray], method: int = PLAIN) -> bytes:
    """The bytes that numpy.savez writes."""
    file = io.BytesIO()
    (np.savez if method == PLAIN else np.savez_compressed)(file, **arrays)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def keras(method: int = PLAIN) -> bytes:
    """An archive of a Keras model's members, which hold nothing."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            made.writestr(name, b"{}")
    return file.getvalue()


HONEST = {".pt": archive(valid()), ".npz": npz(WEIGHTS), ".keras": keras()}
BIGGEST = {".pt": "x/data/0", ".npz": "fc.weight.npy", ".keras": "model.weights.h5"}


def opened(path: Path) -> None:
    """Open a file by its suffix."""
    if path.suffix == ".keras":
        pellucid.load(path)
    else:
        network().load_weights(path)


def refused(path: Path, content: bytes | bytearray) -> str:
    """Return the error of a file, which takes little memory and names it."""
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(ModelFileError) as error:
        opened(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * MEBI
    assert path.name in str(error.value)
    assert len(str(error.value)) <= 300
    return str(error.value)


def with_bomb(suffix: str) -> bytes:
    """The honest archive with 3 GiB of zeros that take 3 MB."""
    file = io.BytesIO(HONEST[suffix])
    block = zipfile.ZipInfo("zeros.npy")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = packer.compress(bytes(96 * MEBI)) + packer.flush()
    with zipfile.ZipFile(file, "a", PLAIN) as made:
        made.writestr(block, zeros)
    content = bytearray(file.getvalue())
    entry = content.rindex(b"PK\x01\x02")
    local = content.rindex(b"PK\x03\x04", 0, entry)
    for at in (local + 8, entry + 10):
        content[at : at + 2] = (8).to_bytes(2, "little")
    for at in (local + 22, entry + 24):
        content[at : at + 4] = (3 * 2**30).to_bytes(4, "little")
    return bytes(content)


def with_name_twice(suffix: str) -> bytes:
    """The honest archive with a second member of a first one's name."""
    first = BIGGEST[suffix]
    other = first[:-1] + "~"
    file = io.BytesIO(HONEST[suffix])
    with zipfile.ZipFile(file, "a") as made:
        made.writestr(other, b"twice")
    return file.getvalue().replace(other.encode(), first.encode())


def changed(suffix: str, offset: int, value: int, size: int, name: str | None = None) -> bytes:
    """The honest archive with a number of one entry of its directory changed."""
    content = bytearray(HONEST[suffix])
    entry = content.index((name or BIGGEST[suffix]).encode(), content.index(b"PK\x01\x02")) - 46
    content[entry + offset : entry + offset + size] = value.to_bytes(size, "little")
    return bytes(content)


def with_wide_lie(suffix: str) -> bytes:
    """The honest archive, in whose member zip64 sizes say something else than the directory."""
    source = zipfile.ZipFile(io.BytesIO(HONEST[suffix]))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in source.namelist():
            with made.open(name, "w", force_zip64=True) as member:
                member.write(source.read(name))
    content = bytearray(file.getvalue())
    at = content.index(BIGGEST[suffix].encode()) + len(BIGGEST[suffix])
    assert content[at : at + 4] == struct.pack("<2H", 1, 16)
    content[at + 4 : at + 12] = (2**40).to_bytes(8, "little")
    return bytes(content)


def with_wide_and_nothing(suffix: str) -> bytes:
    """The honest archive, in whose member a size says that it stands elsewhere, where there is none."""
    content = bytearray(HONEST[suffix])
    at = content.index(BIGGEST[suffix].encode()) - 30
    if content[at + 18 : at + 26] == b"\xff" * 8:  # NumPy writes all of them so: take what stands elsewhere away
        extra = at + 30 + len(BIGGEST[suffix])
        content[extra : extra + 2] = (0x4242).to_bytes(2, "little")
    content[at + 18 : at + 26] = b"\xff" * 8
    return bytes(content)


def with_end_in_the_directory(suffix: str) -> bytes:
    """The honest archive whose last member would reach into the directory."""
    content = bytearray(HONEST[suffix])
    entry, local = content.rindex(b"PK\x01\x02"), content.rindex(b"PK\x03\x04")
    size = (int.from_bytes(content[entry + 24 : entry + 28], "little") + 30).to_bytes(4, "little")
    if content[local + 18 : local + 26] == b"\xff" * 8:  # NumPy's sizes, which stand elsewhere
        extra = local + 34 + int.from_bytes(content[local + 26 : local + 28], "little")
        content[extra : extra + 16] = (size + bytes(4)) * 2
    else:
        content[local + 18 : local + 26] = size * 2
    content[entry + 20 : entry + 28] = size * 2
    return bytes(content)


def with_members(suffix: str) -> bytes:
    """The honest archive that says it has 65,535 members."""
    content = bytearray(HONEST[suffix])
    content[-14:-10] = (65535).to_bytes(2, "little") * 2
    return bytes(content)


LIES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "a bomb": (with_bomb, "3221225472"),
    "a name twice": (with_name_twice, "this name twice"),
    "an encrypted member": (lambda suffix: changed(suffix, 8, 1, 2), "an encrypted member"),
    "another method": (lambda suffix: changed(suffix, 10, 12, 2), "compression method 12"),
    "another CRC": (lambda suffix: changed(suffix, 16, 1, 4), "CRC-32"),
    "another start": (lambda suffix: changed(suffix, 42, 7, 4), ": member "),
    "a start beyond": (lambda suffix: changed(suffix, 42, 2**31, 4), "from 2147483648 on"),
    "sizes of zip64 that lie": (with_wide_lie, "1099511627776"),
    "sizes of zip64 that are not there": (with_wide_and_nothing, "a header of 4294967295 bytes"),
    "an end in the directory": (with_end_in_the_directory, "where the directory starts"),
    "65,535 members": (with_members, "65535 members"),
}


@pytest.mark.parametrize("suffix", HONEST)
@pytest.mark.parametrize("name", LIES)
def test_an_archive_that_lies(name: str, suffix: str, tmp_path: Path) -> None:
    """Whatever the format, the archive's directory is checked as a whole before anything is unpacked."""
    make, got = LIES[name]
    assert got in refused(tmp_path / f"x{suffix}", make(suffix))


@pytest.mark.parametrize("suffix", [".pt", ".npz"])
def test_their_twins_are_loaded(suffix: str, tmp_path: Path) -> None:
    """The honest archives are loaded, as they are and with sizes that stand elsewhere."""
    path = tmp_path / f"x{suffix}"
    source = zipfile.ZipFile(io.BytesIO(HONEST[suffix]))
    path.write_bytes(HONEST[suffix])
    opened(path)
    with zipfile.ZipFile(path, "w") as made:
        for name in source.namelist():
            with made.open(name, "w", force_zip64=True) as member:
                member.write(source.read(name))
    opened(path)


def test_packed_bytes_that_are_damaged(tmp_path: Path) -> None:
    """A compressed array whose bytes cannot be unpacked is refused by the member's name."""
    content = bytearray(npz({"fc.weight": np.random.default_rng(0).random((2, 3)), **WEIGHTS}, PACKED))
    start = content.index(b"fc.weight.npy") + len("fc.weight.npy") + 20
    content[start : start + 8] = b"\xff" * 8
    assert "member 'fc.weight.npy'" in refused(tmp_path / "x.npz", content)


def test_an_archive_in_an_archive(tmp_path: Path) -> None:
    """A member that is itself an archive is told as what it is not."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("fc.weight.npy", HONEST[".npz"])
    assert "array 'fc.weight'" in refused(tmp_path / "x.npz", file.getvalue())


def test_data_sets_are_read_by_the_same_reader(tmp_path: Path) -> None:
    """A data set's .npz whose directory lies is refused like a model's."""
    path = tmp_path / "x.npz"
    np.savez(path, images=np.zeros((4, 2, 2)), labels=np.zeros(4, int))
    load_npz(path)
    content = bytearray(path.read_bytes())
    content[content.index(b"images.npy", content.index(b"PK\x01\x02")) - 46 + 16] ^= 1
    path.write_bytes(content)
    with pytest.raises(pellucid.errors.DataError, match=r"member 'images.npy'.*CRC-32"):
        load_npz(path)

"""Archives made to harm: each is refused by the member's name before it is unpacked, and its harmless twin is read."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from pellucid.errors import ModelFileError
from pellucid.formats.archive import opened_archive

MEBI = 2**20


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytearray:
    """Return an archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return bytearray(file.getvalue())


def refused(path: Path, data: bytes | bytearray) -> str:
    """Return the error that opening an archive raises, which takes little memory."""
    path.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(ModelFileError) as error, opened_archive(path):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * MEBI
    return str(error.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_honest_archive(method: int, tmp_path: Path) -> None:
    """Members come out bit for bit; one that is not compressed can be read in its place, and none beyond `most`."""
    path, data = tmp_path / "a.zip", bytes(range(256)) * 40
    path.write_bytes(zipped({"a/b.npy": data, "größe": b""}, method))
    with opened_archive(path) as archive:
        assert archive.names == ("a/b.npy", "größe")
        assert archive.size("a/b.npy") == len(data)
        assert archive.read("a/b.npy", len(data)) == data
        assert archive.read("größe", 0) == b""
        place = archive.place("a/b.npy")
        if method == zipfile.ZIP_STORED:
            assert place is not None
            assert path.read_bytes()[place[0] : place[0] + place[1]] == data
        else:
            assert place is None
        with pytest.raises(ModelFileError, match=r"'a/b.npy'\n.*10240 bytes\n.*at most 10239"):
            archive.read("a/b.npy", len(data) - 1)
        with pytest.raises(ModelFileError, match="no such member"):
            archive.read("c", 1)


def test_a_bomb(tmp_path: Path) -> None:
    """A member of zeros that would take 1,000 times its bytes is refused with its ratio, not unpacked."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as member:
        for _ in range(80):
            member.write(bytes(MEBI))
    told = refused(tmp_path / "a.zip", file.getvalue())
    assert "member 'zeros'" in told
    assert "83886080, 1029 times as many" in told


def test_many_members(tmp_path: Path) -> None:
    """More members than a model has are refused by their number, before they are listed."""
    data = zipped({"a": b"1"})
    data[-14:-10] = (65535).to_bytes(2, "little") * 2
    assert "65535 members" in refused(tmp_path / "a.zip", data)


def test_a_name_twice(tmp_path: Path) -> None:
    """Two members of one name are refused: readers differ in which they take."""
    data = zipped({"aa": b"1", "ab": b"2"}).replace(b"ab", b"aa")
    assert "member 'aa'\n  got       this name twice" in refused(tmp_path / "a.zip", data)


@pytest.mark.parametrize(
    ("offset", "value", "told"),
    [
        (8, 1, "an encrypted member"),
        (10, 99, "compression method 99"),
        (16, 1, "a header of 5 bytes"),
        (20, 4, "4 bytes stored as 5"),
        (24, 200, "5 bytes stored as 200"),
        (46, 0x62, "a header of b'a'"),
    ],
)
def test_a_directory_that_lies(offset: int, value: int, told: str, tmp_path: Path) -> None:
    """What the directory says of a member and what stands at the member must be the same."""
    data = zipped({"a": b"12345"})
    entry = data.index(b"PK\x01\x02")
    data[entry + offset] = value
    assert told in refused(tmp_path / "a.zip", data)


def test_members_on_the_same_bytes(tmp_path: Path) -> None:
    """Two entries that lead to one place are refused."""
    data = zipped({"a": b"12345", "b": b"12345"})
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[second + 42 : second + 46] = bytes(4)
    assert "its own alone" in refused(tmp_path / "a.zip", data)


def test_damaged_bytes(tmp_path: Path) -> None:
    """A flipped bit in a member is noticed when the member is read."""
    data = zipped({"a": b"12345"})
    data[data.index(b"12345")] ^= 1
    (tmp_path / "a.zip").write_bytes(data)
    with opened_archive(tmp_path / "a.zip") as archive, pytest.raises(ModelFileError, match="CRC-32"):
        archive.read("a", 5)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no archive at all", bytes(1000)])
def test_no_archive(data: bytes, tmp_path: Path) -> None:
    """What has no directory is no archive."""
    assert "no directory of a zip archive" in refused(tmp_path / "a.zip", data)

"""Zip archives that nobody vouches for: their directory is checked whole before a byte of a member is unpacked.

What a member takes unpacked is known beforehand, no two members share bytes, and what the directory says of a member is
what stands at its start. Format: PKWARE's APPNOTE.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import NoReturn
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ..errors import ModelFileError
from .disk import opened, read_at
from .strict_json import DAMAGED

MOST_MEMBERS = 10_000
LONGEST_NAME = 4096
LARGEST_DIRECTORY = 16 * 2**20  # bytes; 10,000 members of usual names take 1 MiB
FREE = 64 * 2**20  # bytes that all members together may take unpacked, whatever their ratio
MOST_RATIO = 100  # unpacked to packed, beyond what is free
PIECE = 2**20
LOCAL = struct.Struct("<4s5H3I2H")
END = struct.Struct("<4s4H2IH")
WIDE = 2**32 - 1  # a size that stands elsewhere
END_MARK, END64_MARK = b"PK\x05\x06", b"PK\x06\x06"


class Archive:
    """The members of a checked archive, by name.

    Args:
        file: the archive.
        members: what its directory says of each member.
        starts: where each member's bytes start in the file.
    """

    def __init__(self, file: BufferedReader, members: dict[str, ZipInfo], starts: dict[str, int]) -> None:
        self._file = file
        self._members = members
        self._starts = starts

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, in the order of the directory."""
        return tuple(self._members)

    def size(self, name: str) -> int:
        """Return how many bytes a member has, unpacked."""
        return self._member(name).file_size

    def place(self, name: str) -> tuple[int, int] | None:
        """Return where a stored member lies in the file, (first byte, length); None: it is compressed."""
        member = self._member(name)
        return (self._starts[name], member.file_size) if member.compress_type == ZIP_STORED else None

    def read(self, name: str, most: int) -> bytes:
        """Return a member's bytes, checked against its CRC-32.

        Args:
            name: the member.
            most: how many bytes it may have.

        Raises:
            ModelFileError: there is no such member, it is larger, or it is damaged.
        """
        member = self._member(name)
        if member.file_size > most:
            _refuse(name, f"{member.file_size} bytes", f"at most {most}")
        self._file.seek(self._starts[name])
        data = self._file.read(member.compress_size)
        if member.compress_type == ZIP_DEFLATED:
            data = _unpacked(name, data, member.file_size + 1)
        if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
            _refuse(name, f"{len(data)} bytes of CRC-32 {zlib.crc32(data):08x}", _said(member))
        return data

    def head(self, name: str, count: int) -> bytes:
        """Return at most `count` first bytes of a member, which nothing vouches for yet.

        Raises:
            ModelFileError: there is no such member, or it is damaged.
        """
        member = self._member(name)
        self._file.seek(self._starts[name])
        data = self._file.read(min(count + PIECE // 16, member.compress_size))
        if member.compress_type == ZIP_DEFLATED:
            data = _unpacked(name, data, count)
        return data[:count]

    def verify(self, name: str) -> None:
        """Check a stored member against its CRC-32, a piece at a time.

        Raises:
            ModelFileError: it is damaged, or it is compressed, so that no part of it could be read.
        """
        member = self._member(name)
        if member.compress_type != ZIP_STORED:
            _refuse(name, "a compressed member", "one that is stored as it is")
        found, end = 0, self._starts[name] + member.file_size
        for start in range(self._starts[name], end, PIECE):
            found = zlib.crc32(read_at(self._file, start, min(PIECE, end - start)), found)
        if found != member.CRC:
            _refuse(name, f"{member.file_size} bytes of CRC-32 {found:08x}", _said(member))

    def part(self, name: str, start: int, size: int) -> bytes:
        """Return some bytes of a stored member, which is verified."""
        return read_at(self._file, self._starts[name] + start, size)

    def _member(self, name: str) -> ZipInfo:
        if name not in self._members:
            _refuse(name, "no such member", "one of the archive's")
        return self._members[name]


@contextmanager
def opened_archive(path: Path) -> Generator[Archive]:
    """Open a zip archive after checking all that it says of its members.

    Raises:
        ModelFileError: it is none, or it could not be unpacked safely; the error names the member.
    """
    with opened(path) as (file, size):
        yield checked(file, size)


def checked(file: BufferedReader, size: int) -> Archive:
    """Return the members of an open archive of `size` bytes. Errors: `opened_archive`."""
    _check_directory(file, size)
    try:
        with ZipFile(file) as archive:
            listed = archive.infolist()
            directory = archive.start_dir
    except (BadZipFile, NotImplementedError, OverflowError, ValueError, struct.error) as failure:
        raise ModelFileError("", got=str(failure), expected="a zip archive", fix=DAMAGED) from None
    members: dict[str, ZipInfo] = {}
    for member in listed:
        if member.filename in members:
            _refuse(member.filename, "this name twice", "each name once")
        members[member.filename] = member
        _check_member(member, directory)
    _check_ratios(listed)
    starts: dict[str, int] = {}
    end = 0
    for member in sorted(listed, key=lambda each: each.header_offset):
        if member.header_offset < end:
            _refuse(member.filename, f"a start at byte {member.header_offset}", f"bytes from {end} on, its own alone")
        start = starts[member.filename] = _start(file, member)
        end = start + member.compress_size
        if end > directory:
            _refuse(member.filename, f"bytes up to {end}", f"bytes before {directory}, where the directory starts")
    return Archive(file, members, starts)


def _check_directory(file: BufferedReader, size: int) -> None:
    """Refuse a directory that is too large, before anything is made of it."""
    file.seek(max(0, size - 2**16 - END.size))
    tail = file.read(2**16 + END.size)
    at = tail.rfind(END_MARK)
    if at < 0 or len(tail) - at < END.size:
        raise ModelFileError("", got="no directory of a zip archive at its end", expected="a zip archive", fix=DAMAGED)
    _, _, _, _, count, length, _, _ = END.unpack_from(tail, at)
    large = tail.rfind(END64_MARK, 0, at)
    if large >= 0 and at - large >= 56:  # zip64: its own counts hold
        count = int.from_bytes(tail[large + 32 : large + 40], "little")
        length = int.from_bytes(tail[large + 40 : large + 48], "little")
    if count > MOST_MEMBERS or length > LARGEST_DIRECTORY:
        raise ModelFileError(
            "the archive's directory",
            got=f"{count} members, listed in {length} bytes",
            expected=f"at most {MOST_MEMBERS} members in {LARGEST_DIRECTORY} bytes",
            fix="save the model again, as one file of fewer members",
        )


def _check_member(member: ZipInfo, directory: int) -> None:
    """Refuse what we do not unpack, and sizes that cannot be."""
    name = member.filename
    if len(name) > LONGEST_NAME or "\0" in member.orig_filename:
        _refuse(name, "a name too long, or with a zero byte", f"at most {LONGEST_NAME} characters")
    if member.flag_bits & 0x1:
        _refuse(name, "an encrypted member", "one that anybody can read")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        _refuse(name, f"compression method {member.compress_type}", "0 (stored) or 8 (deflated)")
    if not 0 <= member.header_offset < directory or member.compress_size > directory:
        _refuse(name, f"{member.compress_size} bytes from {member.header_offset} on", f"bytes before {directory}")
    if member.compress_type == ZIP_STORED and member.compress_size != member.file_size:
        _refuse(name, f"{member.compress_size} bytes stored as {member.file_size}", "as many as they are")


def _check_ratios(listed: list[ZipInfo]) -> None:
    """Refuse members that take much more unpacked than packed, once they take much together."""
    total = 0
    for member in sorted(listed, key=lambda each: each.file_size):
        total += member.file_size
        if total > FREE and member.file_size > MOST_RATIO * member.compress_size:
            ratio = member.file_size / max(member.compress_size, 1)
            _refuse(
                member.filename,
                f"{member.compress_size} bytes that unpack to {member.file_size}, {ratio:.0f} times as many",
                f"at most {MOST_RATIO} times as many",
            )


def _start(file: BufferedReader, member: ZipInfo) -> int:
    """Return where a member's bytes start, after comparing its own header with the directory."""
    file.seek(member.header_offset)
    head = file.read(LOCAL.size)
    if len(head) < LOCAL.size or not head.startswith(b"PK\x03\x04"):
        _refuse(member.filename, "no header at its start", "the header of a member")
    _, _, flags, method, _, _, crc, packed, size, name, extra = LOCAL.unpack(head)
    found = file.read(name)
    packed, size = _wide(file.read(extra), packed, size)
    coded = member.orig_filename.encode("utf-8" if flags & 0x800 else "cp437", "replace")
    if found != coded or method != member.compress_type or flags != member.flag_bits:
        _refuse(member.filename, f"a header of {found[:60]!r}, method {method}", f"{coded[:60]!r}, {_said(member)}")
    later = bool(flags & 0x8) and not (crc or packed or size)  # they follow the data
    same = (crc, packed, size) == (member.CRC, member.compress_size, member.file_size)
    if not (later or same):
        _refuse(member.filename, f"a header of {packed} bytes that unpack to {size}, CRC-32 {crc:08x}", _said(member))
    return member.header_offset + LOCAL.size + name + extra


def _wide(extra: bytes, packed: int, size: int) -> tuple[int, int]:
    """Return a member's sizes, of which each that 32 bits cannot hold stands among what is said besides (zip64)."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        held, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind != 1:
            continue
        numbers = [int.from_bytes(held[at : at + 8], "little") for at in range(0, len(held) - 7, 8)]
        size = numbers.pop(0) if size == WIDE and numbers else size
        packed = numbers.pop(0) if packed == WIDE and numbers else packed
    return packed, size


def _unpacked(name: str, data: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(data, most)
    except zlib.error as failure:
        _refuse(name, str(failure), "deflated bytes")


def _said(member: ZipInfo) -> str:
    return (
        f"method {member.compress_type}, {member.compress_size} bytes that unpack to {member.file_size} "
        f"of CRC-32 {member.CRC:08x}, as the directory says"
    )


def _refuse(name: str, got: str, expected: str) -> NoReturn:
    raise ModelFileError(f"member {name!r}", got=got, expected=expected, fix=DAMAGED)

"""Weights that lie in files beside a model: opened beneath its folder, component by component, following no link."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from ...errors import ModelFileError

KEYS = {"location", "offset", "length", "checksum"}


def read_external(folder: Path | None, entries: Mapping[str, str], name: str, size: int) -> bytes:
    """Return the `size` bytes of a tensor that `entries` place in a file beneath `folder`.

    Raises:
        ModelFileError: they name another place, a link, no plain file, or other bytes than the tensor has.
    """
    location = entries.get("location", "")
    place = f"tensor {name!r} in {location!r}"
    if unknown := [key for key in entries if key not in KEYS]:
        raise _refused(place, f"an unknown key {unknown[0]!r}")
    if folder is None:
        raise _refused(place, "a model in memory, which has no folder")
    parts = location.split("/")
    if any(part in ("", ".", "..") or "\\" in part or ":" in part or "\0" in part for part in parts):
        raise _refused(place, "a location that is no plain path beneath the model's folder")
    offset = _whole(entries.get("offset", "0"), place)
    length = _whole(entries["length"], place) if "length" in entries else size
    if length != size:
        raise _refused(place, f"{length} bytes where its shape has {size}")
    try:
        return _read(folder, parts, offset, size, place)
    except OSError as error:
        raise _refused(place, error.strerror or "an error of the system") from None


def _read(folder: Path, parts: list[str], offset: int, size: int, place: str) -> bytes:
    opened = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for part in parts[:-1]:
            opened.append(os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=opened[-1]))
        opened.append(os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened[-1]))
        found = os.fstat(opened[-1])
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise _refused(place, "no plain file, or one with several names")
        if offset + size > found.st_size:
            raise _refused(place, f"bytes {offset} to {offset + size} of a file of {found.st_size}")
        with os.fdopen(opened.pop(), "rb") as file:
            file.seek(offset)
            data = file.read(size)
        if len(data) != size:
            raise _refused(place, "a file that became shorter")
        return data
    finally:
        for number in opened:
            os.close(number)


def _whole(text: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _refused(place, f"the number {text!r}")
    return int(text)


def _refused(place: str, got: str) -> ModelFileError:
    return ModelFileError(
        place, got=got, expected="a plain file beneath the model's folder", fix="save the model in one file"
    )

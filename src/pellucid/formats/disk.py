"""Files on the disk: opened only if they are plain files, and written so that there is the old one or the new one."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from ..errors import ModelFileError


@contextmanager
def opened(path: Path) -> Generator[tuple[BufferedReader, int]]:
    """Open a plain file for reading; gives the file and its size in bytes.

    Raises:
        ModelFileError: there is no such file, it is a folder or a pipe, or it cannot be read.
    """
    try:
        mode = path.stat().st_mode
        file = path.open("rb") if stat.S_ISREG(mode) else None
    except FileNotFoundError:
        raise ModelFileError(
            "", got="no such file", expected="an existing file", fix="check its path and name"
        ) from None
    except (OSError, ValueError) as error:  # a path with a zero byte is a ValueError
        raise ModelFileError(
            "", got=_reason(error), expected="a file that can be read", fix="check its path and rights"
        ) from None
    if file is None:
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ModelFileError("", got=what, expected="a file", fix="give the path of a file")
    with file:
        try:
            yield file, os.fstat(file.fileno()).st_size
        except OSError as error:
            raise ModelFileError(
                "", got=_reason(error), expected="a file that can be read", fix="check the disk"
            ) from None


def write(path: Path, pieces: Iterable[bytes | memoryview], size: int) -> None:
    """Write a file of `size` bytes: whatever happens, afterwards there is the whole new file or what was before.

    Raises:
        ModelFileError: the file cannot be written.
    """
    try:
        _replace(Path(os.path.realpath(path)), pieces)  # a link stays a link
    except (OSError, ValueError) as error:
        raise ModelFileError(
            "",
            got=f"{_reason(error)}, writing {size} bytes",
            expected="a folder with room that can be written to",
            fix="check the folder, its rights and its disk",
        ) from None


def _replace(target: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Write a new file beside the target, have it on the disk, then give it the target's name."""
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with beside.open("xb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(stat.S_IMODE(target.stat().st_mode))
        beside.replace(target)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    _settle(target.parent)


def _settle(folder: Path) -> None:
    """Have the folder itself on the disk, where the system can do that: only then is the new name there to stay."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reason(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)

"""Files on the disk: opened only if they are plain files, and what goes wrong with them told as our errors."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from ..disk import replace_file
from ..errors import ModelFileError

AGAIN = "open it again when it is complete"


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
            "", got=reason(error), expected="a file that can be read", fix="check its path and rights"
        ) from None
    if file is None:
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ModelFileError("", got=what, expected="a file", fix="give the path of a file")
    with file:
        before = os.fstat(file.fileno())
        try:
            yield file, before.st_size
        except OSError as error:
            raise ModelFileError(
                "", got=reason(error), expected="a file that can be read", fix="check the disk"
            ) from None
        except Exception:  # what was found wrong may come from the change
            _check_unchanged(file, path, before)
            raise
        _check_unchanged(file, path, before)


def read_at(file: BufferedReader, start: int, size: int) -> bytes:
    """Return `size` bytes from byte `start` on.

    Raises:
        ModelFileError: the file ends before, which it did not when it was opened.
    """
    file.seek(start)
    data = file.read(size)
    if len(data) < size:
        raise ModelFileError("", got=f"an end at byte {start + len(data)}", expected=f"{size} more bytes", fix=AGAIN)
    return data


def _check_unchanged(file: BufferedReader, path: Path, before: os.stat_result) -> None:
    """Raise ModelFileError if the file is not what it was when it was opened, or another one has its name."""
    now = os.fstat(file.fileno())
    try:
        same = os.path.samestat(now, path.stat())
    except OSError:
        same = False
    if not same or (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise ModelFileError(
            "",
            got="the file changed while it was read",
            expected="a file that nobody writes to, removes or replaces meanwhile",
            fix=AGAIN,
        )


def write(path: Path, pieces: Iterable[bytes | memoryview], size: int) -> None:
    """Write a file of `size` bytes: whatever happens, afterwards there is the whole new file or what was before.

    Raises:
        ModelFileError: the file cannot be written.
    """
    try:
        replace_file(path, pieces)
    except (OSError, ValueError) as error:
        raise ModelFileError(
            "",
            got=f"{reason(error)}, writing {size} bytes",
            expected="a folder with room that can be written to",
            fix="check the folder, its rights and its disk",
        ) from None


def reason(error: OSError | ValueError) -> str:
    """Return what the system says of an error, without its number and the path."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)

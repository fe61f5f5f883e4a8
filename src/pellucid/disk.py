"""Files written so that whatever happens, afterwards there is the whole new one, or the old one as it was."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

STALE = 600  # seconds without a change after which a half-written file was left by a process that was killed


def replace_file(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Write a file: a new one beside it, brought onto the disk, is given its name; a link stays a link.

    The file keeps its permissions. What killed processes left half-written for the same file is removed.

    Args:
        path: where; its folder exists.
        pieces: the content, piece by piece.

    Raises:
        OSError: it cannot be written, or a folder, a device or a pipe is there; what was there still is.
        ValueError: the path cannot be one.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     replace_file(Path(folder, "a.txt"), [b"one ", b"two"])
    ...     Path(folder, "a.txt").read_text(), len(list(Path(folder).iterdir()))
    ('one two', 1)
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise FileExistsError(errno.EEXIST, "not a file that can be replaced", str(target))
    beside = f".{target.name[:100]}."
    for left in target.parent.glob(f"{glob.escape(beside)}*.partial"):
        with suppress(FileNotFoundError):
            if time.time() - left.lstat().st_mtime > STALE:
                left.unlink()
    fresh = target.with_name(f"{beside}{secrets.token_hex(4)}.partial")
    try:
        with fresh.open("xb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            fresh.chmod(stat.S_IMODE(target.stat().st_mode))
        fresh.replace(target)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    _settle(target.parent)


def _settle(folder: Path) -> None:
    """Bring the folder itself onto the disk, where the system can: only then is the new name there to stay."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

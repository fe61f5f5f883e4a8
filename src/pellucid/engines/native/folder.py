"""A folder that nobody but its owner can have written to, and the files that its owner alone can have put there.

The folders on the way are checked from the root down: whoever cannot write to a folder cannot swap what lies in it. The
folder itself is opened first and checked then, and its files are reached by that handle: what was checked is used. A
system without such handles uses paths, and one without owners checks no owner.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from ...errors import EngineError
from ...words import printable

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS_READ = stat.S_IRGRP | stat.S_IROTH
MOST_LINKS = 40  # on the way, as many as Linux follows
HOUR = 3600  # seconds; a use is noted no more exactly, so that most uses write nothing
HANDLES = os.listdir in os.supports_fd and {os.open, os.unlink, os.link, os.rename, os.stat} <= os.supports_dir_fd
PARTIAL = re.compile(r"\.[0-9a-f]{16}\.partial")
# A link is not followed, and a pipe does not wait for its other end.
_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _SAFELY
ELSEWHERE = "name another folder in PELLUCID_CACHE, or set it to off"


class ForeignFileError(Exception):
    """What lies under a name is no file that the folder's owner wrote here; the message says what it is."""


class File(NamedTuple):
    """A file of a folder."""

    name: str
    size: int  # bytes
    used: float  # when it was written or read, in seconds, to about an hour


class Folder:
    """A folder while it is open, which is as long as its `with`; it is made if it is missing.

    Args:
        path: an absolute path.

    Raises:
        EngineError: on entering: somebody else owns it or can write to it or to a folder above it, a link is in its
            place, or it cannot be made.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as above, Folder(Path(above).resolve() / "own") as folder:
    ...     folder.write("a", b"one")
    ...     folder.read("a", 100), [file.name for file in folder.files()]
    (b'one', ['a'])
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        try:
            self._real = _reach(self.path)
            self._handle = _open(self.path, self._real)
        except OSError as error:
            at = f": {error.filename}" if isinstance(error.filename, str) else ""
            raise _refusal(self.path, f"{error.strerror}{at}", "a folder, or room for one", ELSEWHERE) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            os.close(self._handle)

    def read(self, name: str, most: int, *, secret: bool = False) -> bytes:
        """Return a file's content.

        Args:
            name: its name in the folder.
            most: bytes that it may have.
            secret: nobody else may even read it, and its use is not noted.

        Raises:
            FileNotFoundError: there is none.
            ForeignFileError: it is a link, a pipe, too large, or somebody else owns it or can write to it.
        """
        try:
            handle = os.open(self._at(name), os.O_RDONLY | _SAFELY, dir_fd=self._handle)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.EACCES, errno.EISDIR, errno.ENXIO):
                raise ForeignFileError(f"no file that can be read ({error.strerror})") from None
            raise
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise ForeignFileError("a folder, a pipe or a device")
            if not _is_mine(found) or _others_may(OTHERS_WRITE | OTHERS_READ * secret, found):
                raise ForeignFileError("a file that is not only this user's")
            if found.st_size > most:
                raise ForeignFileError(f"{found.st_size} bytes")
            if not secret and abs(time.time() - found.st_mtime) > HOUR:
                with suppress(OSError):
                    os.utime(handle if os.utime in os.supports_fd else self._at(name))
            with open(handle, "rb", closefd=False) as file:
                return file.read(found.st_size)
        finally:
            os.close(handle)

    def write(self, name: str, content: bytes, *, replace: bool = True) -> None:
        """Give a file a content as a whole; a process that is killed meanwhile leaves a file of another name.

        It is not forced onto the disk: after a power cut it may be damaged, which whoever reads it has to notice.

        Args:
            name: its name in the folder.
            content: what will be in it.
            replace: whether a file of that name goes; otherwise it stays, and is an error.

        Raises:
            FileExistsError: one is there, and is to stay.
            OSError: it cannot be written.
        """
        partial = f".{os.urandom(8).hex()}.partial"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY
        handle = os.open(self._at(partial), flags, 0o600, dir_fd=self._handle)
        try:
            with open(handle, "wb") as file:
                file.write(content)
            if replace:
                self._rename(partial, name)
                return
            try:
                os.link(self._at(partial), self._at(name), src_dir_fd=self._handle, dst_dir_fd=self._handle)
            except FileExistsError:
                raise
            except OSError:  # a disk without links: of those who write at once, the last stays
                self._rename(partial, name)
        finally:
            with suppress(FileNotFoundError):
                self.remove(partial)

    def remove(self, name: str) -> None:
        """Remove a file."""
        os.unlink(self._at(name), dir_fd=self._handle)

    def files(self) -> list[File]:
        """Return all files, those of `PARTIAL` names among them: they are being written, or were left by a kill."""
        found: list[File] = []
        for name in os.listdir(self._real if self._handle is None else self._handle):
            with suppress(OSError):  # it went meanwhile
                status = os.stat(self._at(name), dir_fd=self._handle, follow_symlinks=False)
                found.append(File(name, status.st_size, status.st_mtime))
        return found

    def _at(self, name: str) -> str:
        return name if self._handle is not None else str(self._real / name)

    def _rename(self, old: str, new: str) -> None:
        os.replace(self._at(old), self._at(new), src_dir_fd=self._handle, dst_dir_fd=self._handle)


def _refusal(path: Path, got: str, expected: str, fix: str) -> EngineError:
    where = printable(f"cache folder {path}")
    return EngineError(where, got=printable(got), expected=expected, fix=printable(fix))


def _is_mine(found: os.stat_result, *, or_roots: bool = False) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    return found.st_uid == os.geteuid() or (or_roots and found.st_uid == 0)


def _others_may(bits: int, found: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and bool(found.st_mode & bits)


def _status(path: str) -> os.stat_result:
    """Return what is there, a link for itself; where nothing is, a folder of ours alone is made."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
        return os.lstat(path)


def _reach(path: Path) -> Path:
    """Return the path with no link in it but perhaps its last part, after checking all that stands above that."""
    if not path.is_absolute():
        raise _refusal(path, "no home folder to put it in", "an absolute path", ELSEWHERE)
    at, links = path.anchor, 0
    _check_above(path, at, os.lstat(at))
    *above, last = path.parts[1:] or (".",)
    ahead = above[::-1]
    while ahead:
        part = ahead.pop()
        here = os.path.dirname(at) if part == ".." else os.path.join(at, part)
        found = _status(here)
        _check_above(path, here, found)
        if not stat.S_ISLNK(found.st_mode):
            at = here
            continue
        links += 1
        if links > MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), here)
        target = Path(os.readlink(here))
        at = target.anchor or at
        ahead += reversed(target.parts[1:] if target.anchor else target.parts)
    return Path(at, last)


def _check_above(path: Path, here: str, found: os.stat_result) -> None:
    """Refuse a folder above the cache's, or a link on the way, that somebody else may change."""
    if not _is_mine(found, or_roots=True):
        whose = f"{here}, which user {found.st_uid} owns"
        raise _refusal(path, whose, "folders above it that are yours or root's", ELSEWHERE)
    is_link, is_sticky = stat.S_ISLNK(found.st_mode), found.st_mode & stat.S_ISVTX  # sticky: what is there stays there
    if _others_may(OTHERS_WRITE, found) and not is_link and not is_sticky:
        open_one = f"{here}, which others can write to"
        raise _refusal(path, open_one, "folders above it that are closed to others", f"chmod go-w {here}")


def _open(path: Path, real: Path) -> int | None:
    """Return the folder's handle, or None on systems that have none."""
    kind = stat.S_IFMT(_status(str(real)).st_mode)
    if kind != stat.S_IFDIR:  # said in words here; one that comes after this is refused by the system
        what = "a symbolic link" if kind == stat.S_IFLNK else "no folder"
        raise _refusal(path, what, "the folder itself", "remove it, or name the folder itself in PELLUCID_CACHE")
    handle = os.open(real, _FOLDER) if HANDLES else None
    try:
        found = os.lstat(real) if handle is None else os.fstat(handle)
        if not _is_mine(found):
            raise _refusal(path, f"a folder of user {found.st_uid}", "a folder of yours", ELSEWHERE)
        if _others_may(OTHERS_WRITE, found):  # that others read its names does no harm: the files are closed to them
            raise _refusal(path, "a folder that others can write to", "one closed to others", f"chmod go-w {real}")
    except BaseException:
        if handle is not None:
            os.close(handle)
        raise
    return handle

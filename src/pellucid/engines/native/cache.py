"""Compiled objects on disk, so that a network is compiled once on a machine.

LLVM ends the process on a damaged object, and a planted one would run: no byte leaves here before it is proven ours. An
entry is the format, a seal that a secret of this user makes of the format, the key and the data, and the data.
"""

from __future__ import annotations

import hmac
import os
import re
import time
import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ...disk import STALE
from ...errors import EngineError, ParameterError, PellucidError
from ...words import printable
from .folder import PARTIAL, File, Folder, ForeignFileError

FORMAT = b"pellucid object 1\n"  # another number is another format
SEAL = 32  # bytes: HMAC-SHA256
SECRET, SECRET_SIZE = "secret", 32  # a file's name, bytes
KEY = re.compile(r"[0-9a-f]{64}")
LARGEST = 64 * 2**20  # bytes of one object
_told: set[str] = set()  # troubles that are told once a process


class CacheWarning(UserWarning):
    """Something is wrong with the cache of compiled objects; what was asked for is compiled, and right."""


class ObjectCache:
    """Objects by key, in a folder that nobody else can write to; without such a folder it is always empty.

    Nothing in it has to be there: whatever is damaged, foreign or removed meanwhile is missing, and a warning names it.

    Args:
        folder: where, made on first use; None is what PELLUCID_CACHE names ("off": none), or the user's cache folder.
        limit: bytes that it may take; what was not used for longest goes.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     cache = ObjectCache(Path(folder).resolve())
    ...     cache.put("0" * 64, b"code")
    ...     cache.get("0" * 64), cache.get("1" * 64), len(cache.entries())
    (b'code', None, 1)
    """

    def __init__(self, folder: Path | None = None, limit: int = 256 * 2**20) -> None:
        self.folder = _users_folder() if folder is None else folder.absolute()
        self.limit = limit
        self._room = 0  # bytes that may be written before looking how much there is

    def get(self, key: str) -> bytes | None:
        """Return the data of a key, or None.

        Args:
            key: the SHA-256 of all that makes the data what they are, in hexadecimal digits.

        Raises:
            ParameterError: it is no such key.
        """
        _check_key(key)
        if self.folder is None:
            return None
        try:
            with Folder(self.folder) as folder:
                secret = _secret(folder)
                return None if secret is None else _unsealed(folder, key, secret)
        except FileNotFoundError:
            return None
        except (EngineError, OSError) as error:
            self._tell(error)
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keep data under a key, where there is room and a place for them.

        Raises:
            ParameterError: it is no key.
        """
        _check_key(key)
        if self.folder is None or len(data) > min(LARGEST, self.limit):
            return
        try:
            with Folder(self.folder) as folder:
                secret = _secret(folder) or _new_secret(folder)
                content = FORMAT + _seal(secret, key, data) + data
                folder.write(key, content)
                self._room -= len(content)
                if self._room < 0:
                    self._room = _make_room(folder, self.limit)
        except FileNotFoundError:
            return  # it was cleared meanwhile
        except (EngineError, OSError) as error:
            self._tell(error)

    def entries(self) -> dict[str, int]:
        """Return the bytes of each entry by key.

        Raises:
            EngineError: the folder is refused; the error says why.
        """
        if self.folder is None:
            return {}
        with Folder(self.folder) as folder:
            return {file.name: file.size for file in _entries(folder.files())}

    def size(self) -> int:
        """Return the bytes that all entries take.

        Raises:
            EngineError: the folder is refused; the error says why.
        """
        return sum(self.entries().values())

    def clear(self) -> int:
        """Remove all entries, and what was left half-written; return how many entries there were.

        Raises:
            EngineError: the folder is refused; the error says why.
        """
        if self.folder is None:
            return 0
        with Folder(self.folder) as folder:
            files = folder.files()
            _remove(folder, (file for file in files if PARTIAL.fullmatch(file.name)))
            return _remove(folder, _entries(files))

    def _tell(self, error: EngineError | OSError) -> None:
        """Warn of a refused folder or of a disk's trouble, once a process for each."""
        if isinstance(error, EngineError):
            trouble = text = str(error)
        else:
            trouble = "disk"
            text = _text(
                f"cache folder {self.folder}",
                got=str(error),
                expected="a disk that can be written and read",
                fix="make room or see to the disk; until then what is compiled is not kept",
            )
        if trouble not in _told:
            _told.add(trouble)
            warnings.warn(text, CacheWarning, stacklevel=3)


def _users_folder() -> Path | None:
    named = os.environ.get("PELLUCID_CACHE")
    if named:
        return None if named == "off" else Path(named).absolute()
    import platformdirs

    return platformdirs.user_cache_path("pellucid") / "native"


def _check_key(key: str) -> None:
    if not KEY.fullmatch(key):
        raise ParameterError(
            "object cache",
            got=f"key {key[:100]!r}",
            expected="64 hexadecimal digits",
            fix="use hashlib.sha256(...).hexdigest()",
        )


def _text(where: str, *, got: str, expected: str, fix: str) -> str:
    return str(PellucidError(printable(where), got=printable(got), expected=expected, fix=fix))


def _seal(secret: bytes, key: str, data: bytes) -> bytes:
    return hmac.digest(secret, FORMAT + key.encode() + data, "sha256")


def _unsealed(folder: Folder, key: str, secret: bytes) -> bytes | None:
    start = len(FORMAT) + SEAL
    try:
        content = folder.read(key, start + LARGEST)
    except ForeignFileError as error:
        damage = str(error)
    else:
        data = content[start:]
        if not content.startswith(FORMAT):
            damage = f"{len(content)} bytes that do not begin like an entry of this version"
        elif not hmac.compare_digest(content[len(FORMAT) : start], _seal(secret, key, data)):
            damage = f"{len(content)} bytes whose seal does not fit them"
        else:
            return data
    _drop(folder, key, f"cached object {folder.path / key}", damage, "it is removed, and compiled anew")
    return None


def _secret(folder: Folder) -> bytes | None:
    """Return what entries are sealed with, or None where nothing can be."""
    try:
        secret = folder.read(SECRET, SECRET_SIZE, secret=True)
    except FileNotFoundError:
        return None
    except ForeignFileError as error:
        damage = str(error)
    else:
        if len(secret) == SECRET_SIZE:
            return secret
        damage = f"{len(secret)} bytes"
    _drop(folder, SECRET, f"the cache's secret {folder.path / SECRET}", damage, "all of the cache is compiled anew")
    return None


def _new_secret(folder: Folder) -> bytes:
    """Return a new secret, or that of another process which was faster."""
    with suppress(FileExistsError):
        folder.write(SECRET, os.urandom(SECRET_SIZE), replace=False)
        _remove(folder, _entries(folder.files()))  # nobody can unseal them any more
    return folder.read(SECRET, SECRET_SIZE, secret=True)


def _drop(folder: Folder, name: str, where: str, damage: str, then: str) -> None:
    with suppress(OSError):
        folder.remove(name)
    text = _text(where, got=damage, expected="what this user's cache wrote there", fix=f"nothing to do: {then}")
    warnings.warn(text, CacheWarning, stacklevel=4)


def _entries(files: Iterable[File]) -> list[File]:
    return [file for file in files if KEY.fullmatch(file.name)]


def _remove(folder: Folder, files: Iterable[File]) -> int:
    removed = 0
    for file in files:
        with suppress(FileNotFoundError):
            folder.remove(file.name)
            removed += 1
    return removed


def _make_room(folder: Folder, limit: int) -> int:
    """Remove what is too much, and return how many bytes may be written before this is asked again."""
    files = folder.files()
    stale = time.time() - STALE
    _remove(folder, (file for file in files if PARTIAL.fullmatch(file.name) and file.used < stale))
    entries = sorted(_entries(files), key=lambda file: file.used)
    total = sum(file.size for file in entries)
    if total > limit:
        for file in entries:
            _remove(folder, [file])
            total -= file.size
            if total <= limit * 3 // 4:
                break
    return min(limit - total, limit // 16)  # others write too

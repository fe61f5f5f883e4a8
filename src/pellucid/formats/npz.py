"""NumPy's `.npz`: arrays by name in a zip archive, each known by its header before the rest of it is read."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..errors import ModelFileError
from .archive import Archive, opened_archive
from .npy import LONGEST_HEADER, read_header
from .refusal import told
from .stored import Stored
from .strict_json import DAMAGED

SUFFIX = ".npy"


class Npz:
    """The arrays of an open file.

    Args:
        archive: the file.

    Raises:
        ModelFileError: two arrays have one name.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._members: dict[str, str] = {}
        for member in archive.names:
            name = member.removesuffix(SUFFIX)
            if name in self._members:
                raise ModelFileError(f"array {name!r}", got="this name twice", expected="each name once", fix=DAMAGED)
            self._members[name] = member

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays' names."""
        return tuple(self._members)

    def size(self, name: str) -> int:
        """Return how many bytes an array takes, its header with it."""
        return self._archive.size(self._members[name])

    def stored(self, name: str) -> Stored:
        """Return an array that can be read.

        Raises:
            ModelFileError: it is none of numbers or texts, or has not as many bytes as its header says.
        """
        place, member = f"array {name!r}", self._members[name]
        header = read_header(lambda count: self._archive.head(member, min(count, LONGEST_HEADER + 12)), place)
        there = self._archive.size(member) - header.start
        if there != header.size:
            raise ModelFileError(
                place,
                got=f"{there} bytes for shape {header.shape}",
                expected=f"{header.size} bytes: {math.prod(header.shape)} numbers of {header.kind.itemsize}",
                fix=DAMAGED,
            )

        def read() -> NDArray[Any]:
            return header.array(self._archive.read(member, self._archive.size(member))[header.start :])

        return Stored(name, header.shape, read)


@contextmanager
def opened_npz(path: Path) -> Generator[Npz]:
    """Open an .npz; its arrays can be read while the context lasts.

    Raises:
        ModelFileError: it is no such file, or is damaged.
    """
    with opened_archive(path) as archive:
        yield Npz(archive)


@contextmanager
def open_arrays(path: Path) -> Generator[dict[str, Stored]]:
    """Open an .npz of weights; gives all its arrays by name. Errors: `opened_npz`, with the file's name."""
    try:
        with opened_npz(path) as held:
            yield {name: held.stored(name) for name in held.names}
    except ModelFileError as error:
        raise told(error, path) from None

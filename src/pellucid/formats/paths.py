"""Which file is meant: paths, and suffixes in words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import ModelFileError
from ..words import legible


def as_path(what: str, path: object) -> Path:
    """Return a path, or raise the error of what is none."""
    if isinstance(path, (str, os.PathLike)):
        return Path(path)  # pyright: ignore[reportUnknownArgumentType]
    raise ModelFileError(
        what,
        got=f"{legible(repr(path), 60)}, which is no path",
        expected="a file's path as text or pathlib.Path",
        fix="give for instance 'digits.safetensors'",
    )


def suffixes(known: Iterable[str]) -> str:
    """Return what a file must end in, in words.

    >>> suffixes([".pt", ".npz"])
    'a file that ends in .pt, .npz'
    """
    return "a file that ends in " + ", ".join(known)


def suffix_of(path: Path) -> str:
    """Return a file's suffix, in words.

    >>> suffix_of(Path("net.pt")), suffix_of(Path("net"))
    ("the suffix '.pt'", 'no suffix')
    """
    return f"the suffix {path.suffix!r}" if path.suffix else "no suffix"

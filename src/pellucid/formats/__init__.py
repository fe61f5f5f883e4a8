"""Open and save networks. `FORMATS` is the table, by the suffix of the file's name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelFileError
from ..network import Network
from . import pellucid
from .disk import opened
from .recognize import recognize
from .refusal import told

__all__ = ["FORMATS", "Format", "check_destination", "load", "save"]


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Args:
        about: what it is.
        load: reads a network from a path.
        save: writes a network to a path, or None: we only read it.
    """

    about: str
    load: Callable[[Path], Network]
    save: Callable[[Network, Path], None] | None


FORMATS: dict[str, Format] = {
    ".safetensors": Format("a network saved by Pellucid", pellucid.load, pellucid.save),
}


def load(path: str | os.PathLike[str]) -> Network:
    """Open a network's file; the suffix says the format. Nothing in it is ever run.

    Raises:
        ModelFileError: the file is not a network that can be opened; the error says what it is, and what to do.

    >>> load("lost.safetensors")
    Traceback (most recent call last):
    pellucid.errors.ModelFileError: lost.safetensors
      got       no such file
      expected  an existing file
      fix       check its path and name
    """
    place = Path(path)
    known = FORMATS.get(place.suffix.lower())
    if known is not None:
        return known.load(place)
    try:
        with opened(place) as (file, _):
            what, fix = recognize(file.read(64))
        got = (f"the suffix {place.suffix!r}" if place.suffix else "no suffix") + (f", {what}" if what else "")
        raise ModelFileError("", got=got, expected=_suffixes(FORMATS), fix=fix)
    except ModelFileError as error:
        raise told(error, place) from None


def save(net: Network, path: str | os.PathLike[str]) -> None:
    """Write a network with its weights; the suffix says the format.

    Raises:
        ModelFileError: there is no such format, or the file cannot be written.

    >>> import tempfile
    >>> from pellucid.layers import Linear
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Network(2, [Linear(1)]), Path(folder, "net.safetensors"))
    ...     load(Path(folder, "net.safetensors"))
    <Network 'network': input (2,) -> linear1 (1,), 1 layers, 3 parameters>
    """
    check_destination(path)(net, Path(path))


def check_destination(path: str | os.PathLike[str]) -> Callable[[Network, Path], None]:
    """Return what will save a network to `path`, so that a long training does not end in an error.

    Raises:
        ModelFileError: the suffix is of no format that can be written, or there is no such folder.

    >>> check_destination("net.txt")
    Traceback (most recent call last):
    pellucid.errors.ModelFileError: net.txt
      got       the suffix '.txt'
      expected  a file that ends in .safetensors...
      fix       name it 'net.safetensors'
    """
    place = Path(path)
    writers = {suffix: known.save for suffix, known in FORMATS.items() if known.save is not None}
    writer = writers.get(place.suffix.lower())
    if writer is None:
        got = f"the suffix {place.suffix!r}" if place.suffix else "no suffix"
        fix = f"name it {place.stem + next(iter(writers))!r}"
        raise told(ModelFileError("", got=got, expected=_suffixes(writers), fix=fix), place)
    if not place.parent.is_dir():
        got, expected = f"no folder {str(place.parent)!r}", "a folder that exists"
        raise told(ModelFileError("", got=got, expected=expected, fix="make the folder, or correct the path"), place)
    return writer


def _suffixes(known: Iterable[str]) -> str:
    return "a file that ends in " + ", ".join(known)

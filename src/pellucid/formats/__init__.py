"""Open and save networks. `FORMATS` is the table, by the suffix of the file's name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelFileError
from ..network import Network
from ..words import legible
from . import pellucid
from .disk import opened, reason
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
    place = _path("load", path)
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
        ModelFileError: the suffix is of no format that can be written, something else than a file is there, or its
            folder is absent or cannot be written to.

    >>> check_destination("net.txt")
    Traceback (most recent call last):
    pellucid.errors.ModelFileError: net.txt
      got       the suffix '.txt'
      expected  a file that ends in .safetensors...
      fix       name it 'net.safetensors'
    """
    place = _path("save", path)
    writers = {suffix: known.save for suffix, known in FORMATS.items() if known.save is not None}
    writer = writers.get(place.suffix.lower())
    if writer is None:
        got = f"the suffix {place.suffix!r}" if place.suffix else "no suffix"
        fix = f"name it {(place.stem or 'digits') + next(iter(writers))!r}"
        raise told(ModelFileError("", got=got, expected=_suffixes(writers), fix=fix), place)
    try:
        _check_place(place)
    except ModelFileError as error:
        raise told(error, place) from None
    return writer


def _check_place(place: Path) -> None:
    """Raise ModelFileError where no file can be written, or one would go in the place of what is no file."""
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    except (OSError, ValueError) as error:  # a name that is too long, a zero byte
        raise ModelFileError(
            "", got=reason(error), expected="a path that can be written to", fix="correct the path"
        ) from None
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ModelFileError("", got=what, expected="a new file, or one to replace", fix="give another name")
    folder = Path(os.path.realpath(place)).parent  # through a link, the file that it leads to is written
    if not folder.is_dir():
        got = f"no folder {str(folder if place.is_symlink() else place.parent)!r}"
        raise ModelFileError("", got=got, expected="a folder that exists", fix="make the folder, or correct the path")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ModelFileError(
            "",
            got=f"no permission to write in {str(folder)!r}",
            expected="a folder that can be written to",
            fix="change the folder's rights, or save elsewhere",
        )


def _path(what: str, path: str | os.PathLike[str]) -> Path:
    try:
        return Path(path)
    except TypeError:
        raise ModelFileError(
            what,
            got=f"{legible(repr(path), 60)}, which is no path",
            expected="a file's path as text or pathlib.Path",
            fix="give for instance 'digits.safetensors'",
        ) from None


def _suffixes(known: Iterable[str]) -> str:
    return "a file that ends in " + ", ".join(known)

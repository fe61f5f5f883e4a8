"""Save a network: the suffix of the file's name says the format, and the place is checked before anything is made."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from ..errors import ModelFileError
from ..network import Network
from .disk import reason
from .paths import as_path, suffix_of, suffixes
from .refusal import told
from .table import FORMATS


def save(net: Network, path: str | os.PathLike[str]) -> None:
    """Write a network with its weights; the suffix says the format.

    Raises:
        ModelFileError: there is no such format, or the file cannot be written.

    >>> import tempfile
    >>> import pellucid
    >>> from pellucid.layers import Linear
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Network(2, [Linear(1)]), Path(folder, "net.safetensors"))
    ...     pellucid.load(Path(folder, "net.safetensors"))
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
    place = as_path("save", path)
    writers = {suffix: known.save for suffix, known in FORMATS.items() if known.save is not None}
    writer = writers.get(place.suffix.lower())
    if writer is None:
        fix = f"name it {(place.stem or 'digits') + next(iter(writers))!r}"
        raise told(ModelFileError("", got=suffix_of(place), expected=suffixes(writers), fix=fix), place)
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

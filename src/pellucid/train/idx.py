"""Data sets in MNIST's own files: idx, big-endian arrays of bytes, gzipped or not."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .dataset import Dataset, check_size, split

_PARTS = ("train", "t10k")


def has_idx(folder: Path) -> bool:
    """Return whether a folder holds MNIST's training files."""
    return _find(folder, "train", "images", 3) is not None


def load_idx(folder: Path, classes: tuple[str, ...] | None = None, name: str | None = None) -> tuple[Dataset, Dataset]:
    """Return (train, test) from train-images-idx3-ubyte, train-labels-idx1-ubyte and the same of t10k.

    Without t10k files every fifth image is for testing. Source of the format: Y. LeCun, C. Cortes, C. Burges, "The
    MNIST database of handwritten digits".

    Args:
        folder: where the files are, each as it is or with .gz.
        classes: the classes' names; None is the numbers that occur.
        name: what to call the data set; None is the folder's name.

    Raises:
        DataError: a file is missing or damaged; the error names it.
    """
    parts = [part for part in _PARTS if part == "train" or _find(folder, part, "images", 3)]
    held = [(_read(folder, part, "images", 3), _read(folder, part, "labels", 1)) for part in parts]
    if classes is None:
        most = max(int(labels.max(initial=0)) for _, labels in held)
        classes = tuple(str(number) for number in range(most + 1))
    sets = [
        Dataset(images[:, None].astype(np.float32) / 255, labels, classes, name or folder.name)
        for images, labels in held
    ]
    return (sets[0], sets[1]) if len(sets) == 2 else split(sets[0])


def _find(folder: Path, part: str, what: str, axes: int) -> Path | None:
    names = (f"{part}-{what}{mark}idx{axes}-ubyte{end}" for mark in "-." for end in ("", ".gz"))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read(folder: Path, part: str, what: str, axes: int) -> NDArray[np.uint8]:
    """Return the array of one file."""
    path = _find(folder, part, what, axes)
    if path is None:
        raise DataError(
            f"data {str(folder)!r}",
            got=f"no file {part}-{what}-idx{axes}-ubyte, or with .gz",
            expected="images and labels of each part",
            fix="add the file",
        )
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            return _parse(file, str(path), axes)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"data {str(path)!r}", got=str(error), expected=f"an idx file of bytes with {axes} axes", fix="get it anew"
        ) from error


def _parse(file: BinaryIO | gzip.GzipFile, where: str, axes: int) -> NDArray[np.uint8]:
    """Return the array of an open file, whose header is believed only as far as the content goes."""
    header = file.read(4 + 4 * axes)
    if len(header) < 4 + 4 * axes or header[:4] != bytes((0, 0, 8, axes)):
        raise ValueError(f"a header {header[:4].hex(' ') or 'of no bytes'}")
    shape = tuple(int(size) for size in np.frombuffer(header, ">u4", offset=4))
    check_size(f"data {where!r}", shape[0], shape[1:])
    size = math.prod(shape)
    content = file.read(size + 1)
    if len(content) != size:
        raise ValueError(f"{'more' if len(content) > size else len(content)} bytes instead of {size} for shape {shape}")
    return np.frombuffer(content, np.uint8).reshape(shape)

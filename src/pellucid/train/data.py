"""Data sets by name or from files: `load` is the one door to all of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..errors import DataError, ParameterError, unknown_name
from .dataset import Dataset, split
from .downloads import CIFAR10, FASHION_MNIST, MNIST, load_cifar10, load_mnist
from .drawing import digits_drawing
from .folders import load_folder
from .idx import has_idx, load_idx
from .npz import load_npz

__all__ = ["Dataset", "digits_drawing", "load"]

Pair = tuple[Dataset, Dataset]


def load(name_or_path: str | Path, *, size: tuple[int, int] | None = None) -> Pair:
    """Return (train, test) by name, or from files.

    | what | images | split |
    | --- | --- | --- |
    | "digits" | 8x8, grey; come with scikit-learn | every fifth of the 1,797 is for testing |
    | "mnist", "fashion-mnist", "cifar10" | downloaded once into the user's cache, checksums verified | as published |
    | a folder with a folder a class | PNG, JPEG, GIF, BMP, WebP, PNM | train/ and test/, or every fifth of a class |
    | a folder of MNIST's idx files, .gz or not | as they are | train-* and t10k-*, or every fifth |
    | an .npz | arrays images, labels; or x_train, y_train, x_test, y_test | the arrays', or every fifth |

    A name goes before a file of the same name, which "./name" means.

    Args:
        name_or_path: the name, the folder or the file.
        size: (height, width) that the images of a folder are brought to; None is the first image's size.

    Raises:
        ParameterError: neither a name nor a path; a size that is none, or that the data cannot be brought to.
        UnknownNameError: neither a data set's name nor a file.
        DataError: the data cannot be used, or not be downloaded; the error names the file and the reason.

    >>> train, test = load("digits")
    >>> len(train), len(test), train.images.shape
    (1437, 360, (1437, 1, 8, 8))
    """
    with _told(name_or_path) as path:
        return _load(name_or_path, path, size)


def is_folder(name_or_path: str | Path) -> bool:
    """Return whether `load` would take this for a folder of images, whose size can be chosen.

    Raises:
        ParameterError: neither a name nor a path.
        DataError: the path cannot be looked at.
    """
    with _told(name_or_path) as path:
        return name_or_path not in NAMES and path.is_dir() and not has_idx(path)


@contextmanager
def _told(name_or_path: str | Path) -> Generator[Path]:
    """Give the path; whatever the system refuses of it and of what is in it is told with its name."""
    if not isinstance(name_or_path, (str, PathLike)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ParameterError(
            "load",
            got=f"a {type(name_or_path).__name__}",
            expected="the name of a data set, or the path of a folder or an .npz",
            fix="give arrays to train on as they are, or as Dataset(images, labels, classes)",
        )
    where, path = f"data {str(name_or_path)!r}", Path(name_or_path)
    if "\0" in str(path):
        raise DataError(where, got="a zero byte in the path", expected="a name or a path", fix="correct the path")
    try:
        yield path
    except OSError as error:
        raise DataError(
            where,
            got=f"{error.strerror or error}" + (f": {str(error.filename)!r}" if error.filename else ""),
            expected="files and folders that can be read",
            fix="correct the path, or allow reading",
        ) from error


def _load(name_or_path: str | Path, path: Path, size: tuple[int, int] | None) -> Pair:
    """Return (train, test) from what there is."""
    if is_folder(name_or_path):
        return load_folder(path, size)
    if size is not None and (name_or_path in NAMES or path.exists()):
        raise ParameterError(
            f"data {str(name_or_path)!r}",
            got=f"size={size}",
            expected="no size: only the images of a folder are brought to one",
            fix="leave the size out, and build the network for the images as they are",
        )
    if name_or_path in NAMES:
        return NAMES[str(name_or_path)]()
    if path.is_dir():
        return load_idx(path)
    if path.suffix == ".npz" and path.is_file():
        return load_npz(path)
    if path.exists():
        raise DataError(
            f"data {str(path)!r}",
            got=f"a file {path.suffix or 'without a suffix'}",
            expected="an .npz, or a folder of images",
            fix="put images into a folder a class, or arrays into an .npz",
        )
    raise unknown_name("data set", str(name_or_path), NAMES)


def load_digits() -> Pair:
    """Return scikit-learn's handwritten digits: 8x8 counts of ink, 0 to 16, here over 16.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998),
    its 1,797 test images.
    """
    from sklearn.datasets import load_digits as load_bundled  # with its own data: nothing is downloaded

    bundled = cast("Any", load_bundled())
    images = np.asarray(bundled.images, np.float32)[:, None] / 16
    return split(Dataset(images, bundled.target, tuple("0123456789"), "digits"))


NAMES: dict[str, Callable[[], Pair]] = {
    "digits": load_digits,
    "mnist": lambda: load_mnist(MNIST),
    "fashion-mnist": lambda: load_mnist(FASHION_MNIST),
    "cifar10": lambda: load_cifar10(CIFAR10),
}

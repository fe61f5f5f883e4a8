"""Data sets from NumPy's .npz files, of plain arrays only: nothing in the file is ever run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, ModelFileError
from ..formats.npz import opened_npz
from .dataset import LARGEST, Dataset, split
from .labels import as_labels

Array = NDArray[Any]

_MOST_CLASSES = 1_000_000
_ONE = ("images", "labels")
_TWO = ("x_train", "y_train", "x_test", "y_test")


def load_npz(path: Path) -> tuple[Dataset, Dataset]:
    """Return (train, test) from arrays images and labels, or x_train, y_train, x_test and y_test.

    Images are (N, H, W), (N, C, H, W), or (N, H, W, C) with 1 or 3 channels; whole numbers count from 0 to 255, others
    from 0 to 1. An array `classes` of strings may name the classes.

    Raises:
        DataError: the file is damaged, or does not hold these arrays.
    """
    arrays, found = _arrays(path)
    names = _TWO if all(name in arrays for name in _TWO) else _ONE
    if any(name not in arrays for name in names):
        raise DataError(
            f"data {str(path)!r}",
            got=f"arrays {', '.join(found[:12]) or 'none'}{', ...' if len(found) > 12 else ''}",
            expected=f"{' and '.join(_ONE)}, or {', '.join(_TWO)}",
            fix="save them with numpy.savez(path, images=images, labels=labels)",
        )
    held = [(_as_images(arrays[x]), arrays[y]) for x, y in zip(names[::2], names[1::2], strict=True)]
    classes = _classes(path, arrays, [labels for _, labels in held])
    sets = [Dataset(images, labels, classes, path.stem) for images, labels in held]
    return (sets[0], sets[1]) if len(sets) == 2 else split(sets[0])


def _arrays(path: Path) -> tuple[dict[str, Array], list[str]]:
    """Return the known arrays and all names of the file, which says how large they are before any is unpacked."""
    try:
        with opened_npz(path) as held:
            known = [name for name in (*_ONE, *_TWO, "classes") if name in held.names]
            size = sum(held.size(name) for name in known)
            if size > LARGEST:
                got, most = f"{size / 2**30:.3g} GiB of arrays", f"at most {LARGEST / 2**30:g} GiB"
                raise ModelFileError("the archive", got=got, expected=most, fix="")
            stored = {name: held.stored(name) for name in known}
            return {name: each.read() for name, each in stored.items()}, list(held.names)
    except ModelFileError as error:
        raise DataError(
            f"data {str(path)!r}",
            got=f"{error.where or 'the archive'}: {error.got}",
            expected=error.expected,
            fix="save it anew with numpy.savez(path, images=images, labels=labels)",
        ) from None


def _as_images(array: Array) -> Array:
    """Return images as (N, C, H, W), from 0 to 1 if they were whole numbers from 0 to 255."""
    if array.ndim == 3:
        array = array[:, None]
    elif array.ndim == 4 and array.shape[3] in (1, 3) and array.shape[1] not in (1, 3):
        array = np.moveaxis(array, 3, 1)
    return array.astype(np.float32) / 255 if array.dtype.kind in "iu" else array


def _classes(path: Path, arrays: dict[str, Array], labels: list[Array]) -> tuple[str, ...]:
    """Return the classes' names: the file's, or as many numbers as the labels need."""
    if "classes" in arrays:
        names = arrays["classes"].ravel().tolist()
        return tuple(each.decode(errors="backslashreplace") if isinstance(each, bytes) else str(each) for each in names)
    most = max(int(as_labels(f"data set {path.stem!r}", each, _MOST_CLASSES).max(initial=0)) for each in labels)
    return tuple(str(number) for number in range(most + 1))

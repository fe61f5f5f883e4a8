"""A data set: images with their class numbers and the classes' names, checked when it is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from .labels import as_labels

LARGEST = 2**33  # bytes of pixels that a data set may take: 8 GiB


@dataclass(frozen=True, eq=False, init=False)
class Dataset:
    """Images and what they show.

    Args:
        images: (N, C, H, W) pixels from 0 to 1, copied as float32 that cannot be written to.
        labels: (N,) numbers of classes, copied as int64 that cannot be written to.
        classes: the classes' names.
        name: what the data set is called.

    Raises:
        DataError: no images; a pixel that is not finite or not from 0 to 1; a label that is no class's number; lengths
            that differ; classes that are no names. The error names the sample.

    >>> Dataset(np.zeros((2, 1, 3, 3)), [0, 1], ("cat", "dog"), "pets")
    <Dataset 'pets': 2 images (1, 3, 3), 2 classes>
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    name: str

    def __init__(self, images: ArrayLike, labels: ArrayLike, classes: Sequence[str], name: str = "data") -> None:
        where = f"data set {name!r}"
        names = _as_names(where, classes)
        pixels = _as_pixels(where, images)
        numbers = as_labels(where, labels, len(names))
        if len(pixels) != len(numbers):
            raise DataError(
                where,
                got=f"{len(pixels)} images and {len(numbers)} labels",
                expected="one label an image",
                fix="leave out the rest, or find what is missing",
            )
        pixels.flags.writeable = numbers.flags.writeable = False  # what was checked stays so
        object.__setattr__(self, "images", pixels)
        object.__setattr__(self, "labels", numbers)
        object.__setattr__(self, "classes", names)
        object.__setattr__(self, "name", name)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        shape = self.images.shape
        return f"<Dataset {self.name!r}: {shape[0]} images {shape[1:]}, {len(self.classes)} classes>"


def split(data: Dataset) -> tuple[Dataset, Dataset]:
    """Return (train, test): every fifth sample, the first among them, is for testing.

    >>> train, test = split(Dataset(np.zeros((6, 1, 1, 1)), [0, 1, 2, 3, 4, 5], tuple("abcdef")))
    >>> test.labels
    array([0, 5])
    """
    held = np.arange(len(data)) % 5 == 0
    if held.all():
        raise DataError(
            f"data set {data.name!r}",
            got="1 image",
            expected="2 or more, so that one can be kept for testing",
            fix="add images",
        )
    train, test = (
        Dataset(data.images[chosen], data.labels[chosen], data.classes, data.name) for chosen in (~held, held)
    )
    return train, test


def check_size(where: str, count: int, shape: tuple[int, ...]) -> None:
    """Refuse a data set that would not fit into the memory of an ordinary machine.

    Raises:
        DataError: more than `LARGEST` bytes of float32 pixels.
    """
    size = 4 * count * math.prod(shape)
    if size > LARGEST:
        raise DataError(
            where,
            got=f"{count} images of {shape}, {size / 2**30:.3g} GiB of pixels",
            expected=f"at most {LARGEST / 2**30:g} GiB",
            fix="use smaller or fewer images",
        )


def _as_names(where: str, classes: Sequence[str]) -> tuple[str, ...]:
    """Return the classes' names; their number, or one name alone, is refused."""
    if not isinstance(classes, (str, bytes)) and hasattr(classes, "__iter__"):
        return tuple(str(each) for each in classes)
    raise DataError(
        where, got=f"classes={classes!r}", expected="a name for each class", fix='list them, as in ("cat", "dog")'
    )


def _as_pixels(where: str, images: ArrayLike) -> NDArray[np.float32]:
    """Return images as float32 (N, C, H, W), checked, in memory of their own."""
    expected = "numbers from 0 to 1 in the shape (N, channels, height, width), 1 image or more"
    try:
        array = np.asarray(images)
    except ValueError:
        array = np.empty((), object)
    if array.ndim != 4 or 0 in array.shape or array.dtype.kind not in "fiub":
        fix = "add the channel axis: images[:, None]" if array.ndim == 3 else "stack the images into one array"
        raise DataError(where, got=f"images of shape {array.shape}, dtype {array.dtype}", expected=expected, fix=fix)
    pixels = np.ascontiguousarray(array, np.float32)
    if np.may_share_memory(pixels, array):
        pixels = pixels.copy()
    least, most = float(pixels.min()), float(pixels.max())
    if least >= 0 and most <= 1:
        return pixels
    bad = ~((pixels >= 0) & (pixels <= 1)).reshape(len(pixels), -1).all(axis=1)  # NaN is neither
    sample = int(bad.argmax())
    value = next(v for v in pixels[sample].ravel().tolist() if not 0 <= v <= 1)
    raise DataError(
        where,
        got=f"a pixel {value:g} in image {sample}",
        expected=expected,
        fix="divide by 255" if least >= 0 and 1 < most <= 255 else "correct the pixels, or leave the image out",
    )

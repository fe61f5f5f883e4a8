"""Data sets from folders of images, a folder a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DataError, ParameterError
from ..images import SUFFIXES, image_shape, read_image
from .checks import whole
from .dataset import Dataset, check_size

Found = list[tuple[Path, int]]  # images with their class's number


def load_folder(folder: Path, size: tuple[int, int] | None = None) -> tuple[Dataset, Dataset]:
    """Return (train, test) from folder/class/image, or from folder/train/class/image and folder/test/class/image.

    Classes and images are in the order of their names; without train/ and test/, every fifth image of each class is for
    testing. All images are brought to one size, and to grey or colour, as the first image is. Files that are no images,
    by their suffix, and hidden ones are passed over.

    Args:
        folder: the folder.
        size: (height, width); None is the first image's size.

    Raises:
        DataError: no classes, one class only, a class without images, or images that cannot be read, all of which
            are named.
        ParameterError: a size that is not two whole numbers of 1 or more.
    """
    wanted = None if size is None else _sides(size)
    parts = [folder / "train", folder / "test"]
    if all(part.is_dir() for part in parts):
        classes = _classes(parts[0])
        if _classes(parts[1]) != classes:
            raise _error(
                parts[1],
                f"classes {', '.join(_classes(parts[1]))}",
                f"the classes of {parts[0]}: {', '.join(classes)}",
                "give both the same folders",
            )
        train, test = (_images(part, classes) for part in parts)
    else:
        classes = _classes(folder)
        found = _images(folder, classes)
        place = [n for number in range(len(classes)) for n in range(sum(label == number for _, label in found))]
        train = [item for item, n in zip(found, place, strict=True) if n % 5]
        test = [item for item, n in zip(found, place, strict=True) if n % 5 == 0]
        if not train:
            raise _error(folder, "1 image in each class", "2 or more in a class", "add images")
    channels, *first = image_shape(train[0][0])
    height, width = wanted or first
    check_size(f"data {str(folder)!r}", len(train) + len(test), (channels, height, width))
    pixels = _read([*train, *test], (channels, height, width))
    labels = np.array([label for _, label in (*train, *test)])
    cut = len(train)
    return (
        Dataset(pixels[:cut], labels[:cut], classes, folder.name),
        Dataset(pixels[cut:], labels[cut:], classes, folder.name),
    )


def _sides(size: tuple[int, int]) -> tuple[int, int]:
    """Return (height, width), checked."""
    try:
        height, width = size
    except (TypeError, ValueError):
        raise ParameterError(
            "load", got=f"size={size!r}", expected="(height, width)", fix="give both sides, as in size=(28, 28)"
        ) from None
    return whole("load", "size", height), whole("load", "size", width)


def _classes(folder: Path) -> tuple[str, ...]:
    """Return the names of a folder's folders."""
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if len(names) < 2:
        raise _error(
            folder,
            "no folders in it" if not names else f"the one folder {names[0]!r} in it",
            "a folder a class, 2 classes or more",
            "put the images of each class into a folder of its own",
        )
    return tuple(names)


def _images(folder: Path, classes: tuple[str, ...]) -> Found:
    """Return the images of each class, in the order of their names."""
    found: Found = []
    for number, name in enumerate(classes):
        paths = sorted(
            path
            for path in (folder / name).iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
        )
        if not paths:
            raise _error(
                folder / name, "no images", f"files with {', '.join(SUFFIXES)}", "add images, or remove the folder"
            )
        found += [(path, number) for path in paths]
    return found


def _read(found: Found, shape: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return all images, or the error that names all that cannot be read."""
    pixels = np.empty((len(found), *shape), np.float32)
    bad: list[DataError] = []
    for number, (path, _) in enumerate(found):
        try:
            pixels[number] = read_image(path, shape)
        except DataError as error:
            bad.append(error)
    if bad:
        others = "".join(f"; {error.where}: {error.got}" for error in bad[1:10])
        more = f"; and {len(bad) - 10} more" if len(bad) > 10 else ""
        raise DataError(
            bad[0].where, got=f"{bad[0].got}{others}{more}", expected=bad[0].expected, fix="mend or remove these files"
        )
    return pixels


def _error(folder: Path, got: str, expected: str, fix: str) -> DataError:
    return DataError(f"data {str(folder)!r}", got=got, expected=expected, fix=fix)

"""Data sets from folders of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.errors import DataError, ParameterError
from pellucid.train import data
from pellucid.train.folders import load_folder


def fill(
    folder: Path, name: str, count: int, *, mode: str = "L", size: tuple[int, int] = (4, 3), end: str = "png"
) -> None:
    """Write images of one class, each of one brightness: 0, 1, 2, ..."""
    (folder / name).mkdir(parents=True)
    for number in range(count):
        Image.new(mode, size, number if mode == "L" else (number, 0, 0)).save(folder / name / f"{number:03}.{end}")


def brightness(images: np.ndarray) -> list[int]:
    """The brightness of each image."""
    return [round(float(image.max()) * 255) for image in images]


def test_a_folder_a_class(tmp_path: Path) -> None:
    """Classes and images are in the order of their names; every fifth image of each class is for testing."""
    fill(tmp_path, "zebra", 7)
    fill(tmp_path, "ant", 2)
    train, test = data.load(tmp_path)
    assert train.classes == test.classes == ("ant", "zebra")
    assert brightness(train.images) == [1, 1, 2, 3, 4, 6]
    assert train.labels.tolist() == [0, 1, 1, 1, 1, 1]
    assert brightness(test.images) == [0, 0, 5]
    assert test.labels.tolist() == [0, 1, 1]
    assert train.images.shape == (6, 1, 3, 4)
    assert train.name == tmp_path.name


def test_train_and_test_folders(tmp_path: Path) -> None:
    """train/ and test/ are the parts where both are there."""
    for name in ("a", "b"):
        fill(tmp_path / "train", name, 3)
        fill(tmp_path / "test", name, 1)
    train, test = load_folder(tmp_path)
    assert (len(train), len(test)) == (6, 2)
    assert brightness(train.images) == [0, 1, 2, 0, 1, 2]
    assert test.classes == ("a", "b")


def test_one_size_for_all(tmp_path: Path) -> None:
    """Images are brought to the first training image's size, or to the one asked for; colour as the first has it."""
    fill(tmp_path, "a", 3, size=(4, 3), mode="RGB")
    fill(tmp_path, "b", 3, size=(40, 30))
    train, _ = load_folder(tmp_path)
    assert train.images.shape == (4, 3, 3, 4)
    train, test = load_folder(tmp_path, (8, 5))
    assert train.images.shape == (4, 3, 8, 5)
    assert test.images.shape == (2, 3, 8, 5)


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    """Notes, hidden files and hidden folders are no images and no classes."""
    fill(tmp_path, "a", 2, end="jpg")
    fill(tmp_path, "b", 2, end="BMP")
    fill(tmp_path, ".git", 2)
    (tmp_path / "a" / "notes.txt").write_text("all good")
    (tmp_path / "a" / "._000.png").write_bytes(b"no image")
    train, test = load_folder(tmp_path)
    assert train.classes == ("a", "b")
    assert (len(train), len(test)) == (2, 2)


def refusal(folder: Path) -> DataError:
    """The error that a folder is refused with."""
    with pytest.raises(DataError) as caught:
        load_folder(folder)
    return caught.value


def test_no_classes(tmp_path: Path) -> None:
    """Images without folders have no classes."""
    assert str(refusal(tmp_path)) == (
        f"data {str(tmp_path)!r}\n  got       no folders in it\n  expected  a folder a class, 2 classes or more\n"
        "  fix       put the images of each class into a folder of its own"
    )


def test_one_class(tmp_path: Path) -> None:
    """One class leaves nothing to tell apart."""
    fill(tmp_path, "only", 3)
    assert refusal(tmp_path).got == "the one folder 'only' in it"


def test_a_class_without_images(tmp_path: Path) -> None:
    """A class needs images; the error names its folder and the suffixes that count."""
    fill(tmp_path, "a", 2)
    (tmp_path / "b").mkdir()
    assert str(refusal(tmp_path)) == (
        f"data {str(tmp_path / 'b')!r}\n  got       no images\n"
        "  expected  files with .bmp, .gif, .jpeg, .jpg, .pbm, .pgm, .png, .pnm, .ppm, .webp\n"
        "  fix       add images, or remove the folder"
    )


def test_one_image_in_each_class(tmp_path: Path) -> None:
    """Of single images nothing would be left to train on."""
    fill(tmp_path, "a", 1)
    fill(tmp_path, "b", 1)
    assert refusal(tmp_path).got == "1 image in each class"


def test_parts_with_other_classes(tmp_path: Path) -> None:
    """train/ and test/ must have the same classes."""
    for part, names in (("train", "ab"), ("test", "ac")):
        for name in names:
            fill(tmp_path / part, name, 1)
    error = refusal(tmp_path)
    assert error.got == "classes a, c"
    assert error.expected == f"the classes of {tmp_path / 'train'}: a, b"


def test_all_unreadable_images_are_named(tmp_path: Path) -> None:
    """One pass over the folder names every image that cannot be read, with its reason."""
    fill(tmp_path, "a", 4)
    fill(tmp_path, "b", 4)
    (tmp_path / "a" / "003.png").write_bytes(b"")
    (tmp_path / "b" / "002.png").write_bytes((tmp_path / "b" / "002.png").read_bytes()[:45])
    (tmp_path / "b" / "003.png").write_text("<svg/>")
    error = refusal(tmp_path)
    assert error.where == f"image {str(tmp_path / 'a' / '003.png')!r}"
    first, second, third = error.got.split("; ")
    assert first == "an empty file"
    assert second.startswith(f"image {str(tmp_path / 'b' / '002.png')!r}: ")
    assert third == f"image {str(tmp_path / 'b' / '003.png')!r}: no image, or one of another kind"
    assert error.fix == "mend or remove these files"


def test_very_many_unreadable_images(tmp_path: Path) -> None:
    """Beyond ten, the rest are counted."""
    fill(tmp_path, "a", 2)
    fill(tmp_path, "b", 30)
    for number in range(5, 20):
        (tmp_path / "b" / f"{number:03}.png").write_bytes(b"no")
    assert refusal(tmp_path).got.endswith("; and 5 more")


def test_a_size_that_cannot_be(tmp_path: Path) -> None:
    """Sizes are whole numbers, and all images together must fit into memory."""
    fill(tmp_path, "a", 2)
    fill(tmp_path, "b", 2)
    with pytest.raises(ParameterError) as caught:
        load_folder(tmp_path, (0, 4))
    assert str(caught.value) == (
        "load\n  got       size=0\n  expected  a whole number, 1 or more\n  fix       use size=1 or more"
    )
    with pytest.raises(DataError, match="GiB of pixels"):
        load_folder(tmp_path, (100_000, 100_000))


@pytest.mark.parametrize("size", [5, (5,), (1, 2, 3)])
def test_a_size_has_two_sides(tmp_path: Path, size: Any) -> None:
    """One side, or three, is no size; that is told before any image is looked for."""
    with pytest.raises(ParameterError) as refused:
        data.load(tmp_path, size=size)
    assert str(refused.value) == (
        f"load\n  got       size={size!r}\n  expected  (height, width)\n"
        "  fix       give both sides, as in size=(28, 28)"
    )

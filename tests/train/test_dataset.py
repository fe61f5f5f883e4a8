"""Data sets: what they keep, and what they refuse when they are made."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.train import Dataset
from pellucid.train.dataset import LARGEST, check_size, split

GREY = np.zeros((2, 1, 3, 5))


def test_keeps_one_form() -> None:
    """Pixels are float32, labels int64, names strings, whatever came."""
    data = Dataset(np.ones((2, 3, 4, 5), np.uint8)[::-1], [1.0, 0], ["a", "b"], "pair")
    assert data.images.dtype == np.float32
    assert data.images.flags.c_contiguous
    assert data.labels.dtype == np.int64
    assert data.classes == ("a", "b")
    assert len(data) == 2
    assert repr(data) == "<Dataset 'pair': 2 images (3, 4, 5), 2 classes>"


def test_cannot_be_changed() -> None:
    """A data set that was checked stays as it is."""
    data = Dataset(GREY, [0, 1], ("a", "b"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"  # pyright: ignore[reportAttributeAccessIssue] - what the test is about


def test_has_memory_of_its_own() -> None:
    """What becomes of the caller's arrays afterwards does not reach the data set, and its own cannot be written to."""
    images, labels = np.full((2, 1, 3, 5), 0.5, np.float32), np.array([0, 1])
    data = Dataset(images, labels, ("a", "b"))
    images *= 255
    labels += 7
    assert np.unique(data.images).tolist() == [0.5]
    assert data.labels.tolist() == [0, 1]
    for array in (data.images, data.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("classes", [3, "cat", None])
def test_classes_are_names(classes: Any) -> None:
    """The number of classes, or one name alone, is refused in place of the names."""
    with pytest.raises(DataError) as caught:
        Dataset(GREY, [0, 1], classes, "pair")
    assert str(caught.value) == (
        f"data set 'pair'\n  got       classes={classes!r}\n  expected  a name for each class\n"
        '  fix       list them, as in ("cat", "dog")'
    )


def pixels(value: float) -> np.ndarray:
    """Images of which the second has one odd pixel."""
    images = GREY.copy()
    images[1, 0, 2, 3] = value
    return images


PIXELS = "numbers from 0 to 1 in the shape (N, channels, height, width), 1 image or more"
REFUSED: list[tuple[Any, Any, str, str, str]] = [
    (pixels(math.nan), [0, 1], "a pixel nan in image 1", PIXELS, "correct the pixels, or leave the image out"),
    (pixels(math.inf), [0, 1], "a pixel inf in image 1", PIXELS, "correct the pixels, or leave the image out"),
    (pixels(-0.5), [0, 1], "a pixel -0.5 in image 1", PIXELS, "correct the pixels, or leave the image out"),
    (pixels(255), [0, 1], "a pixel 255 in image 1", PIXELS, "divide by 255"),
    (GREY[:, 0], [0, 1], "images of shape (2, 3, 5), dtype float64", PIXELS, "add the channel axis: images[:, None]"),
    (GREY[:0], [], "images of shape (0, 1, 3, 5), dtype float64", PIXELS, "stack the images into one array"),
    ([GREY[0], GREY[0, :, :2]], [0, 1], "images of shape (), dtype object", PIXELS, "stack the images into one array"),
    (GREY, [0], "2 images and 1 labels", "one label an image", "leave out the rest, or find what is missing"),
    (
        GREY,
        [0, 2],
        "label 2 of sample 1",
        "(N,) whole numbers from 0 to 1",
        "count classes from 0, or build the network for 3 classes",
    ),
]


@pytest.mark.parametrize(("images", "labels", "got", "expected", "fix"), REFUSED)
def test_refused(images: Any, labels: Any, got: str, expected: str, fix: str) -> None:
    """What cannot be trained on is refused, with the image's number and what to do."""
    with pytest.raises(DataError) as caught:
        Dataset(images, labels, ("a", "b"), "pair")
    assert str(caught.value) == (f"data set 'pair'\n  got       {got}\n  expected  {expected}\n  fix       {fix}")


def test_split_holds_every_fifth_back() -> None:
    """Samples 0, 5, 10 are for testing; both parts keep their order, classes and name."""
    data = Dataset(np.arange(12.0).reshape(12, 1, 1, 1) / 12, np.arange(12) % 3, ("a", "b", "c"), "dozen")
    train, test = split(data)
    assert (test.images.ravel() * 12).round().tolist() == [0, 5, 10]
    assert test.labels.tolist() == [0, 2, 1]
    assert (train.images.ravel() * 12).round().tolist() == [1, 2, 3, 4, 6, 7, 8, 9, 11]
    assert train.classes == test.classes == ("a", "b", "c")
    assert train.name == test.name == "dozen"


def test_one_sample_cannot_be_split() -> None:
    """Of one image none can be held back."""
    with pytest.raises(DataError) as caught:
        split(Dataset(GREY[:1], [0], ("a",), "lonely"))
    assert str(caught.value) == (
        "data set 'lonely'\n  got       1 image\n  expected  2 or more, so that one can be kept for testing\n"
        "  fix       add images"
    )


def test_sizes_beyond_memory_are_refused() -> None:
    """8 GiB of pixels pass, one image more does not; sizes that overflow 64 bits neither."""
    check_size("data", LARGEST // 4 // 2**20, (1, 2**10, 2**10))
    with pytest.raises(DataError) as caught:
        check_size("data", LARGEST // 4 // 2**20 + 1, (1, 2**10, 2**10))
    assert str(caught.value) == (
        "data\n  got       2049 images of (1, 1024, 1024), 8 GiB of pixels\n  expected  at most 8 GiB\n"
        "  fix       use smaller or fewer images"
    )
    with pytest.raises(DataError):
        check_size("data", 2**32, (2**32, 2**32))

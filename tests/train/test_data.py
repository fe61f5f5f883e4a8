"""Loading by name and from paths."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from pellucid.errors import DataError, ParameterError, UnknownNameError
from pellucid.train import Dataset, data


def test_digits_are_the_1797_with_every_fifth_held_back() -> None:
    """The digits come with their fixed split, in order, as sixteenths."""
    from sklearn.datasets import load_digits

    train, test = data.load("digits")
    theirs = load_digits(return_X_y=True)
    held = np.arange(1797) % 5 == 0
    for ours, part in ((train, ~held), (test, held)):
        np.testing.assert_array_equal(ours.images.reshape(-1, 64) * 16, theirs[0][part])
        np.testing.assert_array_equal(ours.labels, theirs[1][part])
        assert ours.classes == tuple("0123456789")
    assert (len(train), len(test)) == (1437, 360)


def test_every_class_is_in_both_parts_of_the_digits() -> None:
    """The split leaves at least 26 of each digit for testing."""
    train, test = data.load("digits")
    assert np.bincount(test.labels).min() >= 26
    assert np.bincount(train.labels).min() >= 126


def test_unknown_name() -> None:
    """What is neither a name nor a path is answered with the names."""
    with pytest.raises(UnknownNameError) as caught:
        data.load("digit")
    assert str(caught.value) == (
        "data set 'digit'\n  got       'digit'\n  expected  one of digits, mnist, fashion-mnist, cifar10\n"
        "  fix       did you mean 'digits'?"
    )


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    """A file that is no .npz is refused with what is read."""
    path = tmp_path / "data.csv"
    path.write_text("0,1")
    with pytest.raises(DataError) as caught:
        data.load(path)
    assert str(caught.value) == (
        f"data {str(path)!r}\n  got       a file .csv\n  expected  an .npz, or a folder of images\n"
        "  fix       put images into a folder a class, or arrays into an .npz"
    )


def test_paths_lead_to_their_readers(tmp_path: Path) -> None:
    """An .npz and a folder are told apart from names by what they are."""
    images, labels = np.zeros((6, 1, 2, 2), np.float32), np.array([0, 1, 2, 0, 1, 2])
    np.savez(tmp_path / "some.npz", images=images, labels=labels)
    for path in (tmp_path / "some.npz", str(tmp_path / "some.npz")):
        train, test = data.load(path)
        assert isinstance(train, Dataset)
        assert (len(train), len(test)) == (4, 2)
    with pytest.raises(DataError, match="no folders in it"):
        data.load(tmp_path)


def test_only_folders_of_images_have_a_size_to_choose(tmp_path: Path) -> None:
    """A size asked of data whose images have theirs is refused, not ignored."""
    np.savez(tmp_path / "a.npz", images=np.zeros((4, 1, 3, 3)), labels=[0, 1, 0, 1])
    for what in ("digits", tmp_path / "a.npz"):
        with pytest.raises(ParameterError) as refused:
            data.load(what, size=(28, 28))
        assert str(refused.value) == (
            f"data {str(what)!r}\n  got       size=(28, 28)\n"
            "  expected  no size: only the images of a folder are brought to one\n"
            "  fix       leave the size out, and build the network for the images as they are"
        )
    assert not data.is_folder("digits")


@pytest.mark.parametrize(("given", "kind"), [(5, "int"), ((np.zeros(1), [0]), "tuple"), (None, "NoneType")])
def test_only_names_and_paths_are_loaded(given: Any, kind: str) -> None:
    """Arrays and numbers are no data to load, and arrays are told where they belong."""
    for door in (data.load, data.is_folder):
        with pytest.raises(ParameterError) as refused:
            door(given)
        assert str(refused.value) == (
            f"load\n  got       a {kind}\n"
            "  expected  the name of a data set, or the path of a folder or an .npz\n"
            "  fix       give arrays to train on as they are, or as Dataset(images, labels, classes)"
        )


@pytest.mark.parametrize(("path", "got"), [("x" * 5000, "File name too long"), ("a\0b", "a zero byte in the path")])
def test_paths_that_cannot_be(path: str, got: str) -> None:
    """A path that no system takes is refused as data, by every door."""
    for door in (data.load, data.is_folder):
        with pytest.raises(DataError) as refused:
            door(path)
        assert refused.value.where == f"data {path!r}"
        assert refused.value.got.startswith(got)


def test_what_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose contents the system keeps back is refused with its name."""

    def kept_back(path: Path) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", kept_back)
    with pytest.raises(DataError) as refused:
        data.load(tmp_path)
    assert str(refused.value) == (
        f"data {str(tmp_path)!r}\n  got       Permission denied: {str(tmp_path)!r}\n"
        "  expected  files and folders that can be read\n  fix       correct the path, or allow reading"
    )

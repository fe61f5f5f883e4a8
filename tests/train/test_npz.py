"""Data sets from .npz files, also from damaged and hostile ones."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.train.dataset import LARGEST
from pellucid.train.npz import load_npz


def test_both_parts(tmp_path: Path) -> None:
    """x_train, y_train, x_test and y_test are taken as they are; bytes become pixels from 0 to 1."""
    path = tmp_path / "shapes.npz"
    np.savez(
        path,
        x_train=np.full((3, 4, 5), 51, np.uint8),
        y_train=np.array([0, 1, 1], np.uint8),
        x_test=np.full((2, 4, 5), 255, np.uint8),
        y_test=np.array([2, 0]),
    )
    train, test = load_npz(path)
    assert train.images.shape == (3, 1, 4, 5)
    assert np.unique(train.images).tolist() == [np.float32(0.2)]
    assert np.unique(test.images).tolist() == [1.0]
    assert train.classes == test.classes == ("0", "1", "2")
    assert train.name == "shapes"


def test_channels_last(tmp_path: Path) -> None:
    """(N, H, W, 3) is turned to (N, 3, H, W); named classes keep their names."""
    images = np.random.default_rng(0).random((5, 4, 6, 3))
    path = tmp_path / "a.npz"
    np.savez(path, images=images, labels=[0, 1, 0, 1, 0], classes=["cat", "dog"])
    train, test = load_npz(path)
    np.testing.assert_array_equal(test.images, images[:1].transpose(0, 3, 1, 2).astype(np.float32))
    assert train.classes == ("cat", "dog")


def npy(array: Any, **options: Any) -> bytes:
    """An array as the bytes of an .npy."""
    buffer = BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def lying_header() -> bytes:
    """An .npy of 8 bytes whose header promises an exabyte."""
    buffer = BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (2**58,)})
    return buffer.getvalue() + b"12345678"


IMAGES = npy(np.zeros((2, 1, 2, 2), np.float32))
HOSTILE: list[tuple[str, list[tuple[str, bytes]], str]] = [
    (
        "pickles",
        [("images.npy", npy(np.array([{}], object), allow_pickle=True))],
        "array 'images': Python objects, which only a pickle holds",
    ),
    ("a lie", [("images.npy", lying_header())], "array 'images': 8 bytes for shape (288230376151711744,)"),
    ("no array", [("images", b"plain bytes")], "array 'images': no array, but bytes without an array's header"),
    ("a cut array", [("images.npy", IMAGES[:-3])], "array 'images': 29 bytes for shape (2, 1, 2, 2)"),
    ("a twin", [("images.npy", IMAGES), ("images.npy", IMAGES)], "member 'images.npy': this name twice"),
    (
        "code",
        [("images.npy", b"\x93NUMPY\x01\x00\x15\x00__import__('os').x()\n")],
        "array 'images': the header b\"__import__('os')",
    ),
]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("what", "members", "reason"), HOSTILE, ids=[case[0] for case in HOSTILE])
def test_hostile_arrays(tmp_path: Path, what: str, members: list[tuple[str, bytes]], reason: str) -> None:
    """Pickles, lies about sizes, short and doubled arrays are refused with the file's name, and nothing is run."""
    path = tmp_path / "bad.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    with pytest.raises(DataError) as caught:
        load_npz(path)
    assert caught.value.where == f"data {str(path)!r}"
    assert caught.value.got.startswith(reason)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays that unpack to more than the limit are refused by what the archive says of their sizes."""
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, images=np.zeros((200, 1, 50, 50), np.uint8), labels=np.zeros(200, np.uint8))
    assert path.stat().st_size < 2000
    monkeypatch.setattr("pellucid.train.npz.LARGEST", 100_000)
    with pytest.raises(DataError) as caught:
        load_npz(path)
    assert caught.value.got == "the archive: 0.000466 GiB of arrays"
    assert LARGEST == 2**33


def test_no_archive(tmp_path: Path) -> None:
    """A file that is no zip is refused."""
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK but not really")
    with pytest.raises(DataError) as caught:
        load_npz(path)
    assert str(caught.value) == (
        f"data {str(path)!r}\n  got       the archive: no directory of a zip archive at its end\n"
        "  expected  a zip archive\n"
        "  fix       save it anew with numpy.savez(path, images=images, labels=labels)"
    )


def test_arrays_of_other_names(tmp_path: Path) -> None:
    """The error says which arrays are there and which are wanted."""
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((2, 2, 2)), targets=np.zeros(2))
    with pytest.raises(DataError) as caught:
        load_npz(path)
    assert str(caught.value) == (
        f"data {str(path)!r}\n  got       arrays images, targets\n"
        "  expected  images and labels, or x_train, y_train, x_test, y_test\n"
        "  fix       save them with numpy.savez(path, images=images, labels=labels)"
    )


@pytest.mark.parametrize(
    "labels", [[0, np.nan], [np.nan, np.nan], [-np.inf, -np.inf], [0, -1], ["cat", "dog"], [0, 1e300], []]
)
def test_labels_that_are_no_numbers(tmp_path: Path, labels: list[Any]) -> None:
    """Labels that are no classes are refused as everywhere."""
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((len(labels), 2, 2)), labels=np.array(labels))
    with pytest.raises(DataError, match="data set 'a'"):
        load_npz(path)


def test_negative_labels_are_told_what_is_possible(tmp_path: Path) -> None:
    """Labels that are all negative are refused with a range that exists."""
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((2, 2, 2)), labels=[-5, -5])
    with pytest.raises(DataError) as caught:
        load_npz(path)
    assert (caught.value.got, caught.value.expected) == (
        "label -5 of sample 0",
        "(N,) whole numbers from 0 to 999999",
    )


def test_one_hot_labels_are_told_their_way_out(tmp_path: Path) -> None:
    """A row of zeros and a one for each sample is refused, with how to make class numbers of it."""
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((4, 2, 2)), labels=np.eye(4, 10))
    with pytest.raises(DataError) as caught:
        load_npz(path)
    assert (caught.value.got, caught.value.fix) == ("labels of shape (4, 10)", "use labels.argmax(axis=1)")


def test_truth_values_are_two_classes(tmp_path: Path) -> None:
    """Labels of False and True are the classes 0 and 1."""
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((3, 2, 2)), labels=[False, True, True])
    train, test = load_npz(path)
    assert (test.labels.tolist(), train.labels.tolist(), train.classes) == ([0], [1, 1], ("0", "1"))


def test_names_of_bytes_are_text(tmp_path: Path) -> None:
    """Classes named by bytes are their text, and bytes that are none are shown as such."""
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((3, 2, 2)), labels=[0, 1, 0], classes=np.array([b"cat", b"d\xffg"]))
    assert load_npz(path)[0].classes == ("cat", "d\\xffg")

"""Data sets in MNIST's files: the published ones, small ones, and damaged ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.train import data
from pellucid.train.idx import has_idx, load_idx


def idx(array: np.ndarray) -> bytes:
    """An array of bytes in the idx format."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()


def write(folder: Path, part: str, images: np.ndarray, labels: np.ndarray, *, end: str = "", mark: str = "-") -> None:
    """Write one part of a data set."""
    for what, array in (("images", images), ("labels", labels)):
        content = idx(array)
        path = folder / f"{part}-{what}{mark}idx{array.ndim}-ubyte{end}"
        path.write_bytes(gzip.compress(content) if end else content)


IMAGES = np.arange(6 * 2 * 3).reshape(6, 2, 3)
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("mark", ["-", "."])
def test_both_parts(tmp_path: Path, end: str, mark: str) -> None:
    """Files train and t10k, plain or gzipped, under either spelling, are training and test data over 255."""
    write(tmp_path, "train", IMAGES, LABELS, end=end, mark=mark)
    write(tmp_path, "t10k", IMAGES[:2], LABELS[:2], end=end, mark=mark)
    train, test = data.load(tmp_path)
    np.testing.assert_array_equal(train.images, (IMAGES[:, None] / np.float32(255)).astype(np.float32))
    assert train.labels.tolist() == LABELS.tolist()
    assert (len(train), len(test)) == (6, 2)
    assert train.classes == ("0", "1", "2")
    assert train.name == tmp_path.name


def test_one_part_is_split(tmp_path: Path) -> None:
    """Without t10k files every fifth image is for testing."""
    write(tmp_path, "train", IMAGES, LABELS)
    train, test = load_idx(tmp_path)
    assert test.labels.tolist() == [0, 2]
    assert train.labels.tolist() == [1, 2, 0, 1]


def test_published_files(shared_data: Path) -> None:
    """The published MNIST and Fashion-MNIST are read whole: counts, first labels, and the mean pixel people quote."""
    for name, first, mean in (("mnist", [5, 0, 4, 1, 9], 0.1307), ("fashion-mnist", [9, 0, 0, 3, 0], 0.2860)):
        train, test = data.load(shared_data / name)
        assert (train.images.shape, test.images.shape) == ((60000, 1, 28, 28), (10000, 1, 28, 28))
        assert train.labels[:5].tolist() == first
        assert float(train.images.mean(dtype=np.float64)) == pytest.approx(mean, abs=5e-5)


def test_a_folder_without_the_files(tmp_path: Path) -> None:
    """Only a folder with MNIST's training images is one."""
    assert not has_idx(tmp_path)
    write(tmp_path, "t10k", IMAGES, LABELS)
    assert not has_idx(tmp_path)


def test_missing_labels(tmp_path: Path) -> None:
    """Images without labels are refused with the file's name."""
    write(tmp_path, "train", IMAGES, LABELS)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError) as caught:
        load_idx(tmp_path)
    assert str(caught.value) == (
        f"data {str(tmp_path)!r}\n  got       no file train-labels-idx1-ubyte, or with .gz\n"
        "  expected  images and labels of each part\n  fix       add the file"
    )


GOOD = idx(IMAGES)
DAMAGED: list[tuple[bytes, str]] = [
    (b"", "a header of no bytes"),
    (GOOD[:10], "a header 00 00 08 03"),
    (bytes((0, 0, 13, 3)) + GOOD[4:], "a header 00 00 0d 03"),  # of floats
    (bytes((0, 0, 8, 1)) + GOOD[4:], "a header 00 00 08 01"),
    (GOOD[:-1], "35 bytes instead of 36 for shape (6, 2, 3)"),
    (GOOD + b"x", "more bytes instead of 36 for shape (6, 2, 3)"),
    (b"<!DOCTYPE html><html>404</html>", "a header 3c 21 44 4f"),
]


@pytest.mark.parametrize(("content", "got"), DAMAGED)
def test_damaged_files(tmp_path: Path, content: bytes, got: str) -> None:
    """A file that is cut, too long, or of another kind is refused with its name."""
    write(tmp_path, "train", IMAGES, LABELS)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_idx(tmp_path)
    assert str(caught.value) == (
        f"data {str(path)!r}\n  got       {got}\n  expected  an idx file of bytes with 3 axes\n  fix       get it anew"
    )


def test_a_header_that_promises_too_much(tmp_path: Path) -> None:
    """Sizes in a header are believed only up to what a machine can hold, before anything is read."""
    write(tmp_path, "train", IMAGES, LABELS)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(bytes((0, 0, 8, 3)) + b"\xff" * 12)
    with pytest.raises(DataError, match="GiB of pixels"):
        load_idx(tmp_path)


def test_a_bomb_is_unpacked_no_further_than_its_header(tmp_path: Path) -> None:
    """A small .gz that unpacks to a gigabyte is read as far as its header says and no further."""
    write(tmp_path, "train", IMAGES, LABELS, end=".gz")
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(GOOD + bytes(10**6)) + gzip.compress(b"") * 9)
    with pytest.raises(DataError, match="more bytes instead of 36"):
        load_idx(tmp_path)


ZIPPED = gzip.compress(GOOD, mtime=0)  # without the hour, which would be in the names of the tests


@pytest.mark.parametrize(
    "content",
    [b"no gzip", ZIPPED[:-12], ZIPPED[:15], ZIPPED[:10] + b"\xff" * 40],
    ids=["no gzip", "cut", "cut early", "another body"],
)
def test_damaged_gzip(tmp_path: Path, content: bytes) -> None:
    """A .gz that is none, cut short, or packed wrongly is refused with its name."""
    write(tmp_path, "train", IMAGES, LABELS, end=".gz")
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_idx(tmp_path)
    assert caught.value.where == f"data {str(path)!r}"

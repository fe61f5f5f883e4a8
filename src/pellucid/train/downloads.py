"""Data sets that are downloaded once, into the user's cache, and accepted only with their published checksums."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError
from .dataset import Dataset
from .idx import load_idx


@dataclass(frozen=True)
class Source:
    """Where a data set is, and what its files must be.

    Args:
        name: the data set's name, and its folder's in the cache.
        url: where the files are, up to and with the last slash.
        files: the MD5 sum of each.
        classes: the classes' names.
    """

    name: str
    url: str
    files: dict[str, str]
    classes: tuple[str, ...]


# The sums are those that torchvision pins, of the files that Y. LeCun published.
MNIST = Source(
    "mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    },
    tuple("0123456789"),
)

# H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST" (2017); sums and names are from its own page.
FASHION_MNIST = Source(
    "fashion-mnist",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)

# A. Krizhevsky, "Learning multiple layers of features from tiny images" (2009); the binary version, because the Python
# one is pickles, which run code when they are opened.
CIFAR10 = Source(
    "cifar10",
    "https://www.cs.toronto.edu/~kriz/",
    {"cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530"},
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
)
CIFAR10_TRAIN = tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6))
CIFAR10_TEST = ("cifar-10-batches-bin/test_batch.bin",)
_RECORD = 1 + 3 * 32 * 32  # a label, then red, green and blue


def load_mnist(source: Source) -> tuple[Dataset, Dataset]:
    """Return (train, test) of a data set in MNIST's files."""
    return load_idx(fetch(source), source.classes, source.name)


def load_cifar10(source: Source) -> tuple[Dataset, Dataset]:
    """Return (train, test) of CIFAR-10's binary version."""
    (name,) = source.files
    path = fetch(source) / name
    try:
        with tarfile.open(path) as archive:
            held = [[_member(archive, member) for member in part] for part in (CIFAR10_TRAIN, CIFAR10_TEST)]
        records = [np.frombuffer(b"".join(part), np.uint8).reshape(-1, _RECORD) for part in held]
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError) as error:
        raise DataError(
            f"data {str(path)!r}",
            got=str(error),
            expected="CIFAR-10's binary version",
            fix="remove the file, and try again",
        ) from error
    train, test = (
        Dataset(part[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255, part[:, 0], source.classes, source.name)
        for part in records
    )
    return train, test


def fetch(source: Source) -> Path:
    """Return the cache's folder of a data set, after downloading what is not there.

    Raises:
        DataError: a download failed, or is not what was published.
    """
    import pooch

    folder = Path(pooch.os_cache("pellucid")) / "data" / source.name
    for name, md5 in source.files.items():
        try:
            pooch.retrieve(source.url + name, f"md5:{md5}", fname=name, path=folder)
        except Exception as error:  # of the network, of the disk, or a checksum
            raise DataError(
                f"data set {source.name!r}",
                got=f"no download of {source.url}{name}: {error}",
                expected=f"the file with MD5 {md5}",
                fix=f'try again when you are online, or put the file into {folder}; load("digits") needs no download',
            ) from error
    return folder


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is not a file")
    return file.read()

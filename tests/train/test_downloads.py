"""Downloads: from a server on this machine, into a cache of the test's own."""

from __future__ import annotations

import functools
import gc
import hashlib
import io
import tarfile
import threading
import warnings
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pooch
import pytest

from pellucid.errors import DataError
from pellucid.train import data, downloads
from pellucid.train.downloads import CIFAR10, CIFAR10_TEST, CIFAR10_TRAIN, FASHION_MNIST, MNIST, Source

from .test_idx import IMAGES, LABELS, write

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see `served`

FILES = [f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(pooch, "os_cache", lambda name: folder / name)
    pooch.get_logger().setLevel("ERROR")
    return folder / "pellucid" / "data"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    monkeypatch.setenv("NO_PROXY", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # pooch leaves its connections to be collected


def sums(folder: Path) -> dict[str, str]:
    """The MD5 sums of a folder's files."""
    return {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def small(folder: Path, url: str) -> Source:
    """A data set of a few images in MNIST's files, as it is served."""
    write(folder, "train", IMAGES, LABELS, end=".gz")
    write(folder, "t10k", IMAGES[:2], LABELS[:2], end=".gz")
    return Source("small", url, sums(folder), ("a", "b", "c"))


def test_downloaded_once(served: tuple[Path, str], cache: Path) -> None:
    """The first load fetches the files into the cache; the next needs no server."""
    source = small(*served)
    train, test = downloads.load_mnist(source)
    assert (len(train), len(test)) == (6, 2)
    assert train.classes == ("a", "b", "c")
    assert train.name == "small"
    assert sums(cache / "small") == source.files
    for path in served[0].iterdir():
        path.unlink()
    again, _ = downloads.load_mnist(source)
    np.testing.assert_array_equal(again.images, train.images)


def test_a_damaged_copy_in_the_cache_is_fetched_anew(served: tuple[Path, str], cache: Path) -> None:
    """A file of the cache that is not what was published is replaced."""
    source = small(*served)
    downloads.fetch(source)
    (cache / "small" / FILES[0]).write_bytes(b"damaged")
    downloads.load_mnist(source)
    assert sums(cache / "small") == source.files


def test_what_was_not_published_is_refused(served: tuple[Path, str], cache: Path) -> None:
    """A download with another checksum is refused, and is not kept."""
    source = small(*served)
    (served[0] / FILES[0]).write_bytes(b"something else")
    with pytest.raises(DataError, match="hash") as caught:
        downloads.load_mnist(source)
    assert caught.value.where == "data set 'small'"
    assert caught.value.expected == f"the file with MD5 {source.files[FILES[0]]}"
    assert not (cache / "small" / FILES[0]).exists()


def test_a_download_that_fails(served: tuple[Path, str], cache: Path) -> None:
    """Where the file is not there, the error names its address and the folder of the cache."""
    source = small(*served)
    (served[0] / FILES[0]).unlink()
    first = next(iter(source.files))
    if first != FILES[0]:
        source = Source("small", source.url, {FILES[0]: "0" * 32}, source.classes)
    with pytest.raises(DataError) as caught:
        downloads.load_mnist(source)
    assert caught.value.got.startswith(f"no download of {source.url}{FILES[0]}: 404")
    assert caught.value.fix == (
        f'try again when you are online, or put the file into {cache / "small"}; load("digits") needs no download'
    )


def cifar(folder: Path, members: dict[str, bytes]) -> None:
    """Write an archive like CIFAR-10's; what has no content is a folder."""
    with tarfile.open(folder / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.type = tarfile.REGTYPE if content else tarfile.DIRTYPE
            archive.addfile(info, io.BytesIO(content))


def test_cifar10(served: tuple[Path, str], cache: Path) -> None:
    """Records of a label and three planes become images; the five batches are one after another."""
    rng = np.random.default_rng(0)
    records = rng.integers(0, 256, (12, 3073), np.uint8)
    records[:, 0] %= 10
    parts = dict(zip([*CIFAR10_TRAIN, *CIFAR10_TEST], np.split(records, 6), strict=True))
    cifar(served[0], {name: part.tobytes() for name, part in parts.items()})
    train, test = downloads.load_cifar10(Source("cifar", served[1], sums(served[0]), CIFAR10.classes))
    assert train.images.shape == (10, 3, 32, 32)
    assert train.labels.tolist() == records[:10, 0].tolist()
    np.testing.assert_array_equal((train.images * 255).round().reshape(10, -1), records[:10, 1:])
    assert test.labels.tolist() == records[10:, 0].tolist()


@pytest.mark.parametrize("content", [None, b"", b"x"], ids=["no batches", "folders", "short batches"])
def test_another_archive_than_cifar10(served: tuple[Path, str], cache: Path, content: bytes | None) -> None:
    """An archive without the batches, or with other records, is refused with its path in the cache."""
    cifar(served[0], {} if content is None else dict.fromkeys([*CIFAR10_TRAIN, *CIFAR10_TEST], content))
    with pytest.raises(DataError) as caught:
        downloads.load_cifar10(Source("cifar", served[1], sums(served[0]), CIFAR10.classes))
    assert caught.value.where == f"data {str(cache / 'cifar' / 'cifar-10-binary.tar.gz')!r}"
    assert caught.value.fix == "remove the file, and try again"


def test_names_lead_to_what_was_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name fetches its own source, with a checksum for every file."""
    asked: list[Source] = []
    monkeypatch.setattr(downloads, "fetch", lambda source: asked.append(source) or Path("nowhere"))
    for name in ("mnist", "fashion-mnist", "cifar10"):
        with pytest.raises(DataError):
            data.load(name)
    assert asked == [MNIST, FASHION_MNIST, CIFAR10]
    assert all(len(md5) == 32 for source in asked for md5 in source.files.values())
    assert all(source.url.startswith("https://") and len(source.classes) == 10 for source in asked)


def test_published_sums_are_those_of_the_published_files(shared_data: Path) -> None:
    """The pinned sums are those of MNIST's own files, as far as they are here as they were published."""
    found = sums(shared_data / "mnist")
    for name in FILES[1:]:  # the training images here were packed anew
        assert MNIST.files[name] == found[name]
    fashion = sums(shared_data / "fashion-mnist")
    for name in (FILES[1], FILES[3]):
        assert FASHION_MNIST.files[name] == fashion[name]

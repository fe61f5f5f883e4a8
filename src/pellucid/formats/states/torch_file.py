"""PyTorch's `.pt`, `.pth` and `.th`: a zip archive, or the older stream of pickles, read without PyTorch.

What is in an archive: `torch/serialization.py`: `data.pkl`, and `data/KEY` for each storage. A stream has four pickles
(a mark, a version, facts of the machine, what was saved), then a list of storages, then each with its size before it.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn, cast

from ...errors import ModelFileError
from ..archive import Archive
from ..archive import checked as checked_archive
from ..disk import opened, read_at
from ..refusal import told
from ..stored import Stored
from ..strict_json import DAMAGED
from .inert import Storage, Tensor
from .instructions import read_pickle
from .machine import LARGEST, WEIGHTS_ALONE
from .names import state_dict
from .tensors import Fetch, Order, checked

MARK, VERSION = 0x1950A86A20F9469CFC6C, 1001

OTHERS = (  # where in a file what stands, and what that file is
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\xfd7zXZ", "an xz file"),
    (0, b"BZh", "a bzip2 file"),
    (257, b"ustar", "a tar archive, as PyTorch wrote before its version 0.1.10"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (0, b"<", "a web page or XML"),
)
INSIDE = (  # what an archive has that is no state dict, and what it then is
    ("constants.pkl", "a TorchScript archive: a program, which only PyTorch runs"),
    ("archive_format", "a program exported by torch.export"),
    ("config.json", "a Keras model"),
)


@contextmanager
def open_torch(path: Path) -> Generator[dict[str, Stored]]:
    """Open a file of PyTorch's; gives the tensors of its state dict, which can be read while the context lasts.

    Raises:
        ModelFileError: it asks for anything else than tensors and plain values, or is damaged; the error names the word
            or the tensor.
    """
    try:
        with opened(path) as (file, size):
            head = file.read(512)
            for at, start, what in OTHERS:
                if head[at:].startswith(start):
                    _refuse("", what, "a file that torch.save wrote", WEIGHTS_ALONE)
            file.seek(0)
            yield _archived(checked_archive(file, size)) if head.startswith(b"PK") else _streamed(file, size)
    except ModelFileError as error:
        raise told(error, path) from None


def _archived(archive: Archive) -> dict[str, Stored]:
    names = set(archive.names)
    for name in names:
        what = next((what for inside, what in INSIDE if name.split("/")[-1] == inside), None)
        if what is not None:
            _refuse("", what, "a state dict", WEIGHTS_ALONE)
    pickles = [name for name in names if name.endswith("data.pkl") and name.count("/") <= 1]
    if len(pickles) != 1:
        _refuse("", f"an archive with {len(pickles)} data.pkl in it", "one, as torch.save writes", WEIGHTS_ALONE)
    root = pickles[0].removesuffix("data.pkl")
    order = archive.read(f"{root}byteorder", 16) if f"{root}byteorder" in names else b"little"
    if order not in (b"little", b"big"):
        _refuse(f"member '{root}byteorder'", f"{order!r}", "little or big", DAMAGED)
    tree, storages = read_pickle(io.BytesIO(archive.read(pickles[0], LARGEST)))
    for key, storage in storages.items():
        name, size = f"{root}data/{key}", storage.count * storage.numbers.size
        if name not in names or archive.size(name) != size:
            held = f"{archive.size(name)} bytes" if name in names else "no such member"
            _refuse(f"member {name!r}", held, f"{size} bytes: {storage.count} numbers {storage.numbers.kind}", DAMAGED)
    whole: set[str] = set()

    def fetch(key: str, start: int, size: int) -> bytes:
        name = f"{root}data/{key}"
        if name not in whole:
            archive.verify(name)
            whole.add(name)
        return archive.part(name, start, size)

    return _tensors(tree, fetch, "<" if order == b"little" else ">")


def _streamed(file: BufferedReader, size: int) -> dict[str, Stored]:
    if read_pickle(file)[0] != MARK:
        _refuse("", "a pickle that torch.save did not write", "a file that torch.save wrote", WEIGHTS_ALONE)
    version, _ = read_pickle(file)
    if version != VERSION:
        _refuse("", f"a stream of version {version!r:.40}", f"version {VERSION}", WEIGHTS_ALONE)
    read_pickle(file)
    tree, storages = read_pickle(file)
    keys, _ = read_pickle(file)
    places = _places(file, size, keys, storages)

    def fetch(key: str, start: int, size: int) -> bytes:
        return read_at(file, places[key] + start, size)

    return _tensors(tree, fetch, "<")


def _places(file: BufferedReader, size: int, listed: object, storages: dict[str, Storage]) -> dict[str, int]:
    """Return where each storage's numbers start, after comparing what stands there with what the pickle says."""
    keys = cast("list[Any]", listed) if isinstance(listed, list) else []
    if len(keys) != len(storages) or {key for key in keys if type(key) is str} != set(storages):
        _refuse("list of storages", f"{len(keys)} keys", f"those of the {len(storages)} storages", DAMAGED)
    places: dict[str, int] = {}
    at = file.tell()
    for key in keys:
        file.seek(at)
        count = int.from_bytes(file.read(8), "little", signed=True)
        storage = storages[key]
        if count != storage.count:
            _refuse(
                f"storage {key!r}", f"{count} numbers in its place", f"{storage.count}, as the pickle says", DAMAGED
            )
        places[key] = at + 8
        at += 8 + count * storage.numbers.size
        if at > size:
            _refuse(f"storage {key!r}", f"bytes up to {at}", f"at most {size}, where the file ends", DAMAGED)
    if at != size:
        _refuse("end of the file", f"{size - at} bytes that belong to no storage", "none", DAMAGED)
    return places


def _tensors(tree: object, fetch: Fetch, order: Order) -> dict[str, Stored]:
    return {name: checked(name, tensor, fetch, order) for name, tensor in state_dict(tree, Tensor).items()}


def _refuse(where: str, got: str, expected: str, fix: str) -> NoReturn:
    raise ModelFileError(where, got=got, expected=expected, fix=fix)

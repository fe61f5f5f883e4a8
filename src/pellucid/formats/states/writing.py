"""A network's weights as PyTorch's `torch.save` writes a state dict: read by `torch.load`, without PyTorch here.

An archive of stored members: `data.pkl`, a pickle of tensors that point to storages, and each storage's numbers. The
instructions are those that `instructions` reads. Numbers begin at multiples of 64, so that they can be used in place.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from io import RawIOBase
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from ...arrays import Floats
from ...network import Network
from ..archive import LOCAL
from ..disk import write

ROOT = "weights"  # the folder in the archive
ALIGNED = 64
PADDING = 0x4246  # what PyTorch calls the room before a member's numbers
HEAD = b"\x80\x02ccollections\nOrderedDict\n)R("
WORDS = b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
TAIL = b"\x89ccollections\nOrderedDict\n)RtR"  # no gradient, no hooks


class Pieces(RawIOBase):
    """A file that is written once from its start to its end, kept in the pieces that came, uncopied."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Any] = []
        self.size = 0

    def write(self, data: Any, /) -> int:
        """Take a piece."""
        self.pieces.append(data)
        self.size += memoryview(data).nbytes
        return memoryview(data).nbytes

    def tell(self) -> int:
        """Return how much there is."""
        return self.size


def save_torch(net: Network, path: Path) -> None:
    """Write the network's weights as a state dict. Errors: `pellucid.formats.save`."""
    arrays = {name: np.asarray(net.weights[name], "<f4", order="C") for name in net.weights}
    file = Pieces()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        _add(archive, file, "data.pkl", b"".join(_pickle(arrays)))
        _add(archive, file, "byteorder", b"little")
        for number, array in enumerate(arrays.values()):
            _add(archive, file, f"data/{number}", array.reshape(-1).view(np.uint8).data)
        _add(archive, file, "version", b"3\n")
    write(path, file.pieces, file.size)


def _add(archive: ZipFile, file: Pieces, name: str, data: Any) -> None:
    """Add a member without a date, so that the same network gives the same bytes."""
    info = ZipInfo(f"{ROOT}/{name}")
    start = file.size + LOCAL.size + len(info.filename) + 4
    room = -start % ALIGNED
    info.extra = struct.pack("<2H", PADDING, room) + b"Z" * room
    archive.writestr(info, data)


def _pickle(arrays: Mapping[str, Floats]) -> Iterator[bytes]:
    """Yield the instructions that make a dictionary of these tensors."""
    yield HEAD
    for number, (name, array) in enumerate(arrays.items()):
        strides = [stride // array.itemsize for stride in array.strides]
        yield _text(name)
        yield WORDS + _text(str(number)) + _text("cpu") + _whole(array.size) + b"tQK\x00"
        yield _wholes(array.shape) + _wholes(strides) + TAIL
    yield b"u."


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return b"X" + len(data).to_bytes(4, "little") + data


def _whole(number: int) -> bytes:
    return b"\x8a\x08" + number.to_bytes(8, "little", signed=True)


def _wholes(numbers: Any) -> bytes:
    return b"(" + b"".join(_whole(int(number)) for number in numbers) + b"t"

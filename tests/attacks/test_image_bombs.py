"""Images that are bombs, loops or never end: refused or read within little memory, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path
from struct import pack

import numpy as np
import pytest
from PIL import Image

MEMORY = 64 << 10  # KiB beyond what the decoders take
SECONDS = 20  # of processor time, for a reader that is stuck; those that are not need a fiftieth

# Reads one small image, then the one that is asked for, and tells what more that took.
READER = """
import json, resource, sys
from pellucid.errors import DataError
from pellucid.images import image_shape, read_image

resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[3]), int(sys.argv[3]) + 1))
read_image(sys.argv[1], (3, 4, 4))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    image_shape(sys.argv[2])
    told = read_image(sys.argv[2], (1, 2, 2)).tolist()
except DataError as error:
    told = str(error)
json.dump([told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before], sys.stdout)
"""


def chunk(kind: bytes, data: bytes) -> bytes:
    """One part of a PNG."""
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG of one bit a pixel that says it is so large."""
    head = chunk(b"IHDR", pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def deflated(size: int) -> bytes:
    """So many zeros, packed, without ever having them all."""
    packer = zlib.compressobj(1)
    parts = [packer.compress(bytes(min(1 << 20, size - at))) for at in range(0, size, 1 << 20)]
    return b"".join(parts) + packer.flush()


def bomb(side: int) -> bytes:
    """A whole black picture of so many pixels a side: a file of some kilobytes that unpacks to very much."""
    return png(side, side, chunk(b"IDAT", deflated(side * (side // 8 + 1))))


def animation(frames: int) -> bytes:
    """An APNG that says it has very many pictures, and has them."""
    control = b"".join(
        chunk(b"fcTL", pack(">IIIIIHHBB", number, 2, 2, 0, 0, 1, 1, 0, 0))
        + chunk(b"fdAT", pack(">I", number) + zlib.compress(bytes(4)))
        for number in range(1, frames)
    )
    first = chunk(b"acTL", pack(">II", frames, 0)) + chunk(b"IDAT", zlib.compress(bytes(4)))
    return png(2, 2, first, control)


def looping_exif(tmp_path: Path) -> bytes:
    """A JPEG whose EXIF data have a directory that is its own successor and its own child."""
    Image.new("L", (8, 8), 100).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    entries = pack(">HHII", 0x8769, 4, 1, 8) + pack(">HHII", 0x8825, 4, 1, 8) + pack(">HHIHH", 0x0112, 3, 1, 1, 0)
    exif = b"Exif\0\0MM\0*" + pack(">IH", 8, 3) + entries + pack(">I", 8)
    return content[:2] + b"\xff\xe1" + pack(">H", len(exif) + 2) + exif + content[2:]


def read(tmp_path: Path, content: bytes, name: str = "x.png") -> tuple[object, int, str]:
    """What became of a file in a reader: pixels or words, the memory that it took, and the file's name."""
    small, path = tmp_path / "small.png", tmp_path / name
    Image.new("RGB", (9, 9)).save(small)
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", READER, str(small), str(path), str(SECONDS)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr or "the reader was stuck"
    told, taken = json.loads(done.stdout)
    return told, taken, str(path)


SIDES = [8_000, pytest.param(13_300, marks=pytest.mark.slow), pytest.param(30_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("side", SIDES)
def test_a_whole_bomb(tmp_path: Path, side: int) -> None:
    """A picture that is all there, and too large to be unpacked, is refused by its size."""
    content = bomb(side)
    assert len(content) < side * side / 800
    told, taken, path = read(tmp_path, content)
    assert str(told).startswith(f"image {path!r}\n  got       ")
    assert "pixels" in str(told)
    assert taken < MEMORY


@pytest.mark.parametrize("frames", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_an_endless_animation(tmp_path: Path, frames: int) -> None:
    """Of an APNG with very many pictures the first is read."""
    content = animation(frames)
    told, taken, _ = read(tmp_path, content)
    assert told == [[[0.0, 0.0], [0.0, 0.0]]]
    assert taken < MEMORY + 2 * len(content) // 1024


def test_directories_in_a_ring(tmp_path: Path) -> None:
    """EXIF data that lead back to themselves are read once."""
    told, taken, _ = read(tmp_path, looping_exif(tmp_path), "x.jpg")
    assert np.allclose(np.asarray(told), 100 / 255, atol=0.01)
    assert taken < MEMORY

"""Image files that are refused: absent, foreign, hostile, damaged; each error names the file and the reason."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from pellucid import images
from pellucid.errors import DataError, ShapeError
from pellucid.images import image_shape, read_image


def gradient(height: int, width: int) -> np.ndarray:
    """Bytes that are different everywhere."""
    return (np.arange(height * width) * 251 % 256).astype(np.uint8).reshape(height, width)


def refusal(path: Path, shape: tuple[int, int, int] = (3, 8, 8)) -> DataError:
    """The error that a file is refused with, by both doors."""
    with pytest.raises(DataError) as caught:
        read_image(path, shape)
    assert caught.value.where == f"image {str(path)!r}"
    assert caught.value.expected == "an image file (BMP, GIF, JPEG, PNG, PPM, WEBP)"
    return caught.value


def test_what_is_not_there(tmp_path: Path) -> None:
    """An absent file, a folder, an empty file and a name that cannot be are told apart."""
    (tmp_path / "empty.png").touch()
    assert str(refusal(tmp_path / "no.png")) == (
        f"image {str(tmp_path / 'no.png')!r}\n  got       No such file or directory\n"
        "  expected  an image file (BMP, GIF, JPEG, PNG, PPM, WEBP)\n  fix       correct the path"
    )
    assert refusal(tmp_path).got == "a folder"
    assert refusal(tmp_path / "empty.png").got == "an empty file"
    assert "null" in refusal(tmp_path / "a\0b.png").got


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    """A named pipe is refused at once, where opening it would wait for ever."""
    os.mkfifo(tmp_path / "pipe.png")
    assert refusal(tmp_path / "pipe.png").got == "no regular file"


FOREIGN: dict[str, bytes] = {
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(/etc/passwd) (r) file\nshowpage\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\n",
    "text": b"not an image",
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
}


@pytest.mark.parametrize("kind", [*FOREIGN, "tiff", "ico", "pcx", "tga", "sgi"])
def test_other_kinds(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other kinds are refused whatever they are called, and none of their decoders is entered."""
    path = tmp_path / "photo.jpg"
    if kind in FOREIGN:
        path.write_bytes(FOREIGN[kind])
    else:
        Image.new("RGB", (9, 9)).save(path, format=kind)
    Image.init()
    for name, (_, accept) in dict(Image.OPEN).items():
        if name not in images._DECODERS:
            monkeypatch.setitem(Image.OPEN, name, (_entered, accept))
    error = refusal(path)
    assert (error.got, error.fix) == ("no image, or one of another kind", "save it as PNG or JPEG")


def _entered(*_: Any) -> Any:
    raise AssertionError("a decoder that is not let in was entered")


def test_no_other_decoder_is_loaded(tmp_path: Path) -> None:
    """Reading an image loads the decoders that are let in, and not all that Pillow has."""
    Image.new("L", (2, 2)).save(tmp_path / "a.webp")
    code = (
        "import sys; from pellucid.images import read_image; before = 'PIL' in sys.modules; "
        f"read_image({str(tmp_path / 'a.webp')!r}, (1, 2, 2)); "
        "print(before, *sorted(n.removeprefix('PIL.') for n in sys.modules if n.endswith('ImagePlugin')))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert found[0] == "False"
    assert "EpsImagePlugin" not in found
    assert set(found[1:]) <= {f"{kind}ImagePlugin" for kind in ("Bmp", "Gif", "Jpeg", "Png", "Ppm", "WebP", "Tiff")}


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG that says it is so large, with other parts."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (10_000, 10_000), (7_072, 7_071)])
def test_bombs(tmp_path: Path, width: int, height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image of more than 50 million pixels is refused before a pixel of it is unpacked."""
    monkeypatch.setattr(ImageFile.ImageFile, "load", _entered)
    path = tmp_path / "bomb.png"
    path.write_bytes(png(width, height, (b"IDAT", zlib.compress(bytes(1000)))))
    error = refusal(path)
    assert "pixels" in error.got
    with pytest.raises(DataError):
        image_shape(path)


def test_bombs_in_text(tmp_path: Path) -> None:
    """Text in a PNG that unpacks to 100 MB is refused or passed over: it is not unpacked."""
    path = tmp_path / "text.png"
    text = (b"zTXt", b"note\0\0" + zlib.compress(bytes(100_000_000), 9))
    path.write_bytes(png(2, 2, text, (b"IDAT", zlib.compress(bytes(6)))))
    error = refusal(path)
    assert "Decompressed" in error.got or "large" in error.got


def test_a_long_animation(tmp_path: Path) -> None:
    """Of a GIF with very many pictures only the first is looked at."""
    path = tmp_path / "a.gif"
    Image.new("L", (2, 2), 10).save(path)
    content = path.read_bytes()
    start = content.index(b",", 13)
    path.write_bytes(content[:start] + content[start:-1] * 50_000 + b";")
    assert read_image(path, (1, 2, 2))[0, 0, 0] == np.float32(10) / np.float32(255)


def encoded(kind: str) -> bytes:
    """A small picture as a file of a kind."""
    buffer = BytesIO()
    Image.fromarray(np.dstack([gradient(13, 17)] * 3)).save(buffer, format=kind)
    return buffer.getvalue()


WHOLE: dict[str, bytes] = {kind: encoded(kind) for kind in ("BMP", "GIF", "JPEG", "PNG", "PPM", "WEBP")}


def attempt(path: Path, shape: tuple[int, int, int]) -> np.ndarray | None:
    """The pixels, or None where there is an error that names the file."""
    try:
        return read_image(path, shape)
    except DataError as error:
        return None if error.where == f"image {str(path)!r}" else np.full(shape, -1.0)


@pytest.mark.parametrize("kind", WHOLE)
def test_cut_short(tmp_path: Path, kind: str) -> None:
    """A file that is cut at any of 50 places gives pixels only if all were there; otherwise an error that names it."""
    path, content = tmp_path / "cut", WHOLE[kind]
    path.write_bytes(content)
    whole = read_image(path, (3, 13, 17))
    found = []
    for length in np.linspace(1, len(content) - 1, 50).astype(int):
        path.write_bytes(content[:length])
        found.append(attempt(path, (3, 13, 17)))
    assert all(np.array_equal(pixels, whole) for pixels in found if pixels is not None)
    assert all(pixels is None for pixels in found[:40])  # what may be missing is an end mark


@settings(max_examples=300)
@given(kind=st.sampled_from(sorted(WHOLE)), places=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255))))
def test_damaged_anywhere(tmp_path_factory: pytest.TempPathFactory, kind: str, places: list[tuple[int, int]]) -> None:
    """Whatever bytes are changed, there are pixels from 0 to 1, or an error of ours."""
    content = bytearray(WHOLE[kind])
    for place, value in places:
        content[place % len(content)] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content)
    pixels = attempt(path, (3, 4, 4))
    assert pixels is None or 0 <= pixels.min() <= pixels.max() <= 1


def test_pixels_without_white(tmp_path: Path) -> None:
    """Pixels of floating point have no white, and are refused."""
    path = tmp_path / "a.pfm"
    path.write_bytes(b"Pf\n2 2\n-1.0\n" + np.full(4, 1000, "<f4").tobytes())
    assert refusal(path).got == "pixels of floating point, whose white is unknown"


def test_warnings_stay_as_they_were(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Reading odd images warns of nothing, and leaves the filters of warnings alone."""
    before = list(warnings.filters)
    palette = Image.new("P", (2, 2), 1)
    palette.save(tmp_path / "a.png", transparency=b"\x00\x80")
    read_image(tmp_path / "a.png", (1, 2, 2))
    assert not recwarn.list
    assert list(warnings.filters) == before


SHAPES: list[tuple[Any, Callable[[str], str]]] = [
    ((2, 8, 8), lambda path: f"image {path!r}\n  got       shape (2, 8, 8)\n"),
    ((8, 8), lambda path: f"image {path!r}\n  got       shape (8, 8)\n"),
    ((1, 0, 8), lambda path: f"image {path!r}\n  got       shape (1, 0, 8)\n"),
]


@pytest.mark.parametrize(("shape", "start"), SHAPES)
def test_shapes_that_cannot_be(tmp_path: Path, shape: Any, start: Callable[[str], str]) -> None:
    """Files give one channel or three, of some height and width."""
    with pytest.raises(ShapeError) as caught:
        read_image(tmp_path / "a.png", shape)
    assert str(caught.value) == start(str(tmp_path / "a.png")) + (
        "  expected  (1 or 3, height, width): grey, or red, green and blue\n"
        "  fix       build the array yourself for other channels"
    )

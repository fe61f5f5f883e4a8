"""Image files as pixels: every kind that is let in, and every kind of damage, at a small scale."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from PIL import Image

from pellucid.errors import DataError
from pellucid.images import SUFFIXES, image_shape, read_image

RED, GREY_OF_RED = (200, 0, 0), 60  # 0.299 * 200, rounded


def gradient(height: int, width: int) -> np.ndarray:
    """Bytes that are different everywhere."""
    return (np.arange(height * width) * 251 % 256).astype(np.uint8).reshape(height, width)


def in_bytes(pixels: np.ndarray) -> np.ndarray:
    """Pixels from 0 to 1 as whole bytes."""
    whole = pixels * 255
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-4)
    return np.round(whole).astype(int)


# What is let in


@pytest.mark.parametrize("end", [end for end in SUFFIXES if end not in (".pbm", ".jpg", ".jpeg", ".webp")])
def test_lossless_kinds(tmp_path: Path, end: str) -> None:
    """Grey images of every lossless kind come out as they went in, over 255, as one channel or three equal ones."""
    path = tmp_path / f"image{end}"
    Image.fromarray(gradient(5, 7)).save(path)
    assert in_bytes(read_image(path, (1, 5, 7))).tolist() == [gradient(5, 7).tolist()]
    assert in_bytes(read_image(path, (3, 5, 7))).tolist() == [gradient(5, 7).tolist()] * 3
    found = read_image(str(path), (1, 5, 7))
    assert found.dtype == np.float32
    assert found.flags.c_contiguous


@pytest.mark.parametrize("end", [".jpg", ".jpeg", ".webp"])
def test_lossy_kinds(tmp_path: Path, end: str) -> None:
    """A plain colour survives lossy kinds to within 2 of 255."""
    path = tmp_path / f"image{end}"
    Image.new("RGB", (16, 16), RED).save(path, quality=95)
    found = read_image(path, (3, 16, 16)) * 255
    assert np.abs(found - np.array(RED)[:, None, None]).max() <= 2


def test_bitmaps(tmp_path: Path) -> None:
    """One bit a pixel is black or white."""
    for end in (".pbm", ".png"):
        path = tmp_path / f"image{end}"
        Image.fromarray(np.eye(4, dtype=bool)).save(path)
        assert read_image(path, (1, 4, 4)).tolist() == [np.eye(4).tolist()]


def test_colours(tmp_path: Path) -> None:
    """Colours keep their planes, and become grey by their brightness."""
    path = tmp_path / "a.png"
    Image.new("RGB", (2, 2), RED).save(path)
    assert in_bytes(read_image(path, (3, 2, 2)))[:, 0, 0].tolist() == list(RED)
    assert in_bytes(read_image(path, (1, 2, 2)))[0, 0, 0] == GREY_OF_RED


def test_palettes(tmp_path: Path) -> None:
    """Colours by number are looked up, in PNG, GIF and BMP."""
    for end in ("png", "gif", "bmp"):
        Image.new("RGB", (2, 2), RED).quantize(4).save(tmp_path / f"a.{end}")
        assert in_bytes(read_image(tmp_path / f"a.{end}", (3, 2, 2)))[:, 1, 1].tolist() == list(RED)


def test_cmyk(tmp_path: Path) -> None:
    """Printing colours become RGB: no ink is white, all black ink is black."""
    for ink, light in (((0, 0, 0, 0), 255), ((0, 0, 0, 255), 0)):
        Image.new("CMYK", (8, 8), ink).save(tmp_path / "a.jpg", quality=100)
        assert in_bytes(read_image(tmp_path / "a.jpg", (1, 8, 8)))[0, 0, 0] == pytest.approx(light, abs=1)


def test_sixteen_bits(tmp_path: Path) -> None:
    """Grey of 16 bits keeps its precision, in PNG and PGM."""
    values = np.array([[0, 1], [300, 65535]], np.uint16)
    for end in ("png", "pgm"):
        Image.fromarray(values).save(tmp_path / f"a.{end}")
        expected = (values / 65535).astype(np.float32)
        np.testing.assert_allclose(read_image(tmp_path / f"a.{end}", (1, 2, 2))[0], expected, atol=1e-7)
        assert read_image(tmp_path / f"a.{end}", (3, 2, 2)).shape == (3, 2, 2)
        assert image_shape(tmp_path / f"a.{end}") == (1, 2, 2)


def test_transparency_is_over_white(tmp_path: Path) -> None:
    """What is transparent shows white, half transparent black is grey; in every mode that has it."""
    path = tmp_path / "a.png"
    for mode, ink in (("RGBA", (0, 0, 0)), ("LA", (0,))):
        for alpha, light in ((0, 255), (255, 0), (128, 127)):
            Image.new(mode, (2, 2), (*ink, alpha)).save(path)
            assert in_bytes(read_image(path, (1, 2, 2)))[0, 0, 0] == light
    palette = Image.new("P", (2, 2), 1)
    palette.putpalette([0, 0, 0, 10, 10, 10])
    for end in ("png", "gif"):
        palette.save(tmp_path / f"b.{end}", transparency=1)
        assert in_bytes(read_image(tmp_path / f"b.{end}", (1, 2, 2))).tolist() == [[[255, 255], [255, 255]]]
    Image.new("RGB", (2, 2), (9, 9, 9)).save(path, transparency=(9, 9, 9))
    assert in_bytes(read_image(path, (1, 2, 2)))[0, 0, 0] == 255


def test_invert(tmp_path: Path) -> None:
    """Dark ink on a transparent or white ground becomes light ink on black."""
    path = tmp_path / "a.png"
    ink = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    ink.putpixel((1, 0), (0, 0, 0, 255))
    ink.save(path)
    assert read_image(path, (1, 1, 2), invert=True).tolist() == [[[0, 1]]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_upright(tmp_path: Path, orientation: int) -> None:
    """An image that EXIF says to turn is turned, as Pillow itself does it, before it is fitted."""
    from PIL import ImageOps

    path = tmp_path / "a.png"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(gradient(4, 6)).save(path, exif=exif)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert image_shape(path) == (1, *expected.shape)
    assert in_bytes(read_image(path, image_shape(path))).tolist() == [expected.tolist()]


def test_damaged_exif_is_no_reason(tmp_path: Path) -> None:
    """Data about the image that make no sense are passed over."""
    path = tmp_path / "a.jpg"
    Image.new("L", (8, 8), 77).save(path, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff garbage")
    assert in_bytes(read_image(path, (1, 8, 8)))[0, 0, 0] == 77
    exif = Image.Exif()
    exif[0x0112] = 77
    Image.new("L", (8, 8), 77).save(path, exif=exif)
    assert image_shape(path) == (1, 8, 8)


def test_the_first_of_many_pictures(tmp_path: Path) -> None:
    """Of an animation the first picture is read."""
    path = tmp_path / "a.gif"
    Image.new("L", (2, 2), 10).save(path, save_all=True, append_images=[Image.new("L", (2, 2), n) for n in (99, 200)])
    assert in_bytes(read_image(path, (1, 2, 2)))[0, 0, 0] == 10


def test_the_kind_is_the_contents(tmp_path: Path) -> None:
    """What is in the file counts, not its name."""
    path = tmp_path / "a.jpg"
    Image.new("L", (2, 2), 10).save(path, format="PNG")
    assert in_bytes(read_image(path, (1, 2, 2)))[0, 0, 0] == 10


# Fitting


def test_the_middle_is_kept(tmp_path: Path) -> None:
    """Of a wide or a tall image the middle is kept, with its aspect."""
    path = tmp_path / "a.png"
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 8:22] = 200  # a little more than is kept: the filter reads beyond the edge
    for array in (wide, wide.T):
        Image.fromarray(array).save(path)
        assert in_bytes(read_image(path, (1, 5, 5))).tolist() == [[[200] * 5] * 5]


def test_scaling_averages(tmp_path: Path) -> None:
    """A fine pattern made smaller becomes its mean, not a pattern of its own."""
    path = tmp_path / "a.png"
    Image.fromarray(np.tile(np.array([[0, 200], [200, 0]], np.uint8), (32, 32))).save(path)
    found = in_bytes(read_image(path, (1, 8, 8)))
    assert np.abs(found - 100).max() <= 2


def test_single_pixels(tmp_path: Path) -> None:
    """One pixel fills any shape; extreme aspects are cut to the middle."""
    path = tmp_path / "a.png"
    Image.new("L", (1, 1), 9).save(path)
    assert np.unique(in_bytes(read_image(path, (3, 5, 7)))).tolist() == [9]
    Image.new("L", (5000, 1), 9).save(path)
    assert np.unique(in_bytes(read_image(path, (1, 7, 5)))).tolist() == [9]
    assert image_shape(path) == (1, 1, 5000)


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("LA", 1), ("P", 3), ("RGB", 3), ("RGBA", 3)])
def test_shape_of_an_image(tmp_path: Path, mode: str, channels: int) -> None:
    """The shape that an image itself has: grey is one channel, colour three."""
    Image.new(mode, (5, 4)).save(tmp_path / "a.png")
    assert image_shape(tmp_path / "a.png") == (channels, 4, 5)


def test_real_photographs(shared_data: Path) -> None:
    """Photographs of real cameras and screens are read in both forms."""
    paths = sorted(path for path in (shared_data / "photos").iterdir() if path.suffix in (".png", ".jpg"))
    assert len(paths) >= 20
    for path in paths:
        pixels = read_image(path, (3, 32, 48))
        assert pixels.shape == (3, 32, 48)
        assert 0 <= pixels.min() < pixels.max() <= 1
        assert pixels.std() > 0.02


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def test_deep_grey_can_be_transparent(tmp_path: Path) -> None:
    """The level that a grey PNG of 16 bits calls transparent shows white; the next one is as it was."""
    path = tmp_path / "a.png"
    Image.fromarray(np.array([[32768, 32769], [0, 65535]], np.uint16)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[:33] + chunk(b"tRNS", (32768).to_bytes(2, "big")) + content[33:])
    expected = np.array([[65535, 32769], [0, 65535]]) / 65535
    np.testing.assert_allclose(read_image(path, (1, 2, 2))[0], expected, atol=1e-7)


def test_no_damage_of_a_png_passes(tmp_path: Path) -> None:
    """A PNG of which any one byte is another one is refused, before the end mark, in which nothing is."""
    path = tmp_path / "a.png"
    Image.fromarray(gradient(5, 7)).save(path)
    content = path.read_bytes()
    for place in range(len(content) - 12):
        path.write_bytes(content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :])
        for read in (lambda: read_image(path, (1, 5, 7)), lambda: image_shape(path)):
            with pytest.raises(DataError) as caught:
                read()
            assert caught.value.where == f"image {str(path)!r}"
    middle = content.index(b"IDAT") + 8
    path.write_bytes(content[:middle] + b"\xff" + content[middle + 1 :])
    with pytest.raises(DataError) as caught:
        read_image(path, (1, 5, 7))
    assert caught.value.got.startswith("damaged: broken PNG file")
    assert caught.value.fix == "get the file anew"


def test_a_size_beyond_the_decoders_own_limit(tmp_path: Path) -> None:
    """A small PNG of 900 million pixels is refused for its size, in the same words as one of 60 million."""
    path = tmp_path / "a.png"
    header = b"".join(side.to_bytes(4, "big") for side in (30_000, 30_000)) + bytes((8, 0, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    with pytest.raises(DataError) as caught:
        read_image(path, (1, 5, 7))
    assert (caught.value.got, caught.value.fix) == ("more than 50,000,000 pixels", "scale it down")


def test_a_lack_of_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory runs out the file is not blamed."""
    path = tmp_path / "a.png"
    Image.fromarray(gradient(5, 7)).save(path)

    def full(*_: object) -> NoReturn:
        raise MemoryError

    for place in ("pellucid.images._pixels", "PIL.PngImagePlugin.PngImageFile.verify"):
        with monkeypatch.context() as patched:
            patched.setattr(place, full)
            with pytest.raises(DataError) as caught:
                read_image(path, (1, 5, 7))
        assert (caught.value.got, caught.value.fix) == (
            "more pixels than there is memory for",
            "free memory, or scale it down",
        )

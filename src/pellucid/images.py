"""Image files as arrays of pixels. Files come from anywhere: few decoders are let at them, and errors name the file."""

from __future__ import annotations

import stat
import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .errors import DataError, ShapeError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".webp")
_DECODERS = {"BMP": "Bmp", "GIF": "Gif", "JPEG": "Jpeg", "PNG": "Png", "PPM": "Ppm", "WEBP": "WebP"}
_MOST_PIXELS = 50_000_000
_ORIENTATION = 0x0112  # EXIF's tag, 1 to 8
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_LOCK = threading.Lock()  # warnings are silenced for the process: one at a time


def read_image(path: str | Path, shape: tuple[int, int, int], invert: bool = False) -> NDArray[np.float32]:
    """Return the pixels of an image file, fitted into a network's input.

    The file is one of PNG, JPEG, GIF (its first picture), BMP, WebP and PNM. It is turned upright as its EXIF data say,
    transparent places show white, colours become grey by ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B) and CMYK becomes
    RGB without colour profiles. The largest part in the middle that has the shape's aspect is scaled to it, by a
    triangle filter over all pixels that a target pixel covers (Pillow's bilinear).

    Args:
        path: the file, at most 50 million pixels.
        shape: (channels, height, width) to give; 1 channel is grey, 3 are red, green and blue.
        invert: turn around dark and light, for dark ink on white where a network knows light ink on black.

    Returns:
        (channels, height, width), float32 from 0 to 1.

    Raises:
        DataError: the file is absent, damaged, too large or of another kind; the error names it.
        ShapeError: other channels than 1 or 3.
    """
    if len(shape) != 3 or shape[0] not in (1, 3) or min(shape) < 1:
        raise ShapeError(
            f"image {str(path)!r}",
            got=f"shape {shape}",
            expected="(1 or 3, height, width): grey, or red, green and blue",
            fix="build the array yourself for other channels",
        )
    channels, height, width = shape
    with _opened(Path(path)) as image:
        pixels = _pixels(image, channels, height, width)
    return 1 - pixels if invert else pixels


def fit_pixels(pixels: NDArray[np.uint8], shape: tuple[int, int, int], *, invert: bool = False) -> NDArray[np.float32]:
    """Return a picture that is decoded already, fitted into a network's input as `read_image` fits a file.

    Args:
        pixels: (height, width, 3 or 4), red, green, blue and opacity.
        shape: (channels, height, width) to give; 1 channel is grey, 3 are red, green and blue.
        invert: turn around dark and light.

    Returns:
        (channels, height, width), float32 from 0 to 1.

    >>> fit_pixels(np.full((4, 4, 3), 255, np.uint8), (1, 1, 1)).tolist()
    [[[1.0]]]
    """
    from PIL import Image

    channels, height, width = shape
    fitted = _pixels(Image.fromarray(pixels), channels, height, width)
    return 1 - fitted if invert else fitted


def image_shape(path: str | Path) -> tuple[int, int, int]:
    """Return (channels, height, width) of an image file, upright: 1 channel if it is grey, 3 if it has colours.

    Raises:
        DataError: the file is absent, damaged, too large or of another kind; the error names it.
    """
    with _opened(Path(path)) as image:
        grey = image.mode in ("1", "L", "LA") or _is_deep(image)
        width, height = image.size if _orientation(image) < 5 else image.size[::-1]
        return 1 if grey else 3, height, width


@contextmanager
def _opened(path: Path) -> Generator[Image]:
    """Give an image whose header is read and whose size is checked; whatever goes wrong names the file."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise _error(path, getattr(error, "strerror", None) or str(error), "correct the path") from error
    if not stat.S_ISREG(status.st_mode):
        raise _error(path, "a folder" if path.is_dir() else "no regular file", "give the path of an image file")
    if not status.st_size:
        raise _error(path, "an empty file", "get the file anew")
    from PIL import Image, UnidentifiedImageError

    for kind in _DECODERS.values():
        import_module(f"PIL.{kind}ImagePlugin")  # or Pillow would load all that it has
    try:
        with _LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is only odd, and of sizes that are refused here
            with path.open("rb") as file:
                with Image.open(file, formats=list(_DECODERS)) as image:
                    _check_size(path, image.size)
                    _check_sums(path, image)
                file.seek(0)  # an image is of no use after its sums were checked
                with Image.open(file, formats=list(_DECODERS)) as image:
                    yield image
    except DataError:
        raise
    except Image.DecompressionBombError:  # Pillow's own limit, which is far above ours
        raise _error(path, f"more than {_MOST_PIXELS:,} pixels", "scale it down") from None
    except MemoryError as error:
        raise _error(path, "more pixels than there is memory for", "free memory, or scale it down") from error
    except UnidentifiedImageError:
        raise _error(path, "no image, or one of another kind", "save it as PNG or JPEG") from None
    except Exception as error:  # whatever a damaged file makes of the decoders
        raise _error(path, f"{error}" or type(error).__name__, "get the file anew, or save it as PNG") from error


def _check_size(path: Path, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > _MOST_PIXELS:
        raise _error(path, f"{width} x {height} pixels, more than {_MOST_PIXELS:,}", "scale it down")


def _check_sums(path: Path, image: Image) -> None:
    """Refuse a PNG whose checksums do not hold: its decoder does not look, and other kinds have none."""
    try:
        image.verify()
    except MemoryError:
        raise
    except Exception as error:  # whatever damage makes of the reader
        raise _error(path, f"damaged: {error}", "get the file anew") from error


def _orientation(image: Image) -> int:
    """Return how the image lies, EXIF's 1 to 8; 1, upright, also where its data are damaged."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged data about the image are no reason to refuse it
        return 1


def _is_deep(image: Image) -> bool:
    """Return whether the image is grey with 16 bits a pixel."""
    return image.mode.startswith("I")


def _pixels(image: Image, channels: int, height: int, width: int) -> NDArray[np.float32]:
    """Return (channels, height, width) from 0 to 1."""
    from PIL import Image, ImageOps

    orientation = _orientation(image)
    if image.mode == "F":
        raise ValueError("pixels of floating point, whose white is unknown")
    if _is_deep(image):
        levels = np.asarray(image)
        shown = np.where(levels == image.info.get("transparency", -1), 65535, levels)
        plain = Image.fromarray(shown.astype(np.float32) / 65535)
    else:
        plain = _opaque(image).convert("L" if channels == 1 else "RGB")
    size = (width, height) if orientation < 5 else (height, width)
    fitted = ImageOps.fit(plain, size, Image.Resampling.BILINEAR)
    if orientation in _TURNS:
        fitted = fitted.transpose(Image.Transpose[_TURNS[orientation]])
    pixels = np.asarray(fitted, np.float32)
    if fitted.mode == "F":
        return np.repeat(pixels.clip(0, 1)[None], channels, axis=0)
    return np.ascontiguousarray(np.atleast_3d(pixels).transpose(2, 0, 1)) / np.float32(255)


def _opaque(image: Image) -> Image:
    """Return the image over white, where it is transparent."""
    from PIL import Image

    if "A" not in image.mode and "transparency" not in image.info:
        return image
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)


def _error(path: Path, got: str, fix: str) -> DataError:
    return DataError(f"image {str(path)!r}", got=got, expected=f"an image file ({', '.join(_DECODERS)})", fix=fix)

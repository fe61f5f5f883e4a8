"""An atlas: the images that excite each channel most are found, cut out, and written as one page."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from ..arrays import as_array
from ..disk import replace_file
from ..engines import Engine, as_inputs
from ..errors import DataError, ParameterError
from ..explain import Excitations, excitations, summarize
from ..network import Network
from ..wiring import name_of
from .choice import choose
from .page import Leaf, Pictured, pieces

SUFFIXES = (".html", ".htm")


@dataclass(frozen=True)
class Atlas:
    """What was written.

    Args:
        path: the file.
        found: what excites the channels of the layers that are shown, all of them.
        channels: how many channels of a layer are shown, at most.
        left_out: the layers that are not shown.
    """

    path: Path
    found: Excitations
    channels: int
    left_out: tuple[str, ...]


def atlas(
    net: Network,
    images: Any,
    path: str | Path,
    *,
    labels: ArrayLike | None = None,
    classes: Sequence[str] | None = None,
    data: str = "images",
    layers: Sequence[str] | None = None,
    channels: int | None = None,
    top: int = 9,
    engine: str | Engine | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Atlas:
    """Write the atlas of a network: for each channel the parts of images that excite it most.

    Args:
        net: the network.
        images: (N, C, H, W); a tuple with one array an input.
        path: the file to write, .html.
        labels: (N,) each image's class.
        classes: the classes' names; None: the network's own, or numbers.
        data: what the images are called as a whole.
        layers: names of layers; None: those that multiply and add, such as convolutions.
        channels: how many channels of a layer to show; None: 16, or what has room.
        top: how many images of a channel to show.
        engine: what runs the network.
        progress: is told after each batch how many images were looked at, and how many there are.

    Raises:
        UnknownNameError, ParameterError: layers that are not there; more than a page can hold; no .html.
        ShapeError, DataError: images or labels that do not fit.
        OSError: the file cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> from pellucid.layers import Conv2d
    >>> with TemporaryDirectory() as folder:
    ...     made = atlas(Network((1, 4, 4), [Conv2d(2, 3)]), [[[[0, 0, 0, 1]] * 4]], Path(folder, "a.html"))
    ...     made.path.read_text()[:15], made.found["conv1"].channels[1][0].image
    ('<!doctype html>', 0)
    """
    place = _place(path)
    choice = choose(net, layers, channels, top)
    arrays = as_inputs(net, images)
    (count,) = {len(array) for array in arrays}
    captions = _captions(net, labels, classes, count)
    found = excitations(
        net,
        arrays if len(net.inputs) > 1 else arrays[0],
        layers=choice.layers,
        top=top,
        engine=engine,
        progress=progress,
    )
    summary = {layer.name: layer for layer in summarize(net).layers}
    leaves = [
        Leaf(layer, summary.get(name), min(choice.channels, len(layer.channels))) for name, layer in found.items()
    ]
    sources = {name_of(node): array for node, array in zip(net.inputs, arrays, strict=True)}
    about = _about(found, data, choice.left_out)
    replace_file(place, pieces(net.name, about, leaves, Pictured(sources, captions)))
    return Atlas(place, found, choice.channels, choice.left_out)


def _place(path: str | Path) -> Path:
    """Return where to write; a long search must not end in an error."""
    place = Path(path)
    if place.suffix.lower() not in SUFFIXES:
        raise ParameterError(
            f"atlas {str(place)!r}",
            got=f"the suffix {place.suffix!r}" if place.suffix else "no suffix",
            expected="a file that ends in .html",
            fix=f"name it {place.stem + '.html'!r}",
        )
    folder = Path(os.path.realpath(place)).parent
    if not folder.is_dir() or place.is_dir():
        raise ParameterError(
            f"atlas {str(place)!r}",
            got="a folder" if place.is_dir() else f"no folder {str(place.parent)!r}",
            expected="a file in a folder that exists",
            fix="make the folder, or correct the path",
        )
    return place


def _captions(
    net: Network, labels: ArrayLike | None, classes: Sequence[str] | None, count: int
) -> Sequence[str] | None:
    """Return each image's class in words."""
    if labels is None:
        return None
    names = None if classes is None and net.classes is None else tuple(classes or net.classes or ())
    numbers = as_array("atlas", labels)
    if numbers.shape != (count,) or numbers.dtype.kind not in "iu":
        raise DataError(
            "atlas",
            got=f"labels of shape {numbers.shape}, dtype {numbers.dtype}",
            expected=f"{count} whole numbers, one an image",
            fix="give one label an image, or none at all",
        )
    least, most = int(numbers.min()), int(numbers.max())
    if least < 0 or (names is not None and most >= len(names)):
        raise DataError(
            "atlas",
            got=f"label {least if least < 0 else most}",
            expected="0 or more" if names is None else f"0 to {len(names) - 1}, the number of a class",
            fix="correct the labels, or give none",
        )
    return [str(number) if names is None else names[number] for number in map(int, numbers)]


def _about(found: Excitations, data: str, left_out: Sequence[str]) -> list[str]:
    """Return what is shown, and what is not, in words."""
    most = "the image" if found.top == 1 else f"the {found.top} images"
    said = [
        f"For each channel {most} of {data} ({found.images:,} in all) in which its largest value is greatest, cut to "
        "the receptive field of that value. An image counts once. Below each stand the value and the image.",
    ]
    if left_out:
        said.append(f"Not shown are {_several(left_out)}.")
    return said


def _several(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return f"the layers {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")

"""What MODEL and IMAGE may be on the command line: files, and names of what is built in."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import DataError, ShapeError, unknown_name
from .output import note

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..layers.node import Shape
    from ..network import Network
    from ..zoo import Builder, Classes

ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A network's file, a name of the zoo such as resnet18 (untrained), or digits."
    ),
]
ImageName = Annotated[
    str, typer.Argument(metavar="IMAGE", help="An image's file, or digits:17, a test image of the digits data set.")
]
Invert = Annotated[
    bool, typer.Option("--invert", help="Dark ink on bright paper, where the network expects the opposite.")
]

DIGITS = "digits"
LONGEST_NUMBER = 12  # digits of a number that may be one of a test image
SAMPLE = re.compile(rf"{DIGITS}:(?P<number>.*)")


def built_in() -> dict[str, Builder]:
    """Return what builds each network that has a name: those of the zoo, and the digits network."""
    from .. import zoo
    from ..train.digits import digits_network

    def digits(classes: Classes = 10, *, input_shape: Shape = (1, 8, 8), seed: int = 0) -> Network:
        return digits_network(seed)  # made for its own data, and for no other

    return {DIGITS: digits, **zoo.NETWORKS}


def open_model(model: str) -> Network:
    """Return a network that is built in, with first values as its weights, or the one of a file.

    A name goes before a file of the same name, which "./name" means.

    Raises:
        UnknownNameError: it is neither.
        ModelFileError: the file is no network.
    """
    from ..formats import OpeningWarning, load

    builders = built_in()
    if model in builders:
        return builders[model]()
    path = Path(model)
    if path.suffix or len(path.parts) > 1 or os.path.exists(path):  # which no name is too long for
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", OpeningWarning)
            net = load(path)
        for each in told:
            note(f"note: {each.message}")
        return net
    raise unknown_name("network", _short(model), builders)


def open_trained(model: str) -> Network:
    """Return a network to compute with: the same, but the digits network is trained first."""
    from ..train.digits import train_digits

    if model == DIGITS:
        net, history, _, _ = train_digits()
        if history.stopped:
            raise KeyboardInterrupt
        return net
    return open_model(model)


def note_untrained(model: str) -> None:
    """Say so where numbers come from a network of the zoo."""
    if model != DIGITS and model in built_in():
        note(f"note: {model} is not trained; its numbers come from first values")


def open_image(net: Network, image: str, *, invert: bool = False) -> NDArray[np.float32]:
    """Return an image as the network reads it, (channels, height, width).

    Raises:
        DataError: the file is no image, or there is no such test image.
        ShapeError: the network does not read one image.
    """
    from ..images import read_image
    from ..train import data

    shape = net.inputs[0].shape
    if len(net.inputs) > 1 or len(shape) != 3:
        raise ShapeError(
            f"network {net.name!r}",
            got=f"inputs of shape {' and '.join(str(node.shape) for node in net.inputs)}",
            expected="one image (channels, height, width)",
            fix="use it in Python: net.predict, net.trace",
        )
    sample = SAMPLE.fullmatch(image)
    if sample is None or not is_sample(image):
        return read_image(image, shape, invert=invert)
    _, test = data.load(DIGITS)
    if test.images.shape[1:] != shape:
        raise ShapeError(
            f"image {image!r}",
            got=f"shape {test.images.shape[1:]}",
            expected=f"shape {shape}, which {net.name!r} reads",
            fix="give an image's file: it is brought to size",
        )
    number = sample["number"]
    if not number.isdecimal() or len(number) > LONGEST_NUMBER or int(number) >= len(test):
        raise DataError(
            f"image {_short(image)!r}",
            got=f"test image {_short(number)!r}",
            expected=f"{DIGITS}:0 to {DIGITS}:{len(test) - 1}",
            fix=f"write for instance {DIGITS}:17",
        )
    return test.images[int(number)]


def is_sample(image: str) -> bool:
    """Return whether IMAGE names a test image, and no file."""
    return SAMPLE.fullmatch(image) is not None and not os.path.exists(image)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:60]}...{text[-17:]}"

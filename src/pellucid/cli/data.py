"""What DATA may be on the command line: data sets by name, folders of images, and files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ParameterError

if TYPE_CHECKING:
    from ..network import Network
    from ..train import Dataset

DataName = Annotated[
    str,
    typer.Argument(metavar="DATA", help="A data set's name such as digits, a folder of images, or an .npz file."),
]
ImageSize = Annotated[
    str | None, typer.Option("--size", metavar="HxW", help="Bring the images of a folder to this size, such as 64x48.")
]


def open_data(net: Network, data: str, size: str | None) -> tuple[Dataset, Dataset]:
    """Return the images to learn from and to test on; those of a folder get the size that the network reads.

    Raises:
        ParameterError: a size that is none, or that the data cannot be brought to.
        UnknownNameError, DataError: no such data, or what cannot be used.
    """
    from ..train.data import is_folder, load

    wanted, shape = read_size(size), net.inputs[0].shape
    if wanted is None and len(shape) == 3 and is_folder(data):
        wanted = shape[1], shape[2]
    return load(data, size=wanted)


def read_size(text: str | None) -> tuple[int, int] | None:
    """Return (height, width) of a text such as 64x48.

    Raises:
        ParameterError: it is no size.

    >>> read_size("64x48")
    (64, 48)
    """
    if text is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if found is None:
        raise ParameterError(
            "--size", got=repr(text), expected="HEIGHTxWIDTH in pixels", fix="write for instance 64x48"
        )
    return int(found[1]), int(found[2])

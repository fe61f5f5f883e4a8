"""A network written as Keras writes its models: aside first, so that the file is replaced at once or not at all."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from ...errors import EngineError, ModelFileError
from ...needs import need
from ...network import Network
from ..disk import write
from ..refusal import told
from ..to_frameworks import to_keras

PIECE = 2**24  # bytes that are copied at once


def save(net: Network, path: Path) -> None:
    """Write the network as a `.keras` file; keras.saving.load_model opens it.

    Raises:
        MissingPackageError: Keras, TensorFlow or h5py is not installed.
        ModelFileError: Keras cannot say a layer, or the file cannot be written.
    """
    need("saving a Keras model", "keras", "keras", "tensorflow", "h5py")
    try:
        with tempfile.TemporaryDirectory() as folder:
            aside = Path(folder, "model.keras")
            with (
                warnings.catch_warnings()
            ):  # TensorFlow's tensors do not know what NumPy 2 asks them when they are copied
                warnings.simplefilter("ignore", DeprecationWarning)
                to_keras(net).save(aside)
            write(path, _pieces(aside), aside.stat().st_size)
    except EngineError as error:
        said = ModelFileError(error.where, got=error.got, expected=error.expected, fix=error.fix)
        raise told(said, path) from None
    except ModelFileError as error:
        raise told(error, path) from None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece

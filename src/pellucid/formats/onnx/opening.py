"""The doors of this room: `.onnx` files, and models in memory. External data are only read by our own hands."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from ...errors import ModelFileError
from ...network import Network
from ..disk import opened
from ..refusal import told
from .elsewhere import check_elsewhere
from .functions import inlined
from .graph import network
from .wire import check_wire


def load(path: Path, partial: bool) -> Network:
    """Open an `.onnx` file."""
    try:
        with opened(path) as (file, _):
            data = file.read()
        check_wire(data)
        model = onnx.ModelProto()
        try:
            model.ParseFromString(data)
        except DecodeError:
            raise ModelFileError(
                "", got="bytes that are no ONNX model", expected="an ONNX model", fix="get the file again"
            ) from None
        del data  # the model holds the weights now, and one copy is enough
        return _network(model, path.parent, partial)
    except ModelFileError as error:
        raise told(error, path) from None


def load_object(model: onnx.ModelProto, partial: bool) -> Network:
    """Return the network of an onnx.ModelProto, which is checked as a file is."""
    try:
        check_wire(model.SerializeToString())
        return _network(model, None, partial)
    except ModelFileError as error:
        raise told(error, Path(model.graph.name or "onnx.ModelProto")) from None


def _network(model: onnx.ModelProto, folder: Path | None, partial: bool) -> Network:
    check_elsewhere(model)
    return network(inlined(model), folder, partial)

"""Before this room is entered: whether the package that it is about is here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...needs import need
from ...network import Network


def load(path: Path, partial: bool) -> Network:
    """Open an `.onnx` file."""
    need("opening an ONNX file", "onnx", "onnx")
    from .opening import load as opened

    return opened(path, partial)


def save(net: Network, path: Path) -> None:
    """Write a network as an `.onnx` file."""
    need("saving an ONNX file", "onnx", "onnx")
    from .saving import save as write

    write(net, path)


def load_object(model: Any, partial: bool) -> Network:
    """Return the network of an onnx.ModelProto."""
    from .opening import load_object as opened

    return opened(model, partial)

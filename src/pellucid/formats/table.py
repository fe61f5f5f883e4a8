"""What can be opened and saved: `FORMATS` by the suffix of a file's name, `OBJECTS` by the package an object is of.

Each room of a format is imported when it is first used, and with it the foreign package that it is about.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..network import Network
from . import pellucid
from .stored import Stored

Load = Callable[[Path, bool], Network]
Save = Callable[[Network, Path], None]
Weights = Callable[[Path], AbstractContextManager[Mapping[str, Stored]]]


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Args:
        about: what it is.
        load: reads a network from a path; with True, what can be opened of it. None: it holds no whole network.
        save: writes a network to a path, or None: we only read it.
        weights: gives tensors by name, for a network that is there; None: the file is a whole network.

    >>> FORMATS[".safetensors"].about
    'a network saved by Pellucid'
    """

    about: str
    load: Load | None
    save: Save | None
    weights: Weights | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of object of another package that holds a model.

    Args:
        about: what it is.
        package: the package that must have been imported for such an object to be.
        is_one: whether an object is one, given the package.
        load: makes a network of it; with True, of what can be opened.
        shaped: whether `load` also takes the shape of one input, which such an object does not say.

    >>> kind = Kind("a fraction", "fractions", lambda package, value: isinstance(value, package.Fraction), None)
    >>> kind.holds(0.5)
    False
    """

    about: str
    package: str
    is_one: Callable[[Any, Any], bool]
    load: Callable[..., Network]
    shaped: bool = False

    def holds(self, value: object) -> bool:
        """Return whether `value` is of this kind. Nothing is imported."""
        package = sys.modules.get(self.package)
        return package is not None and self.is_one(package, value)


def later(room: str, function: str) -> Callable[..., Any]:
    """Return a function of a room of this package, which is imported when it is called."""

    def call(*given: Any) -> Any:
        return getattr(import_module(f".{room}", __package__), function)(*given)

    return call


_TORCH = Format(
    "a state dict of PyTorch's",
    None,
    later("states.writing", "save_torch"),
    later("states.torch_file", "open_torch"),
)

FORMATS: dict[str, Format] = {
    ".safetensors": Format(
        "a network saved by Pellucid",
        lambda path, partial: pellucid.load(path),
        pellucid.save,
        later("states.safetensors", "open_safetensors"),
    ),
    ".keras": Format("a Keras model", later("keras.opening", "load_keras"), later("keras.saving", "save")),
    ".h5": Format("a Keras model in HDF5", later("keras.opening", "load_h5"), None),
    ".onnx": Format("an ONNX model", later("onnx.door", "load"), later("onnx.door", "save")),
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".th": _TORCH,
    ".pt2": Format("a PyTorch exported program", later("torch.pt2", "load"), None),
    ".npz": Format("NumPy's arrays", None, None, later("npz", "open_arrays")),
    ".json": Format("a TensorFlow.js layers model", later("keras.opening", "load_tfjs"), None),
}

OBJECTS: dict[str, Kind] = {
    "onnx": Kind(
        "an onnx.ModelProto",
        "onnx",
        lambda package, value: isinstance(value, package.ModelProto),
        later("onnx.door", "load_object"),
    ),
    "keras": Kind(
        "a keras.Model",
        "keras",
        lambda package, value: isinstance(value, package.Model),
        later("keras.opening", "load_object"),
    ),
    "torch.jit": Kind(
        "a torch.jit.ScriptModule",
        "torch",
        lambda package, value: isinstance(value, package.jit.ScriptModule),
        later("torch.door", "refuse_script"),
    ),
    "torch.export": Kind(
        "a torch.export.ExportedProgram",
        "torch",
        lambda package, value: isinstance(value, package.export.ExportedProgram),
        later("torch.door", "load_program"),
    ),
    "torch": Kind(
        "a torch.nn.Module",
        "torch",
        lambda package, value: isinstance(value, package.nn.Module),
        later("torch.door", "load_module"),
        shaped=True,
    ),
}

"""One layer's configuration in a file: taken apart value by value, and what nobody asked for is not overlooked."""

from __future__ import annotations

from typing import Any, cast

from ...errors import ModelFileError
from ..opening import UnreadableError
from ..strict_json import as_names, as_text

# What does not change what a layer computes from its weights, or is checked elsewhere.
IGNORED = {
    "name", "trainable", "dtype", "batch_input_shape", "batch_shape", "sparse", "ragged", "optional",
    "build_input_shape",
    "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer",
    "kernel_constraint", "bias_constraint", "beta_initializer", "gamma_initializer", "moving_mean_initializer",
    "moving_variance_initializer", "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint",
    "depthwise_initializer", "depthwise_regularizer", "depthwise_constraint", "pointwise_initializer",
    "pointwise_regularizer", "pointwise_constraint", "alpha_initializer", "alpha_regularizer", "alpha_constraint",
    "seed", "noise_shape", "synchronized", "lora_rank", "quantization_config", "input_dtype", "implementation",
    "renorm", "renorm_clipping", "renorm_momentum", "virtual_batch_size", "adjustment", "fused", "batch_size",
    "batchInputShape", "inputDType",
}  # fmt: skip


class Config:
    """The configuration of one layer.

    Args:
        spec: the layer's entry in the file.
        path: where it stands, such as "config.layers[1]".
    """

    def __init__(self, spec: object, path: str) -> None:
        entry = as_names(spec, path)
        self.path = path
        self.entry = entry
        self.kind = as_text(entry.get("class_name"), f"{path}.class_name")
        self.values = as_names(entry.get("config", {}), f"{path}.config")
        self._left = set(self.values) - IGNORED

    @property
    def name(self) -> str:
        """The layer's name."""
        return as_text(self.entry.get("name", self.values.get("name")), f"{self.path}.config.name")

    def check_origin(self) -> None:
        """Raise UnreadableError for a class that is not said to be Keras's own."""
        module, registered = self.entry.get("module"), self.entry.get("registered_name")
        own = module is None or (isinstance(module, str) and module.split(".")[0] in ("keras", "tensorflow"))
        if not own:
            raise UnreadableError(f"{self.path}.module names {module!r}: only Keras's own layers are opened")
        if registered not in (None, self.kind):
            raise UnreadableError(f"{self.path}.registered_name names {registered!r}: only Keras's own are opened")

    def take(self, name: str, default: Any = None) -> Any:
        """Return a value, which counts as understood."""
        self._left.discard(name)
        return self.values.get(name, default)

    def need(self, name: str, *known: object) -> Any:
        """Return a value that must be one of `known`; a missing one is the first."""
        value = self.take(name, known[0])
        if value not in known:
            raise UnreadableError(f"{self.path}.config.{name} is {value!r}, not {' or '.join(map(repr, known))}")
        return value

    def number(self, name: str, default: float) -> float:
        """Return a number."""
        value = self.take(name, default)
        if isinstance(value, dict) and "config" in value:  # Keras 3 writes NumPy numbers so
            value = as_names(value["config"], self.path).get("value")  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UnreadableError(f"{self.path}.config.{name} is {value!r:.60}, not a number")
        return float(value)

    def wholes(self, name: str, default: int | None = None) -> list[int]:
        """Return whole numbers, of a list or one alone."""
        value = self.take(name, default)
        both = cast("list[object]", value) if isinstance(value, list) else [value]
        numbers = [item for item in both if type(item) is int]
        if len(numbers) < len(both):
            raise UnreadableError(f"{self.path}.config.{name} is {value!r:.60}, not whole numbers")
        return numbers

    def pair(self, name: str, default: int = 1) -> tuple[int, int]:
        """Return two whole numbers, of one or two."""
        both = self.wholes(name, default)
        if len(both) not in (1, 2):
            raise UnreadableError(f"{self.path}.config.{name} is {both!r:.60}, not one or two whole numbers")
        return both[0], both[-1]

    def sides(self, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return what is added or cut off: ((top, bottom), (left, right)), of one number, two, or two pairs."""
        value = self.take(name, 1)
        rows = cast("list[object]", value) if isinstance(value, list) else [value, value]
        pairs = [cast("list[object]", item) if isinstance(item, list) else [item, item] for item in rows]
        flat = [item for pair in pairs for item in pair if type(item) is int and item >= 0]
        if len(pairs) != 2 or any(len(pair) != 2 for pair in pairs) or len(flat) != 4:
            raise UnreadableError(f"{self.path}.config.{name} is {value!r:.60}, not sides")
        return (flat[0], flat[1]), (flat[2], flat[3])

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number."""
        value = self.take(name, default)
        if type(value) is not int:
            raise UnreadableError(f"{self.path}.config.{name} is {value!r:.60}, not a whole number")
        return value

    def finish(self) -> None:
        """Raise UnreadableError if something in the configuration was not understood."""
        for name in sorted(self._left):
            if self.values[name] not in (None, False):
                raise UnreadableError(f"{self.path}.config.{name} is not understood: {self.values[name]!r:.60}")


def version_of(text: object) -> int:
    """Return the major version in such as "2.4.0"; 3 where nothing is said."""
    head = str(text).split(".")[0]
    return int(head) if head.isdigit() and len(head) < 4 else 3


def damaged(path: str, got: str, expected: str) -> ModelFileError:
    """Return the error of a configuration that Keras cannot have written."""
    return ModelFileError(path, got=got, expected=expected, fix="get the file again, or save the model again")

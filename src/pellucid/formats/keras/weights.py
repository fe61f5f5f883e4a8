"""Where a Keras layer's weights are: by place in the tree of a `.keras` file, or by name in all older ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ...errors import ModelFileError
from ..stored import Stored

Scope = tuple[str, ...]
Names = tuple[str, ...]  # what one variable has been called over the years


class Source(Protocol):
    """Where weights come from."""

    def of(self, scope: Scope, keys: Scope, variables: tuple[Names, ...]) -> list[Stored] | str:
        """Return a layer's variables in this order, or what is wrong.

        Args:
            scope: the names of the models around the layer, the outermost left out, and its own.
            keys: the same as Keras 3 numbers them in a file, such as "conv2d_1".
            variables: the names that each variable may have.
        """
        ...


class Named:
    """Variables that have their layers' names, as in `.h5`, TensorFlow.js, and models in memory.

    Args:
        tensors: (names of the models and the layer, the variable's name, the tensor).
    """

    def __init__(self, tensors: Iterable[tuple[Scope, str, Stored]]) -> None:
        self._by_layer: dict[str, list[tuple[Scope, str, Stored]]] = {}
        for scope, name, stored in tensors:
            self._by_layer.setdefault(scope[-1] if scope else "", []).append((scope, name, stored))

    def of(self, scope: Scope, keys: Scope, variables: tuple[Names, ...]) -> list[Stored] | str:
        """Return the variables of the layer whose surroundings fit best."""
        near = self._by_layer.get(scope[-1], [])
        if len({found for found, _, _ in near}) > 1:
            near = [item for item in near if item[0][-len(scope) :] == scope] or near
        found: list[Stored] = []
        for names in variables:
            fitting = [stored for _, name, stored in near if name in names]
            if len(fitting) != 1:
                return f"{len(fitting) or 'no'} weights {names[0]!r} of the layer {scope[-1]!r}"
            found.append(fitting[0])
        return found


class Numbered:
    """Variables in a tree of layers, as Keras 3 writes it: by class and number, not by name.

    Args:
        tensors: every tensor by its path, such as "layers/conv2d_1/vars/0".
        attributes: the groups' attributes by path.
    """

    def __init__(self, tensors: Mapping[str, Stored], attributes: Mapping[str, dict[str, Any]]) -> None:
        self._tensors, self._attributes = tensors, attributes
        old = any(path.startswith("_layer_checkpoint_dependencies/") for path in tensors)
        self._level = "_layer_checkpoint_dependencies" if old else "layers"

    def of(self, scope: Scope, keys: Scope, variables: tuple[Names, ...]) -> list[Stored] | str:
        """Return the variables at the layer's place."""
        place = "/".join(f"{self._level}/{key}" for key in keys) + "/vars"
        name = self._attributes.get(place, {}).get("name", scope[-1])
        if name != scope[-1]:
            return f"the weights of {name!r} at {place!r}"
        found = [self._tensors.get(f"{place}/{i}") for i in range(len(variables))]
        missing = next((i for i, stored in enumerate(found) if stored is None), None)
        if missing is not None or f"{place}/{len(variables)}" in self._tensors:
            return f"no tensor '{place}/{missing}'" if missing is not None else f"more tensors in {place!r}"
        return [stored for stored in found if stored is not None]


def legacy(tensors: Mapping[str, Stored], attributes: Mapping[str, dict[str, Any]], root: str) -> Named:
    """Return the weights of an HDF5 file that names them, in the group `root` ("" or "model_weights")."""
    found: list[tuple[Scope, str, Stored]] = []
    before = f"{root}/" if root else ""
    for layer in _joined(attributes.get(root, {}), "layer_names"):
        for full in _joined(attributes.get(before + layer, {}), "weight_names"):
            stored = tensors.get(f"{before}{layer}/{full}")
            if stored is None:
                raise ModelFileError(
                    f"{before}{layer}",
                    got=f"no tensor {full!r}, which it lists",
                    expected="all tensors that it lists",
                    fix="get the file again",
                )
            *scope, name = full.split("/")
            if not scope or (scope[-1] != layer and layer not in scope):
                scope = [layer, *scope] if scope else [layer]
            found.append((tuple(scope), name.split(":")[0], stored))
    return Named(found)


def _joined(attributes: dict[str, Any], name: str) -> list[str]:
    """Return a list that may have been written in several parts."""
    parts = [key for key in attributes if key.rstrip("0123456789") == name]
    return [text for key in sorted(parts, key=lambda key: (len(key), key)) for text in attributes[key]]


def snake_case(name: str) -> str:
    """Return a class's name as Keras 3 writes it in its files.

    >>> [snake_case(name) for name in ("Conv2D", "BatchNormalization", "ReLU", "PReLU")]
    ['conv2d', 'batch_normalization', 're_lu', 'p_re_lu']
    """
    once = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", once).lower()

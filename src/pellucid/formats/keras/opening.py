"""The doors of this room: `.keras`, `.h5`, TensorFlow.js's `model.json`, and models in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from ...errors import ModelFileError
from ...network import Network
from ..archive import opened_archive
from ..disk import opened
from ..opening import Opening, make
from ..refusal import told
from ..stored import Stored
from ..strict_json import as_names, as_text, parse
from . import tfjs
from .call import Value
from .config import version_of
from .graph import Graph
from .hdf5 import hdf5
from .weights import Named, Numbered, Scope, Source, legacy

LONGEST_CONFIG = 2**24
WEIGHTS = "model.weights.h5"


def load_keras(path: Path, partial: bool) -> Network:
    """Open a `.keras` file."""
    try:
        with opened_archive(path) as archive, tempfile.TemporaryFile() as weights:
            config = parse(archive.read("config.json", LONGEST_CONFIG), "config.json")
            said = as_names(parse(archive.read("metadata.json", LONGEST_CONFIG), "metadata.json"), "metadata.json")
            weights.write(archive.read(WEIGHTS, archive.size(WEIGHTS)))
            weights.flush()
            with hdf5(weights.fileno()) as tree:
                return network(config, Numbered(tree.tensors, tree.attributes), said.get("keras_version"), partial)
    except ModelFileError as error:
        raise told(error, path) from None


def load_h5(path: Path, partial: bool) -> Network:
    """Open an `.h5` file of a whole model."""
    try:
        with opened(path) as (file, _), hdf5(file.fileno()) as tree:
            said = tree.attributes.get("", {})
            if "model_config" not in said:
                raise ModelFileError(
                    "",
                    got="HDF5 without a model's configuration",
                    expected="a model saved whole",
                    fix="save the model, not only its weights: model.save('model.keras')",
                )
            version = said.get("keras_version", tree.attributes.get("model_weights", {}).get("keras_version"))
            source = legacy(tree.tensors, tree.attributes, "model_weights")
            return network(parse(said["model_config"], "model_config"), source, version, partial)
    except ModelFileError as error:
        raise told(error, path) from None


def load_tfjs(path: Path, partial: bool) -> Network:
    """Open a TensorFlow.js layers model: `model.json`, and the files beside it that it names."""
    try:
        config, version, tensors = tfjs.read(path)
        return network(config, Named(tensors), version, partial)
    except ModelFileError as error:
        raise told(error, path) from None


def load_object(model: Any, partial: bool) -> Network:
    """Return the network of a keras.Model."""
    config = parse(model.to_json(), type(model).__name__)
    return network(config, Named(_variables(model, ())), 3, partial)


def _variables(model: Any, scope: Scope) -> Iterator[tuple[Scope, str, Stored]]:
    for layer in getattr(model, "layers", ()):
        inside = (*scope, str(layer.name))
        if hasattr(layer, "layers"):
            yield from _variables(layer, inside)
            continue
        for variable in layer.weights:
            kept = variable.numpy() if hasattr(variable, "numpy") else variable
            yield inside, variable.name.split("/")[-1].split(":")[0], Stored.of(variable.path, kept)


def network(config: object, source: Source, version: object, partial: bool) -> Network:
    """Return the network of a model's configuration and weights."""
    spec = as_names(config, "config")
    values = as_names(spec.get("config"), "config")
    opening = Opening(as_text(values.get("name", "network"), "config.name"))
    graph = Graph(opening, source, version_of(version), _channels_first(values))
    outputs = graph.model(spec, "", None, (), ())
    return opening.network([_usual(opening, value, graph.first) for value in outputs], partial=partial)


def _usual(opening: Opening, value: Value, first: bool) -> Any:
    """Return an output's node with its axes as ours stand, for a model whose maps have their channels first or last."""
    rank = len(value.axes)
    usual = Value.like_keras(value.node, rank).axes if not first else tuple(range(rank))
    if value.node is None or value.axes == usual:
        return value.node
    order = tuple(value.axes[usual.index(axis)] for axis in range(rank))
    return opening.add(make("Permute", order), value.node, name=value.ordered or f"{value.node.name}/order")


def _channels_first(values: dict[str, object]) -> bool:
    """Return whether some layer says that channels come first."""
    waiting: list[object] = [values.get("layers")]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(item, dict):
            inside = cast("dict[str, object]", item).get("config")
            if isinstance(inside, dict):  # what is none is refused where it is read
                said = cast("dict[str, object]", inside)
                if said.get("data_format") == "channels_first":
                    return True
                waiting.append(said.get("layers"))
    return False

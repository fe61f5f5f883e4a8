"""A Keras model's configuration, walked: sequences, graphs, models in models, and layers that are called twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...errors import PellucidError
from ...layers import Layer
from ..opening import Opening, UnreadableError
from ..strict_json import as_list, as_names, as_text
from . import activating, others, windows
from .call import FIRST, LAST, Call, Entry, Value
from .config import Config, damaged
from .weights import Scope, Source, snake_case

TABLE: dict[str, Entry] = {**activating.ENTRIES, **others.ENTRIES, **windows.ENTRIES}
MODELS = ("Functional", "Model", "Sequential")
MOST_LAYERS, MOST_NESTED = 100_000, 16
Key = tuple[str, int, int]  # layer, its call, its output


@dataclass
class Graph:
    """What a model becomes.

    Args:
        opening: the network being built.
        source: where the weights are.
        version: Keras's major version.
        first: whether the model's maps have their channels first.
    """

    opening: Opening
    source: Source
    version: int
    first: bool = False
    _shared: dict[Scope, list[Layer]] = field(default_factory=dict[Scope, list[Layer]])

    def model(self, spec: object, path: str, given: list[Value] | None, scope: Scope, keys: Scope) -> list[Value]:
        """Return a model's outputs, for the values that it is called on; None: it is the whole, and has inputs."""
        config = Config(spec, path)
        if len(scope) > MOST_NESTED:
            raise damaged(path, "models nested too deeply", f"at most {MOST_NESTED}")
        if config.kind not in MODELS:
            self.opening.refuse(str(config.values.get("name", "model")), config.kind, f"{path}.class_name is no model")
            return [Value(None, (0,))]
        inside = "config" if path == "" else f"{path}.config"
        layers = [
            Config(item, f"{inside}.layers[{i}]")
            for i, item in enumerate(as_list(config.values.get("layers"), f"{inside}.layers"))
        ]
        if len(layers) > MOST_LAYERS:
            raise damaged(inside, f"{len(layers)} layers", f"at most {MOST_LAYERS}")
        walk = _Walk(self, layers, scope, keys)
        if config.kind == "Sequential":
            return walk.sequence(config, given)
        return walk.graph(config, inside, given)


class _Walk:
    """One model's layers, called in an order in which they can be."""

    def __init__(self, graph: Graph, layers: list[Config], scope: Scope, keys: Scope) -> None:
        self.whole, self.layers, self.scope = graph, layers, scope
        counts: dict[str, int] = {}
        self.keys: dict[int, Scope] = {}
        for config in layers:
            stem = snake_case(config.kind)
            number = counts.get(stem, 0)
            counts[stem] = number + 1
            self.keys[id(config)] = (*keys, f"{stem}_{number}" if number else stem)

    def sequence(self, config: Config, given: list[Value] | None) -> list[Value]:
        """Call layer after layer."""
        values = given
        for layer in self.layers:
            if values is None:
                values = [self._input(layer, config)]
                if layer.kind == "InputLayer":
                    continue
            elif layer.kind == "InputLayer":
                continue
            values = self._call(layer, values, {})
        if values is None:
            raise damaged(config.path, "no layers", "one layer or more")
        return values

    def graph_inputs(self, config: Config, inside: str, name: str) -> list[Key]:
        """Return a model's inputs or outputs, which may be one or several."""
        listed = as_list(config.values.get(name), f"{inside}.{name}")
        one = len(listed) == 3 and isinstance(listed[0], str)
        return [_key(item, f"{inside}.{name}") for item in ([listed] if one else listed)]

    def graph(self, config: Config, inside: str, given: list[Value] | None) -> list[Value]:
        """Call each layer when what it reads is there."""
        inputs = self.graph_inputs(config, inside, "input_layers")
        outputs = self.graph_inputs(config, inside, "output_layers")
        by_name = {layer.name: layer for layer in self.layers}
        values: dict[Key, Value] = {}
        if given is not None and len(given) != len(inputs):
            raise damaged(inside, f"a call on {len(given)} values", f"{len(inputs)}")
        for i, key in enumerate(inputs):
            if key[0] not in by_name:
                raise damaged(f"{inside}.input_layers", f"no layer {key[0]!r}", "names of layers")
            values[key] = given[i] if given is not None else self._input(by_name[key[0]], config)
        waiting = [(layer, number, node) for layer in self.layers for number, node in enumerate(_calls(layer))]
        while waiting:
            left: list[tuple[Config, int, tuple[list[Key], dict[str, Any]]]] = []
            for layer, number, (reads, constants) in waiting:
                if any(key not in values for key in reads):
                    left.append((layer, number, (reads, constants)))
                    continue
                for i, value in enumerate(self._call(layer, [values[key] for key in reads], constants)):
                    values.setdefault((layer.name, number, i), value)
            if len(left) == len(waiting):
                raise damaged(left[0][0].path, "a value that nothing gives, or a circle", "a graph without circles")
            waiting = left
        for key in outputs:
            if key not in values:
                raise damaged(f"{inside}.output_layers", f"no value {key}", "values of layers")
        return [values[key] for key in outputs]

    def _input(self, layer: Config, model: Config) -> Value:
        """Return an input, as a layer of its own or as the first layer of a sequence says it."""
        places = ("batch_shape", "batch_input_shape", "batchInputShape")
        shape = next((layer.values[name] for name in places if layer.values.get(name) is not None), None)
        build = model.values.get("build_input_shape")
        sizes = as_list(shape if shape is not None else build, f"{layer.path}.config.batch_shape")[1:]
        if not sizes or not all(type(size) is int and size > 0 for size in sizes):
            raise damaged(f"{layer.path}.config.batch_shape", f"the sizes {sizes!r:.100}", "known sizes of 1 or more")
        known = [size for size in sizes if isinstance(size, int)]
        axes = tuple(range(len(known)))
        if len(known) == 3:
            axes = FIRST if self.whole.first else LAST
        ours = tuple(known[axes.index(axis)] for axis in range(len(known)))
        name = layer.name if layer.kind == "InputLayer" else "input"
        return Value(self.whole.opening.input(name, ours), axes)

    def _call(self, layer: Config, values: list[Value], constants: dict[str, Any]) -> list[Value]:
        """Return what a layer gives; a layer that cannot be opened gives what cannot be."""
        scope, keys = (*self.scope, layer.name), self.keys[id(layer)]
        if layer.kind in MODELS:
            return self.whole.model(layer.entry, layer.path, values, scope, keys)
        nothing = [Value(None, (0,))]
        opening, name = self.whole.opening, "/".join(scope)
        entry = TABLE.get(layer.kind)
        fresh = Config(layer.entry, layer.path)
        try:
            fresh.check_origin()
            if entry is None:
                raise UnreadableError(f"{layer.path}.class_name is {layer.kind!r}, which no layer here computes")
            if any(value.node is None for value in values):
                return nothing
            shared = self.whole._shared.setdefault(scope, [])  # pyright: ignore[reportPrivateUsage]
            call = Call(opening, fresh, name, scope, keys, self.whole.source, self.whole.version, shared, constants)
            made = entry(call, values)
            fresh.finish()
            return [made]
        except UnreadableError as error:
            opening.refuse(name, layer.kind, str(error))
        except PellucidError as error:
            opening.refuse(name, layer.kind, f"{layer.path}: {error.got}; expected {error.expected}")
        return nothing


def _calls(layer: Config) -> list[tuple[list[Key], dict[str, Any]]]:
    """Return what each call of a layer reads, as Keras 3 or Keras 2 writes it."""
    place = f"{layer.path}.inbound_nodes"
    calls: list[tuple[list[Key], dict[str, Any]]] = []
    for node in as_list(layer.entry.get("inbound_nodes", []), place):
        reads: list[Key] = []
        if isinstance(node, dict):
            inside = as_names(node, place)  # pyright: ignore[reportUnknownArgumentType]
            _tensors(inside.get("args", []), place, reads, 0)
            for value in as_names(inside.get("kwargs", {}), place).values():
                _tensors(value, place, reads, 0)
        else:
            for item in as_list(node, place):
                parts = as_list(item, place)
                if len(parts) > 3 and parts[3] not in ({}, None):
                    raise damaged(place, f"the arguments {parts[3]!r:.60}", "values alone")
                reads.append(_key(parts[:3], place))
        calls.append((reads, {}))
    return calls


def _tensors(value: object, place: str, found: list[Key], depth: int) -> None:
    """Collect the values among a call's arguments, in order; what else it is given must say nothing."""
    if depth > 8:
        raise damaged(place, "arguments nested too deeply", "values")
    if isinstance(value, list):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            _tensors(item, place, found, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, dict):
        said = as_names(value, place)  # pyright: ignore[reportUnknownArgumentType]
        if said.get("class_name") != "__keras_tensor__":
            raise damaged(place, f"the argument {said.get('class_name')!r:.60}", "values alone")
        found.append(_key(as_names(said.get("config"), place).get("keras_history"), place))
    elif value not in (None, False):
        raise damaged(place, f"the argument {value!r:.60}", "values alone")


def _key(value: object, place: str) -> Key:
    parts = as_list(value, place)
    if len(parts) != 3 or type(parts[1]) is not int or type(parts[2]) is not int:
        raise damaged(place, f"{value!r:.100}", "[layer, call, output]")
    return as_text(parts[0], place), parts[1], parts[2]

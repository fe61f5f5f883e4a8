"""A Keras model's configuration, walked: sequences, graphs, models in models, and layers that are called twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...errors import PellucidError
from ...layers import Layer
from ..opening import Opening, UnreadableError
from ..strict_json import as_list
from . import activating, operations, others, parts, windows
from .arguments import Given, Key, calls, key
from .call import FIRST, LAST, Call, Entry, Value
from .config import Config, damaged
from .weights import Scope, Source, snake_case

TABLE: dict[str, Entry] = {**activating.ENTRIES, **others.ENTRIES, **windows.ENTRIES}
MODELS = ("Functional", "Model", "Sequential")
MOST_LAYERS, MOST_NESTED = 100_000, 16


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
        self.names = {config.name for config in layers}
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
            values = self._call(layer, values, Given())
        if values is None:
            raise damaged(config.path, "no layers", "one layer or more")
        return [self._let_go(value) for value in values]

    def graph_inputs(self, config: Config, inside: str, name: str) -> list[Key]:
        """Return a model's inputs or outputs, which may be one or several."""
        listed = as_list(config.values.get(name), f"{inside}.{name}")
        one = len(listed) == 3 and isinstance(listed[0], str)
        return [key(item, f"{inside}.{name}") for item in ([listed] if one else listed)]

    def graph(self, config: Config, inside: str, given: list[Value] | None) -> list[Value]:
        """Call each layer when what it reads is there."""
        inputs = self.graph_inputs(config, inside, "input_layers")
        outputs = self.graph_inputs(config, inside, "output_layers")
        by_name = {layer.name: layer for layer in self.layers}
        values: dict[Key, Value] = {}
        if given is not None and len(given) != len(inputs):
            raise damaged(inside, f"a call on {len(given)} values", f"{len(inputs)}")
        for i, place in enumerate(inputs):
            if place[0] not in by_name:
                raise damaged(f"{inside}.input_layers", f"no layer {place[0]!r}", "names of layers")
            values[place] = given[i] if given is not None else self._input(by_name[place[0]], config)
        waiting = [(layer, number, arguments) for layer in self.layers for number, arguments in enumerate(calls(layer))]
        while waiting:
            left: list[tuple[Config, int, Given]] = []
            for layer, number, arguments in waiting:
                if any(read not in values for read in arguments.reads):
                    left.append((layer, number, arguments))
                    continue
                for i, value in enumerate(self._call(layer, [values[read] for read in arguments.reads], arguments)):
                    values.setdefault((layer.name, number, i), value)
            if len(left) == len(waiting):
                raise damaged(left[0][0].path, "a value that nothing gives, or a circle", "a graph without circles")
            waiting = left
        for place in outputs:
            if place not in values:
                raise damaged(f"{inside}.output_layers", f"no value {place}", "values of layers")
        return [self._let_go(values[place]) for place in outputs]

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
        name = layer.name.replace(">", "/") if layer.kind == "InputLayer" else "input"
        return Value(self.whole.opening.input(name, ours), axes)

    def _call(self, layer: Config, values: list[Value], given: Given) -> list[Value]:
        """Return what a layer gives; one step of a layer of ours is held back for the last one."""
        owner = parts.owner(layer.name)
        if owner in self.names and len(values) == 1 and (layer.kind, layer.name.rpartition(".")[2]) in parts.STEPS:
            return [replace(values[0], held=(*values[0].held, (layer, given)))]
        held = values[0].held if len(values) == 1 else ()
        kinds = tuple(step.kind for step, _ in held)
        entry = parts.ENTRIES.get((*kinds, layer.kind)) if held else None
        if entry is None or any(parts.owner(step.name) != layer.name for step, _ in held):
            return self._do(layer, [self._let_go(value) for value in values], given)
        before = [self._prepared(step, arguments) for step, arguments in held]
        value = replace(values[0], held=())
        return self._do(layer, [value], given, lambda call, values: entry(call, before, values[0]))

    def _let_go(self, value: Value) -> Value:
        """Return a value whose steps nobody else took."""
        for step, given in value.held:
            (value,) = self._do(step, [replace(value, held=())], given)
        return value

    def _prepared(self, layer: Config, given: Given) -> Call:
        scope, whole = (*self.scope, layer.name), self.whole
        fresh = Config(layer.entry, layer.path)
        shared = whole._shared.setdefault(scope, [])  # pyright: ignore[reportPrivateUsage]
        name = "/".join(scope).replace(">", "/")  # Keras has no "/" in names
        return Call(whole.opening, fresh, name, scope, self.keys[id(layer)], whole.source, whole.version, shared, given)

    def _do(self, layer: Config, values: list[Value], given: Given, entry: Entry | None = None) -> list[Value]:
        """Return what a layer gives; a layer that cannot be opened gives what cannot be."""
        if layer.kind in MODELS:
            return self.whole.model(layer.entry, layer.path, values, (*self.scope, layer.name), self.keys[id(layer)])
        nothing, opening = [Value(None, (0,))], self.whole.opening
        operation = operations.is_one(layer)
        entry = entry or (operations.ENTRIES if operation else TABLE).get(layer.kind)
        call = self._prepared(layer, given)
        try:
            call.config.check_origin()
            if entry is None:
                raise UnreadableError(f"{layer.path}.class_name is {layer.kind!r}, which no layer here computes")
            if any(value.node is None for value in values):
                return nothing
            if not operation:
                given.only_values(layer.path)
            made = entry(call, values)
            call.config.finish()
            return [made]
        except UnreadableError as error:
            opening.refuse(call.name, layer.kind, str(error))
        except PellucidError as error:
            opening.refuse(call.name, layer.kind, f"{layer.path}: {error.got}; expected {error.expected}")
        return nothing

"""Operations of `keras.ops` among a model's layers: arithmetic with constants, padding, slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ...layers import GELU, Clip, Layer, LogSoftmax, Pad2d, Slice, Softmax
from ...layers.params import Sides
from ..opening import UnreadableError, make
from .arguments import Ref
from .call import Call, Entry, Value
from .config import Config
from .scaling import merge, scaled

LOWEST = -3.4e38  # what is put around maps before a max pool is no higher than this


def is_one(layer: Config) -> bool:
    """Return whether a model's layer is an operation."""
    module = layer.entry.get("module")
    return isinstance(module, str) and module.startswith(("keras.src.ops.", "keras.ops"))


def _pair(call: Call) -> tuple[Any, Any]:
    """Return the two arguments of an operation, of which the values are `Ref`s."""
    both = [*call.given.args, *call.given.kwargs.values()]
    if len(both) != 2:
        raise UnreadableError(f"{call.config.path}: {len(both)} arguments")
    return both[0], both[1]


def arithmetic(kind: str) -> Entry:
    """Return the entry of an operation on two values, or on a value and a constant."""

    def entry(call: Call, values: list[Value]) -> Value:
        first, second = _pair(call)
        if isinstance(first, Ref) and isinstance(second, Ref):
            pair = [values[first.number], values[second.number]]
            if kind == "Divide":
                raise UnreadableError(f"{call.config.path}: one value divided by another")
            return merge(kind)(call, pair)
        constant = np.asarray(second if isinstance(first, Ref) else first, np.float64)
        if not isinstance(first, Ref) and kind in ("Subtract", "Divide"):
            if kind == "Divide":
                raise UnreadableError(f"{call.config.path}: a constant divided by a value")
            return scaled(call, values[0], -1.0, constant)
        match kind:
            case "Multiply":
                return scaled(call, values[0], constant, 0.0)
            case "Divide":
                return scaled(call, values[0], 1.0 / constant, 0.0)
            case _:
                return scaled(call, values[0], 1.0, constant if kind == "Add" else -constant)

    return entry


def bounded(kind: str) -> Entry:
    """Return the entry of the larger or the smaller of a value and a number."""

    def entry(call: Call, values: list[Value]) -> Value:
        bound = number(call)
        return call.add(Clip(min=bound) if kind == "Maximum" else Clip(max=bound), values[0])

    return entry


def number(call: Call) -> float:
    """Return the one number beside an operation's one value."""
    found = [item for item in _pair(call) if not isinstance(item, Ref)]
    if len(found) != 1 or np.size(found[0]) != 1 or isinstance(found[0], (bool, str)) or found[0] is None:
        raise UnreadableError(f"{call.config.path}: {found!r:.60}, where one number is expected")
    return float(np.asarray(found[0], np.float64).reshape(()))


@dataclass(frozen=True)
class Padded:
    """What an operation puts around maps: rows and columns, channels, how, and the constant."""

    sides: Sides
    channels: tuple[int, int]
    mode: str
    value: float


def padding(call: Call, value: Value) -> Padded:
    """Return what the operation Pad puts around a value."""
    config = call.config
    constants = [*call.given.args[1:], *call.given.kwargs.values()]
    filled = [0.0 if item is None else item for item in constants]
    mode = str(config.need("mode", "constant", "reflect"))
    given = config.take("pad_width")
    pairs = cast("list[object]", given) if isinstance(given, list) else []
    flat = [item for pair in pairs for item in (cast("list[object]", pair) if isinstance(pair, list) else [pair, pair])]
    whole = [item for item in flat if type(item) is int and item >= 0]
    if len(value.axes) != 3 or len(whole) != 8 or len(flat) != 8 or whole[:2] != [0, 0]:
        raise UnreadableError(f"{config.path}.config.pad_width is {given!r:.60}, not padding of maps")
    if len(filled) > 1 or not all(isinstance(item, (int, float)) for item in filled):
        raise UnreadableError(f"{config.path}: pads with {filled!r:.60}, not a number")
    by_axis = {axis: (whole[2 * i + 2], whole[2 * i + 3]) for i, axis in enumerate(value.axes)}
    return Padded((by_axis[1], by_axis[2]), by_axis[0], mode, float(filled[0]) if filled else 0.0)


def pad(call: Call, values: list[Value]) -> Value:
    """Pad."""
    found = padding(call, values[0])
    if found.value <= LOWEST:
        raise UnreadableError(
            f"{call.config.path}: the lowest number as padding, and no max pool of that name behind it"
        )
    if found.mode != "constant" and any(found.channels):
        raise UnreadableError(f"{call.config.path}: channels padded in the mode {found.mode!r}")
    layer = Pad2d(found.sides, channels=found.channels, mode=found.mode, value=found.value)
    return call.add(layer, values[0])


def get_item(call: Call, values: list[Value]) -> Value:
    """GetItem: slices of one axis each, which keep the axis."""
    (value,) = values
    given = call.given.args[1] if len(call.given.args) == 2 else None
    index = cast("list[Any]", given) if isinstance(given, list) else [given]
    missing = len(value.axes) + 1 - (len(index) - index.count(...))
    if ... in index:
        place = index.index(...)
        index = [*index[:place], *[slice(None)] * missing, *index[place + 1 :]]
    if not index or not all(isinstance(item, slice) for item in index) or index[0] != slice(None):
        raise UnreadableError(f"{call.config.path}: the index {given!r:.60}, not slices of all samples")
    name = call.name
    for place, item in enumerate(cast("list[slice]", index)):
        if item != slice(None):
            layer = Slice(item.start or 0, item.stop, item.step or 1, axis=value.axis(place))
            value = call.add(layer, value, name=name)
            name = f"{call.name}/{place + 1}"
    return value


def transpose(call: Call, values: list[Value]) -> Value:
    """Transpose: a note about axes, as of the layer Permute."""
    axes = call.config.wholes("axes")
    if sorted(axes) != list(range(len(values[0].axes) + 1)) or axes[0] != 0:
        raise UnreadableError(f"{call.config.path}.config.axes is {axes!r:.60}, not an order of the axes of a sample")
    return Value(values[0].node, tuple(values[0].axes[axis - 1] for axis in axes[1:]), ordered=call.name)


def along(kind: Callable[[int], Layer]) -> Entry:
    """Return the entry of an operation along one axis."""
    return lambda call, values: call.add(kind(values[0].axis(call.config.whole("axis", -1))), values[0])


def gelu(call: Call, values: list[Value]) -> Value:
    """Gelu, by tanh where nothing else is said."""
    return call.add(GELU("tanh" if call.config.need("approximate", True, False) else "none"), values[0])


def celu(call: Call, values: list[Value]) -> Value:
    """Celu."""
    return call.add(make("CELU", call.config.number("alpha", 1.0)), values[0])


ENTRIES: dict[str, Entry] = {
    "Add": arithmetic("Add"),
    "Celu": celu,
    "Divide": arithmetic("Divide"),
    "Gelu": gelu,
    "GetItem": get_item,
    "LogSoftmax": along(LogSoftmax),
    "Maximum": bounded("Maximum"),
    "Minimum": bounded("Minimum"),
    "Multiply": arithmetic("Multiply"),
    "Pad": pad,
    "Softmax": along(Softmax),
    "Subtract": arithmetic("Subtract"),
    "Transpose": transpose,
    "TrueDivide": arithmetic("Divide"),
}

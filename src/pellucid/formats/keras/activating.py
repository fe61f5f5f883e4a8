"""Activations: layers of their own, and the words that other layers' configurations have for them."""

from __future__ import annotations

from ...layers import Layer, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from ..opening import UnreadableError, make
from .call import Call, Entry, Value

CLIPPED = 1.0 / 6.0


def named(call: Call, value: Value, word: str) -> Layer | None:
    """Return the layer of an activation's name, which has meant other things in other versions; None for "linear"."""
    match word:
        case "linear":
            return None
        case "relu":
            return ReLU()
        case "relu6":
            return make("ReLU6")
        case "leaky_relu":
            return LeakyReLU(0.2)
        case "sigmoid":
            return Sigmoid()
        case "tanh":
            return Tanh()
        case "softmax" | "log_softmax":
            axis = value.axis(-1)
            return Softmax(axis) if word == "softmax" else make("LogSoftmax", axis)
        case "hard_sigmoid" if call.version < 3:
            return make("HardSigmoid", alpha=0.2, beta=0.5)
        case "hard_sigmoid":
            return make("HardSigmoid", alpha=CLIPPED, beta=0.5)
        case "gelu":
            return make("GELU")
        case "swish" | "silu":
            return make("SiLU")
        case "hard_swish" | "hard_silu":
            return make("HardSwish")
        case "elu" | "selu" | "mish" | "softplus" | "softsign" | "celu":
            return make({"elu": "ELU", "selu": "SELU", "celu": "CELU"}.get(word, word.capitalize()))
        case _:
            raise UnreadableError(f"{call.config.path}.config.activation is {word!r}, which no layer here computes")


def activated(call: Call, value: Value) -> Value:
    """Return the value behind the activation that the layer's configuration names, a node of its own."""
    word = call.config.take("activation") or "linear"
    if not isinstance(word, str):
        raise UnreadableError(f"{call.config.path}.config.activation is no name, but an object")
    layer = named(call, value, word)
    return value if layer is None else call.add(layer, value, name=f"{call.name}/{word}")


def activation(call: Call, values: list[Value]) -> Value:
    """Activation."""
    word = call.config.take("activation", "linear")
    if not isinstance(word, str):
        raise UnreadableError(f"{call.config.path}.config.activation is no name, but an object")
    layer = named(call, values[0], word)
    return values[0] if layer is None else call.add(layer, values[0])


def relu(call: Call, values: list[Value]) -> Value:
    """ReLU with a highest value, a slope and a threshold, as far as our layers have them."""
    config = call.config
    most = config.take("max_value")
    most = None if most is None else config.number("max_value", 0.0)
    slope, threshold = config.number("negative_slope", 0.0), config.number("threshold", 0.0)
    if threshold != 0.0 or (slope != 0.0 and most is not None):
        raise UnreadableError(f"{config.path}: ReLU with max_value {most}, slope {slope}, threshold {threshold}")
    if slope != 0.0:
        return call.add(LeakyReLU(slope), values[0])
    if most is None:
        return call.add(ReLU(), values[0])
    return call.add(make("ReLU6") if most == 6.0 else make("Clip", 0.0, most), values[0])


def leaky_relu(call: Call, values: list[Value]) -> Value:
    """LeakyReLU, whose slope was called alpha."""
    name = "negative_slope" if "negative_slope" in call.config.values else "alpha"
    return call.add(LeakyReLU(call.config.number(name, 0.3)), values[0])


def prelu(call: Call, values: list[Value]) -> Value:
    """PReLU, with one slope for all places of the shared axes."""
    (value,) = values
    given = call.config.wholes("shared_axes") if call.config.values.get("shared_axes") is not None else []
    call.config.take("shared_axes")
    shared = {value.axis(axis) for axis in given}
    axes = tuple(axis for axis in range(len(value.axes)) if axis not in shared)
    (alpha,) = call.weights("alpha")
    ours = alpha.permuted(*(value.axes.index(axis) for axis in range(len(value.axes))))
    kept = ours.reshaped(*([ours.shape[axis] for axis in axes] or [1]))
    return call.add(make("PReLU", axes), value, weights={"weight": kept})


def softmax(call: Call, values: list[Value]) -> Value:
    """Softmax along one axis."""
    axes = call.config.wholes("axis", -1)
    if len(axes) != 1:
        raise UnreadableError(f"{call.config.path}.config.axis is {axes!r:.60}, not one axis")
    return call.add(Softmax(values[0].axis(axes[0])), values[0])


def elu(call: Call, values: list[Value]) -> Value:
    """ELU."""
    return call.add(make("ELU", call.config.number("alpha", 1.0)), values[0])


ENTRIES: dict[str, Entry] = {
    "Activation": activation,
    "ELU": elu,
    "LeakyReLU": leaky_relu,
    "PReLU": prelu,
    "ReLU": relu,
    "Softmax": softmax,
}

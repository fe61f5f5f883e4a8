"""Activations in Keras: the words that it has for them, and formulas where a word means other numbers."""

from __future__ import annotations

from ...layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    Clip,
    HardSigmoid,
    HardSwish,
    Layer,
    LeakyReLU,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from ...layers.node import Shape
from .framework import keras, ops
from .made import Entry, Made, Table, Tensor, axis_of, steps, titled

WORDS = {
    HardSwish: "hard_silu",
    Mish: "mish",
    SELU: "selu",
    Sigmoid: "sigmoid",
    SiLU: "silu",
    Softsign: "softsign",
    Tanh: "tanh",
}


def word(name: str) -> Entry:
    """Return the entry of an activation that Keras has a word for."""
    return lambda layer, shapes, own: Made(keras.layers.Activation(name, name=own))


def relu(layer: ReLU | ReLU6, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return Keras's own layer."""
    return Made(keras.layers.ReLU(6.0 if isinstance(layer, ReLU6) else None, name=name))


def softmax(layer: Softmax, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return a softmax along one axis."""
    return Made(keras.layers.Softmax(axis=axis_of(layer.axis, len(shapes[0])), name=name))


def log_softmax(layer: LogSoftmax, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the logarithm of a softmax: Keras's word means its last axis."""
    axis, rank = axis_of(layer.axis, len(shapes[0])), len(shapes[0])
    return Made(
        keras.layers.Activation("log_softmax", name=name) if axis == rank else lambda x: ops.log_softmax(x, axis)
    )


def celu(layer: CELU, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return x above 0, and alpha * (exp(x / alpha) - 1) below; Keras's layers have the word for alpha 1 alone."""
    return Made(keras.layers.Activation("celu", name=name) if layer.alpha == 1 else lambda x: ops.celu(x, layer.alpha))


def gelu(layer: GELU, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return the exact one, which is Keras's word, or the one by tanh, which is its operation."""
    if layer.approximate == "none":
        return Made(keras.layers.Activation("gelu", name=name))
    return Made(lambda x: ops.gelu(x, approximate=True))


def hard_sigmoid(layer: HardSigmoid, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return three straight pieces; Keras's word has a slope of 1/6 in between, and had 0.2 before version 3."""
    if (layer.alpha, layer.beta) == (1 / 6, 0.5):
        return Made(keras.layers.Activation("hard_sigmoid", name=name))
    line = keras.layers.Rescaling(layer.alpha, layer.beta, name=f"{name}.line")
    return Made(steps(line, keras.layers.ReLU(1.0, name=name)))


def softplus(layer: Softplus, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return log(1 + exp(beta * x)) / beta, and x itself above the threshold, where nothing else is left in float32."""
    if (layer.beta, layer.threshold) == (1.0, 20.0):
        return Made(keras.layers.Activation("softplus", name=name))

    def call(x: Tensor) -> Tensor:
        scaled = x * layer.beta
        return ops.where(scaled > layer.threshold, x, ops.softplus(scaled) / layer.beta)

    return Made(call)


def clip(layer: Clip, shapes: tuple[Shape, ...], name: str) -> Made:
    """Return every number within its bounds."""
    least, most = layer.min, layer.max
    if least == 0 and most is not None:
        return Made(keras.layers.ReLU(most, name=name))

    def call(x: Tensor) -> Tensor:
        y = x if least is None else titled(ops.maximum(x, least), f"{name}.maximum")
        return y if most is None else ops.minimum(y, most)

    return Made(call)


def inside(layer: Layer, rank: int) -> str | None:
    """Return the word by which a layer of Keras's does this activation to its result of `rank` axes, or None."""
    last = Softmax(0 if rank in (1, 3) else rank - 1), LogSoftmax(0 if rank in (1, 3) else rank - 1)
    known: dict[Layer, str] = {
        **{kind(): name for kind, name in WORDS.items()},
        **dict(zip(last, ("softmax", "log_softmax"), strict=True)),
        CELU(): "celu",
        ELU(): "elu",
        GELU(): "gelu",
        HardSigmoid(): "hard_sigmoid",
        LeakyReLU(0.2): "leaky_relu",
        ReLU(): "relu",
        ReLU6(): "relu6",
        Softplus(): "softplus",
    }
    return known.get(layer)


TABLE: Table = {
    **{kind: word(name) for kind, name in WORDS.items()},
    CELU: celu,
    Clip: clip,
    ELU: lambda layer, shapes, name: Made(keras.layers.ELU(layer.alpha, name=name)),
    GELU: gelu,
    HardSigmoid: hard_sigmoid,
    LeakyReLU: lambda layer, shapes, name: Made(keras.layers.LeakyReLU(layer.negative_slope, name=name)),
    LogSoftmax: log_softmax,
    ReLU: relu,
    ReLU6: relu,
    Softmax: softmax,
    Softplus: softplus,
}

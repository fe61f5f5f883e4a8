"""Readable source that builds the same network: in PyTorch, in Keras, in NumPy alone."""

from __future__ import annotations

from ...errors import ParameterError
from ...network import Network

DIALECTS = ("keras", "numpy", "torch")


def code(net: Network, dialect: str = "torch", *, layer: str | None = None) -> str:
    """Return the network, or one layer of it, as a program that a person would have written.

    Args:
        net: the network.
        dialect: "torch", "keras" or "numpy".
        layer: the name of a layer, to have that layer alone: what makes it, its call, and its shapes as comments.

    Returns:
        Source that needs the dialect's framework only, and not Pellucid.

    Raises:
        UnknownNameError: there is no such layer.
        ParameterError: there is no such dialect, or it has no words for some layers; the error names all of them.

    >>> from pellucid.layers import Conv2d, Flatten, Linear
    >>> print(code(Network((1, 2, 2), [Flatten(), Linear(3)], name="tiny"), "keras"))
    import keras
    from keras import layers
    <BLANKLINE>
    <BLANKLINE>
    def network(x):
        x = layers.Flatten(name="flatten1")(layers.Permute((3, 1, 2))(x))
        x = layers.Dense(3, name="linear1")(x)
        return x
    <BLANKLINE>
    <BLANKLINE>
    inputs = keras.Input((2, 2, 1), name="input")
    model = keras.Model(inputs, network(inputs), name="tiny")
    <BLANKLINE>
    >>> print(code(Network((1, 8, 8), [Conv2d(6, 3, padding=1)]), layer="conv1"))
    from torch import nn
    <BLANKLINE>
    # x: (N, 1, 8, 8)
    conv1 = nn.Conv2d(1, 6, 3, padding=1)
    y = conv1(x)  # (N, 6, 8, 8)
    <BLANKLINE>
    """
    if dialect not in DIALECTS:
        raise ParameterError(
            "code", got=f"the dialect {dialect!r}", expected=" or ".join(map(repr, DIALECTS)), fix="choose one of them"
        )
    # Imported on use: they are many words, which most who import Pellucid never ask for.
    from . import keras_program, numpy_program, one_layer, torch_program

    if layer is not None:
        return one_layer.write(net, layer, dialect)
    return {"keras": keras_program, "numpy": numpy_program, "torch": torch_program}[dialect].write(net)

"""A network as the Keras program that a person would write: the functional API, with functions for what repeats."""

from __future__ import annotations

from ...network import Network
from .function_program import Dialect
from .keras_table import TABLE, keras_shape
from .layout import program
from .naming import identifier
from .pieces import literal

DIALECT = Dialect("keras", TABLE, "keras_definitions.py", (), objects=True, spelled={"/": "_"})


def write(net: Network) -> str:
    """Return the program; run, it leaves the network in `model`, whose inputs are (N, H, W, C)."""
    blocks = DIALECT.blocks(net, "network")
    used = "\n".join(line for block in blocks for line in block)
    modules = ["layers", *(["ops"] if "ops." in used else [])]
    names = ["inputs"] if len(net.inputs) == 1 else [identifier(str(node.name)) for node in net.inputs]
    made = [
        f"{name} = keras.Input({literal(keras_shape(node.shape))}, name={literal(str(node.name))})"
        for name, node in zip(names, net.inputs, strict=True)
    ]
    given = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    last = f"model = keras.Model({given}, network({', '.join(names)}), name={literal(identifier(net.name))})"
    return program(["import keras", f"from keras import {', '.join(modules)}"], [*blocks, [*made, last]])

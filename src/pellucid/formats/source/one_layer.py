"""One layer of a network as the few lines that compute it: what makes it, its call, and the shapes around it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...errors import ParameterError
from ...layers.node import Node, Shape
from ...network import Network
from ...wiring import name_of
from . import keras_program, numpy_program
from .function_program import Dialect
from .keras_table import keras_shape
from .layout import WIDTH, definitions_of, fitted
from .naming import free, identifier
from .refused import entry_of
from .torch_table import TABLE
from .tree import leaf_of

IMPORTS = {  # each with what in a text says that it is needed, in the order in which they are written
    r"\berf\b": "from math import erf",
    r"\bkeras\.": "import keras",
    r"\bnp\.": "import numpy as np",
    r"\btorch\.": "import torch",
    r"\bF\.": "import torch.nn.functional as F",
    r"\b(?:layers|ops)\.": "from keras import {}",
    r"\bnn\.": "from torch import nn",
}
TAKEN = frozenset(["F", "erf", "keras", "layers", "len", "nn", "np", "ops", "range", "sum", "torch", "w", "x", "y"])
FUNCTIONS: Mapping[str, Dialect] = {"keras": keras_program.DIALECT, "numpy": numpy_program.DIALECT}


def write(net: Network, name: str, dialect: str) -> str:
    """Return the lines that compute layer `name`; run, they leave its output in `y`.

    Args:
        net: the network.
        name: the layer's name.
        dialect: "torch", "keras" or "numpy"; NumPy's lines take the weights from `w`, by their full names.

    Returns:
        Imports, definitions that the framework lacks, and the layer on `x`, or on variables named as what it reads.

    Raises:
        UnknownNameError: there is no such layer.
        ParameterError: it is an input; the dialect has no words for it.
    """
    node = net.node(name)
    if node.layer is None:
        raise ParameterError(
            f"code of {name!r}", got="an input", expected="a layer", fix="an input is given; ask for what reads it"
        )
    reads = _variables(node)
    made, value, comment, needs = (
        _torch(net, node, reads) if dialect == "torch" else _function(net, node, dialect, reads)
    )
    definitions = [text for _, text in definitions_of(f"{dialect}_definitions.py", needs)]
    given = dict(zip(reads, (before.shape for before in node.inputs), strict=True))
    lines = [
        *(f"# {variable}: {_batch(shape, dialect)}" for variable, shape in given.items()),
        *made,
        *_commented(f"y = {value}", f"{_batch(node.shape, dialect)}{comment}"),
    ]
    body = "\n\n\n".join([*definitions, "\n".join(part for line in lines for part in fitted(line))])
    imports = _imports(body)
    gap = "\n\n\n" if definitions else "\n\n"
    return gap.join(["\n".join(imports), body] if imports else [body]) + "\n"


def _torch(net: Network, node: Node, reads: list[str]) -> tuple[list[str], str, str, frozenset[str]]:
    piece = entry_of(net, node, TABLE, "torch", alone=True)
    module = free(identifier(name_of(node)), TAKEN | set(reads))
    made = [] if piece.call is None else [f"{module} = {piece.call.text()}"]
    return made, piece.use.format(*reads, call=module, all=", ".join(reads)), "", piece.needs


def _function(net: Network, node: Node, dialect: str, reads: list[str]) -> tuple[list[str], str, str, frozenset[str]]:
    words = FUNCTIONS[dialect]
    leaf = leaf_of(net, node, entry_of(net, node, words.table, dialect, alone=True))
    comment = words.comments.get(leaf.kind, "").replace("  #", ";")
    return [], words.value(leaf, reads), comment, leaf.piece.needs


def _variables(node: Node) -> list[str]:
    """Return what each input is called: x where there is one, else as the layer that it comes from."""
    if len(node.inputs) == 1:
        return ["x"]
    found: dict[str, str] = {}
    for before in node.inputs:
        name = name_of(before)
        found[name] = found.get(name) or free(identifier(name), TAKEN | set(found.values()))
    return [found[name_of(before)] for before in node.inputs]


def _batch(shape: Shape, dialect: str) -> str:
    shown = keras_shape(shape) if dialect == "keras" else shape
    return f"(N, {', '.join(map(str, shown))})"


def _commented(line: str, comment: str) -> list[str]:
    """Return a line with a comment behind it, or above it where it is too long for that."""
    whole = f"{line}  # {comment}"
    return [whole] if len(whole) <= WIDTH else [f"# y: {comment}", line]


def _imports(text: str) -> list[str]:
    code = re.sub(r"#.*|\"[^\"\n]*\"", "", text)
    names = [name for name in ("layers", "ops") if re.search(rf"\b{name}\.", code)]
    return [line.format(", ".join(names)) for needed, line in IMPORTS.items() if re.search(needed, code)]

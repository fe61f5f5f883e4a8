"""A network as a program of plain NumPy: each layer's arithmetic in a few lines, and a function that runs them all."""

from __future__ import annotations

from ...network import Network
from .function_program import Dialect
from .layout import program
from .numpy_table import TABLE

PASSES = "  # passes everything on outside training"
DIALECT = Dialect("numpy", TABLE, "numpy_definitions.py", ("w",), {"Dropout": PASSES, "Dropout2d": PASSES})


def write(net: Network) -> str:
    """Return the program; run, it leaves `network`, a function of the inputs (N, C, H, W) and of weights by name."""
    blocks = DIALECT.blocks(net, "network")
    used = "\n".join(line for block in blocks for line in block)
    header = (
        ["from math import erf", "", "import numpy as np"]
        if "erf(" in used or "erf," in used
        else ["import numpy as np"]
    )
    return program(header, blocks)

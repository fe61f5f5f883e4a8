"""Pellucid: convolutional networks you can take apart.

Build a network from its layers, train it in seconds, and see the exact multiply-adds behind any number in it.

>>> from pellucid import Network
>>> from pellucid.layers import Conv2d, Flatten, Linear, ReLU
>>> net = Network((1, 8, 8), [Conv2d(4, 3), ReLU(), Flatten(), Linear(10)])
>>> net.shapes["conv1"], net.params
((4, 6, 6), 1490)
"""

from . import engines, errors, explain, formats, layers, train, zoo
from .comparison import compare
from .formats import load
from .layers import Input, Pair
from .network import Network
from .train import data

__version__ = "0.1.0"

__all__ = [
    "Input",
    "Network",
    "Pair",
    "compare",
    "data",
    "engines",
    "errors",
    "explain",
    "formats",
    "layers",
    "load",
    "train",
    "zoo",
]

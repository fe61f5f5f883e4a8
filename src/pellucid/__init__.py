"""Pellucid: convolutional networks you can take apart.

Build a network from its layers, train it in seconds, and see the exact multiply-adds behind any number in it.
"""

from . import engines, errors, explain, layers
from .layers import Input, Pair
from .network import Network

__version__ = "0.1.0"

__all__ = ["Input", "Network", "Pair", "engines", "errors", "explain", "layers"]

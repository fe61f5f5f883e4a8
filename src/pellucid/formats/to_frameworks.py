"""A network as a model in memory of another framework."""

from __future__ import annotations

from typing import Any

from ..engines import TorchEngine
from ..needs import need
from ..network import Network


def to_torch(net: Network) -> Any:
    """Return the network as an ordinary torch.nn.Module: names and weights are its own, the mode is eval.

    Its state_dict has the network's names. The weights are copies: what is trained there does not change the network.

    Raises:
        MissingPackageError: PyTorch is not installed.
        EngineError: a layer of your own kind has no module there.

    >>> from pellucid.layers import Linear
    >>> module = to_torch(Network(2, [Linear(3)]))
    >>> {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    {'linear1.weight': (3, 2), 'linear1.bias': (3,)}
    """
    need("making a PyTorch module", "torch", "torch")
    return TorchEngine().module(net)

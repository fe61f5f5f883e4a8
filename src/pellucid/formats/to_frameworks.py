"""A network as a model in memory of another framework."""

from __future__ import annotations

from typing import Any

from ..engines import KerasEngine, TorchEngine
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


def to_keras(net: Network) -> Any:
    """Return the network as an ordinary functional keras.Model with its weights: channels last, so (H, W, C) goes in.

    Layers keep their names, where Keras lets them: ">" stands for "/". What is several steps in Keras has them under
    the layer's name with a word behind a dot, such as "conv1.pad"; `pellucid.load` makes one layer of them again. The
    weights are copies.

    Raises:
        MissingPackageError: Keras or TensorFlow is not installed.
        EngineError: Keras cannot say a layer; the error names it and why.

    >>> from pellucid.layers import Linear
    >>> model = to_keras(Network(2, [Linear(3)]))
    >>> [(layer.name, [tuple(weight.shape) for weight in layer.weights]) for layer in model.layers]
    [('input', []), ('linear1', [(2, 3), (3,)])]
    """
    need("making a Keras model", "keras", "keras", "tensorflow")
    return KerasEngine().model(net)

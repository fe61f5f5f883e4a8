"""What a network's first output says of classes: scores, and their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..layers import Softmax
from ..network import Network


def ends_in_softmax(net: Network) -> bool:
    """Return whether the first output is probabilities already.

    >>> from pellucid.layers import Linear
    >>> ends_in_softmax(Network(3, [Linear(2), Softmax()]))
    True
    """
    return isinstance(net.outputs[0].layer, Softmax)


def decides(net: Network) -> bool:
    """Return whether the first output is a score for each of two classes or more.

    >>> from pellucid.layers import Linear
    >>> decides(Network(3, [Linear(2)])), decides(Network(3, [Linear(1)]))
    (True, False)
    """
    shape = net.outputs[0].shape
    return len(shape) == 1 and shape[0] > 1


def probabilities(net: Network, outputs: NDArray[Any]) -> NDArray[np.float64]:
    """Return the probability of each class: the softmax of the scores, unless the network takes it itself.

    Args:
        net: a network that decides between classes.
        outputs: its first output, (N, classes).

    Returns:
        (N, classes) float64; NaN where scores are not finite.

    >>> from pellucid.layers import Linear
    >>> probabilities(Network(3, [Linear(2)]), np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    values = outputs.astype(np.float64)
    if ends_in_softmax(net):
        return values
    with np.errstate(invalid="ignore"):
        exponentials = np.exp(values - values.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

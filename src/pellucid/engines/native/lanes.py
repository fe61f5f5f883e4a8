"""What fills a vector when a network is run: samples, where they are many and their network is small, else channels."""

from __future__ import annotations

import math

from ...network import Network
from .channels.rules import has_rule
from .machine import Target

SMALL = 100_000_000  # multiply-adds of a sample up to which blocks of samples are faster than one at a time


def least_in_samples(net: Network, target: Target) -> float:
    """Return the samples of the smallest batch that is run in sample lanes, or infinity.

    >>> from pellucid.zoo import lenet5, vgg16
    >>> from .machine import x86
    >>> least_in_samples(lenet5(), x86("avx512")), least_in_samples(vgg16(), x86("avx512"))
    (9, inf)
    """
    if any(node.layer and not has_rule(node) for node in net.nodes):
        return 1  # only in sample lanes a layer may be left to its own definition
    costs = (node.layer.cost(*(before.shape for before in node.inputs)) for node in net.nodes if node.layer)
    return target.lanes // 2 + 1 if sum(cost.macs for cost in costs) <= SMALL else math.inf

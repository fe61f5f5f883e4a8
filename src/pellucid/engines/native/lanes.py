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
    return target.lanes // 2 + 1 if _macs(net) <= SMALL else math.inf


def fills(net: Network, count: int, target: Target) -> bool:
    """Return whether so many samples fill the lanes of a block enough, or the network is small.

    >>> from pellucid.zoo import lenet5, vgg16
    >>> from .machine import x86
    >>> fills(lenet5(), 1, x86("avx512")), fills(vgg16(), 1, x86("avx512")), fills(vgg16(), 9, x86("avx512"))
    (True, False, True)
    """
    return count > target.lanes // 2 or _macs(net) <= SMALL


def _macs(net: Network) -> int:
    costs = (node.layer.cost(*(before.shape for before in node.inputs)) for node in net.nodes if node.layer)
    return sum(cost.macs for cost in costs)

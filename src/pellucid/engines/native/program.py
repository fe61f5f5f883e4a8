"""Running a network on the native engine: in the lanes that suit the batch."""

from __future__ import annotations

from ...network import Network
from ..base import Floats, Program
from .channels.program import ChannelsKept, ChannelsProgram
from .channels.rules import RULES
from .machine import Target
from .pool import Pool
from .samples.program import SamplesKept, SamplesProgram

SMALL = 100_000_000  # multiply-adds of a sample up to which blocks of samples are faster than one at a time


class Kept:
    """What is kept of a network between runs, in both arrangements of lanes."""

    def __init__(self) -> None:
        self.samples, self.channels = SamplesKept(), ChannelsKept()
        self.macs: int | None = None


class NativeProgram(Program):
    """A network made ready to run: many samples of a small network in sample lanes, all else in channel lanes.

    Args:
        net: the network.
        kept: what was made ready for it before.
        target: the instruction set.
        pool: the threads.
        exact: without Winograd's algorithm.
    """

    def __init__(self, net: Network, kept: Kept, *, target: Target, pool: Pool, exact: bool) -> None:
        if kept.macs is None:
            kept.macs = macs_of(net)
        self._bulk = target.lanes // 2 if kept.macs <= SMALL else None  # more samples than so many are many
        if any(node.layer and node.layer.kind not in RULES for node in net.nodes):
            self._bulk = 0  # only in sample lanes a layer may be left to its own definition
        self._samples = SamplesProgram(net, kept.samples, target=target, pool=pool, exact=exact)
        self._channels = ChannelsProgram(net, kept.channels, target=target, pool=pool, exact=exact)

    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...)."""
        return self._for(len(inputs[0])).run(inputs)

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...)."""
        return self._for(len(inputs[0])).trace(inputs)

    def _for(self, count: int) -> Program:
        return self._samples if self._bulk is not None and count > self._bulk else self._channels


def macs_of(net: Network) -> int:
    """Return the multiply-adds of one sample."""
    costs = (node.layer.cost(*(before.shape for before in node.inputs)) for node in net.nodes if node.layer)
    return sum(cost.macs for cost in costs)

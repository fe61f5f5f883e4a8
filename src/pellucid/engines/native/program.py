"""Running a network on the native engine: in the lanes that suit the batch."""

from __future__ import annotations

from collections.abc import Mapping

from ...network import Network
from ..base import Floats, Program
from .channels.program import ChannelsKept, ChannelsProgram
from .lanes import least_in_samples
from .machine import Target
from .pool import Pool
from .samples.gradients import GradientsKept, gradients
from .samples.program import SamplesKept, SamplesProgram


class Kept:
    """What is kept of a network between runs, in both arrangements of lanes."""

    def __init__(self) -> None:
        self.samples, self.channels, self.gradients = SamplesKept(), ChannelsKept(), GradientsKept()
        self.bulk: float | None = None  # samples of the smallest batch that is run in sample lanes


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
        if kept.bulk is None:
            kept.bulk = least_in_samples(net, target)
        self._bulk = kept.bulk
        self._net, self._kept, self._target, self._pool, self._exact = net, kept.gradients, target, pool, exact
        self._samples = SamplesProgram(net, kept.samples, target=target, pool=pool, exact=exact)
        self._channels = ChannelsProgram(net, kept.channels, target=target, pool=pool, exact=exact)

    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...)."""
        return self._for(len(inputs[0])).run(inputs)

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...)."""
        return self._for(len(inputs[0])).trace(inputs)

    def gradients(self, known: Mapping[str, Floats], name: str, slope: Floats) -> dict[str, Floats]:
        """Return the gradient of sum(slope * value) in each of `known`, in sample lanes as in training."""
        return gradients(
            self._net, known, name, slope, kept=self._kept, target=self._target, pool=self._pool, exact=self._exact
        )

    def _for(self, count: int) -> SamplesProgram | ChannelsProgram:
        return self._samples if count >= self._bulk else self._channels

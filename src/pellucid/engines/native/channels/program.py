"""Running a network on one image at a time, in channel lanes."""

from __future__ import annotations

import numpy as np

from ....layers.base import Run
from ....network import Network
from ....wiring import name_of
from ...base import Floats, Program
from ...reference import layer_weights
from ..executable import Arrays, Executable
from ..forks import Shared
from ..machine import Target
from ..memory import aligned
from ..plan import Context
from ..pool import Pool
from ..rewrite import weights_of
from .planning import Running, running_plan


class Ready:
    """A plan made ready, with its own copies of the weights.

    Args:
        running: the plan.
        executable: the same, loaded.
    """

    def __init__(self, running: Running, executable: Executable) -> None:
        self.running, self.executable = running, executable
        self.version: int | None = None
        self.weights: list[Floats] = []

    def take(self, net: Network) -> None:
        """Take the network's weights, if they changed."""
        if self.version == net.weights.version:
            return
        found = weights_of(net, self.running.rewriting)
        self.weights = []
        for packed in self.running.packed:
            made = packed.make(found[packed.layer].get(packed.short))
            held = aligned(made.size, np.float32)
            held[:] = made.reshape(-1)
            self.executable.give(packed.buffer.base, held)
            self.weights.append(held)
        self.version = net.weights.version


class ChannelsKept(Shared):
    """What is kept of a network between runs: not the network itself, which may go when nobody else needs it."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[tuple[bool, bool], Ready] = {}  # by whether every value is wanted, and whether for one image


class ChannelsProgram(Program):
    """A network that is run in channel lanes.

    Args:
        net: the network; every layer has a rule.
        kept: what was made ready for it before.
        target: the instruction set.
        pool: the threads.
        exact: without Winograd's algorithm.
    """

    def __init__(self, net: Network, kept: ChannelsKept, *, target: Target, pool: Pool, exact: bool) -> None:
        self._net, self._kept, self._target, self._pool, self._exact = net, kept, target, pool, exact

    def run(self, inputs: tuple[Floats, ...]) -> tuple[Floats, ...]:
        """Return the outputs (N, ...) for inputs (N, ...)."""
        found = self._run(inputs, [name_of(node) for node in self._net.outputs], trace=False)
        return tuple(found[name_of(node)] for node in self._net.outputs)

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...)."""
        found = self._run(inputs, [name_of(node) for node in self._net.nodes], trace=True)
        given = {name_of(node): x for node, x in zip(self._net.inputs, inputs, strict=True)}
        return {**given, **found}

    def _run(self, inputs: tuple[Floats, ...], names: list[str], *, trace: bool) -> dict[str, Floats]:
        count = len(inputs[0])
        with self._kept.lock:
            ready = self._ready(trace=trace, single=count == 1)
            executable = ready.executable
            executable.ready(count)
            ready.take(self._net)
            for node, array in zip(self._net.inputs, inputs, strict=True):
                executable.give(f"input {node.name}", array)
            outputs = {name: np.empty((count, *self._net.shapes[name]), np.float32) for name in names}
            for name, array in outputs.items():
                executable.give(f"value {name}", array)
            executable.view(ready.running.images, 1, np.int64)[0] = count
            executable.run(count, count, self._context)
            return outputs

    def _context(self, arrays: Arrays) -> Context:
        return Context(arrays, lambda layer: layer_weights(self._net, layer), Run())

    def _ready(self, *, trace: bool, single: bool) -> Ready:
        key = trace, single
        if key not in self._kept.made:
            running = running_plan(self._net, self._target, trace=trace, exact=self._exact, single=single)
            self._kept.made[key] = Ready(running, Executable(running.plan, self._target, self._pool))
        return self._kept.made[key]

"""Running a network in sample lanes: many samples at once."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ....layers.base import Run
from ....layers.node import Shape
from ....network import Network
from ....wiring import name_of
from ...base import Floats
from ...reference import layer_weights
from ..arguments import Arguments
from ..executable import Arrays, Executable, blocks_of
from ..forks import Shared
from ..machine import Target
from ..memory import aligned
from ..plan import Context
from ..pool import Pool
from ..rewrite import rewritten, weights_of
from .planning import running_plan


class SamplesKept(Shared):
    """What is kept of a network between runs: not the network itself, which may go when nobody else needs it."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: dict[int, Floats] = {}  # by their size: folded ones come on top
        self.made: dict[bool, tuple[Executable, Arguments]] = {}  # by whether every value is wanted
        self.versions: dict[bool, int] = {}  # of the weights when they were last taken


class SamplesProgram:
    """A network that is run in sample lanes.

    Args:
        net: the network; every layer has a rule.
        kept: what was made ready for it before.
        target: the instruction set.
        pool: the threads.
        exact: without Winograd's algorithm.
    """

    def __init__(self, net: Network, kept: SamplesKept, *, target: Target, pool: Pool, exact: bool) -> None:
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

    def _run(self, inputs: tuple[Floats, ...], names: list[str], *, trace: bool) -> Mapping[str, Floats]:
        with self._kept.lock:
            executable, arguments = self._ready(trace=trace)
            count, lanes = len(inputs[0]), self._target.lanes
            blocks = blocks_of(count, lanes)
            executable.ready(blocks)
            for node, array in zip(self._net.inputs, inputs, strict=True):
                executable.give(f"input {node.name}", array)
            shapes = {name_of(node): node.shape for node in (*self._net.inputs, *self._net.nodes)}
            outputs = {name: _new(count, shapes[name]) for name in names}
            for name, array in outputs.items():
                executable.give(f"value {name}", array)
            real = np.full(blocks, lanes)
            real[-1] = count - (blocks - 1) * lanes
            executable.view(arguments.call["real"], blocks, np.int64)[:, 0] = real
            executable.view(arguments.call["blocks"], 1, np.int64)[0] = blocks
            if self._kept.versions.get(trace) != self._net.weights.version:
                self._take(executable, arguments)
                self._kept.versions[trace] = self._net.weights.version
            executable.run(blocks, count, self._context)
            return outputs

    def _context(self, arrays: Arrays) -> Context:
        """Return what layers without kernels need."""
        return Context(arrays, lambda layer: layer_weights(self._net, layer), Run())

    def _take(self, executable: Executable, arguments: Arguments) -> None:
        """Take the network's weights."""
        memory = self._kept.weights.setdefault(arguments.size, aligned(arguments.size // 4, np.float32))
        arrays = [(arguments.weights[name], weight) for name, weight in self._net.weights.items()]
        if arguments.folded:
            found = weights_of(self._net, rewritten(self._net))
            for conv, own in arguments.folded.items():
                arrays += [(buffer, found[conv][short]) for short, buffer in own.items()]
        for buffer, weight in arrays:
            start = buffer.offset // 4
            memory[start : start + weight.size] = weight.reshape(-1)
        executable.give("weights", memory)
        executable.prepare()

    def _ready(self, *, trace: bool) -> tuple[Executable, Arguments]:
        if trace not in self._kept.made:
            plan, arguments = running_plan(self._net, self._target, trace=trace, exact=self._exact)
            self._kept.made[trace] = Executable(plan, self._target, self._pool), arguments
        return self._kept.made[trace]


def _new(count: int, shape: Shape) -> Floats:
    """Return a new array (N, ...)."""
    return aligned(count * math.prod(shape), np.float32).reshape(count, *shape)

"""Running a network on one image at a time, in channel lanes."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from ....layers.node import Shape
from ....network import Network
from ....wiring import name_of
from ...base import Floats
from ...threads import one_thread
from ..executable import Executable
from ..forks import Shared
from ..machine import Target
from ..memory import LINE, address, aligned
from ..pool import Pool
from ..rewrite import weights_of
from .places import LARGE
from .planning import Running, running_plan

Forms = dict[Hashable, tuple[int, Floats]]


class Ready:
    """A plan made ready, with its own copies of the weights.

    Args:
        net: the network.
        running: the plan.
        executable: the same, loaded.
        names: the values that it gives.
        forms: weights by their form, with the version that they were taken of, for all plans of the network.
    """

    def __init__(self, net: Network, running: Running, executable: Executable, names: list[str], forms: Forms) -> None:
        self.executable = executable
        self._running = running
        self._inputs = [f"input {node.name}" for node in net.inputs]
        self._outputs = [(name, f"value {name}", net.shapes[name]) for name in dict.fromkeys(names)]
        self._version: int | None = None
        self._forms = forms
        self._weights: dict[Hashable, Floats] = {}  # kept alive, whatever becomes of the forms
        self._count = 0
        self._shapes: list[tuple[str, str, Shape]] = []  # of the values, for so many samples

    def run(self, net: Network, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Run the plan on inputs (N, ...); returns its values by name."""
        executable, count = self.executable, len(inputs[0])
        if count != self._count:
            self._count = 0
            executable.ready(count)
            executable.view(self._running.images, 1, np.int64)[0] = count
            self._shapes = [(name, place, (count, *shape)) for name, place, shape in self._outputs]
            self._count = count  # last: an interrupt before leaves all to be done again
        if self._version != net.weights.version:
            self._take(net)
        for name, array in zip(self._inputs, inputs, strict=True):
            executable.give(name, array)
        outputs: dict[str, Floats] = {}
        for name, place, shape in self._shapes:
            outputs[name] = array = np.empty(shape, np.float32)
            if array.size >= LARGE:  # then its rows should not lie across the lines of the cache
                outputs[name] = array = aligned(array.size, np.float32).reshape(shape)
            executable.give(place, array)
        executable.run(count, count)
        return outputs

    def _take(self, net: Network) -> None:
        """Take the network's weights; those that another plan took in the same form are taken from there."""
        version = net.weights.version
        with one_thread():  # what transforms weights are products too small to be shared
            found = weights_of(net, self._running.rewriting)
            for packed in self._running.packed:
                known = self._forms.get(packed.key)
                if known is None or known[0] != version:
                    known = version, _on_a_line(packed.make(found[packed.layer].get(packed.short)))
                    self._forms[packed.key] = known
                self._weights[packed.key] = known[1]
                self.executable.give(packed.buffer.base, known[1])
        self._version = version


def _on_a_line(array: Floats) -> Floats:
    """Return an array whose first number begins a line of the cache, as kernels want it."""
    if address(array) % LINE == 0:
        return array
    copy = aligned(array.size, np.float32)
    copy[:] = array.reshape(-1)
    return copy


class ChannelsKept(Shared):
    """What is kept of a network between runs: not the network itself, which may go when nobody else needs it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: Forms = {}
        self.made: dict[tuple[bool, bool], Ready] = {}  # by whether every value is wanted, and whether for one image


class ChannelsProgram:
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
        with self._kept.lock:
            found = self._ready(trace=False, single=len(inputs[0]) == 1).run(self._net, inputs)
        return tuple([found[name_of(node)] for node in self._net.outputs])

    def trace(self, inputs: tuple[Floats, ...]) -> dict[str, Floats]:
        """Return every value by name (N, ...)."""
        given = {name_of(node): x for node, x in zip(self._net.inputs, inputs, strict=True)}
        with self._kept.lock:
            return given | self._ready(trace=True, single=len(inputs[0]) == 1).run(self._net, inputs)

    def _ready(self, *, trace: bool, single: bool) -> Ready:
        ready = self._kept.made.get((trace, single))
        if ready is None:
            running = running_plan(self._net, self._target, trace=trace, exact=self._exact, single=single)
            names = [name_of(node) for node in (self._net.nodes if trace else self._net.outputs)]
            executable = Executable(running.plan, self._target, self._pool)
            ready = self._kept.made[trace, single] = Ready(self._net, running, executable, names, self._kept.forms)
        return ready

"""What an attribution asks: which number, of which run, and how scores and gradients of other images are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...arrays import Floats
from ...engines import Engine, Program, part_of
from ...network import Network
from ...wiring import name_of

Told = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Question:
    """One number of a run, and the input whose numbers are weighed; other inputs stay as they are.

    Args:
        net: the network.
        values: every value of the run by name, without the batch.
        engine: what runs the network.
        input: the name of the input.
        source: the name of the value that the number is of.
        index: its place there.
        target: the class, if it is a class's score.
        label: the class's name.
        batch_size: images run at a time.
        progress: is told how many images were run, and how many there are.
    """

    net: Network
    values: Mapping[str, Floats]
    engine: Engine
    input: str
    source: str
    index: tuple[int, ...]
    target: int | None
    label: str | None
    batch_size: int
    progress: Told | None

    @property
    def image(self) -> Floats:
        """The input's value in the run."""
        return self.values[self.input]

    @property
    def score(self) -> float:
        """The number itself."""
        return float(self.values[self.source][self.index])

    @property
    def still(self) -> Question:
        """The same question, of whose progress nobody is told."""
        return replace(self, progress=None)

    def scores(self, images: Iterator[Floats], count: int) -> NDArray[np.float64]:
        """Return the number for each of `count` images in the input's place, (N,)."""
        found: list[NDArray[np.float64]] = []
        for batch in self._batches(images, count):
            (values,) = self._program.run(tuple(batch.values()))
            found.append(values[(slice(None), *self.index)].astype(np.float64))
        return np.concatenate(found)

    def gradients(self, images: Iterator[Floats], count: int) -> Iterator[Floats]:
        """Give the number's gradient in the input for each of `count` images in its place, batch by batch."""
        program = self.engine.program(self.net)
        for batch in self._batches(images, count):
            slope = self._slope(len(batch[self.input]))
            yield program.gradients(batch, self.source, slope)[self.input]

    def gradient_in(self, layer: str) -> Floats:
        """Return the number's gradient in a layer's value, the values that go past the layer held."""
        known = {name: self.values[name][None] for name in around(self.net, layer, self.source)}
        return self.engine.program(self.net).gradients(known, self.source, self._slope(1))[layer][0]

    def _slope(self, count: int) -> Floats:
        slope = np.zeros((count, *self.net.shapes[self.source]), np.float32)
        slope[(slice(None), *self.index)] = 1
        return slope

    def _batches(self, images: Iterator[Floats], count: int) -> Iterator[dict[str, Floats]]:
        for start in range(0, count, self.batch_size):
            size = min(self.batch_size, count - start)
            batch = {name: np.repeat(self.values[name][None], size, axis=0) for name in self._inputs}
            for k in range(size):
                batch[self.input][k] = next(images)
            yield batch
            if self.progress is not None:
                self.progress(start + size, count)

    @property
    def _inputs(self) -> list[str]:
        return [name_of(node) for node in self.net.inputs]

    @cached_property
    def _part(self) -> Network:
        """The network, ending in the value asked about."""
        if (self.source,) == tuple(name_of(node) for node in self.net.outputs):
            return self.net
        return part_of(self.net, self._inputs, self.source)

    @cached_property
    def _program(self) -> Program:
        return self.engine.program(self._part)


def around(net: Network, layer: str, source: str) -> list[str]:
    """Return the layer and the values that go past it to `source`: from them it can be computed.

    >>> from pellucid.layers import Add, Input, ReLU, Tanh
    >>> x = Input((2,), name="x")
    >>> y = ReLU()(x, name="y")
    >>> around(Network(x, Add()(Tanh()(y, name="z"), y, name="sum")), "z", "sum")
    ['z', 'y']
    """
    behind = {layer}
    past: list[str] = []
    for node in net.nodes:  # in the order in which they run
        read = [name_of(before) for before in node.inputs]
        if name_of(node) != layer and behind & set(read):
            behind.add(name_of(node))
    for name in leading_to(net, source):
        if name in behind - {layer}:
            read = [name_of(before) for before in net.node(name).inputs]
            past += [before for before in read if before not in behind]
    return list(dict.fromkeys([layer, *past]))


def leading_to(net: Network, source: str) -> list[str]:
    """Return the names of the values that `source` depends on, itself last, in the order in which they are made."""
    found, waiting = {source}, [net.node(source)]
    while waiting:
        for before in waiting.pop().inputs:
            if name_of(before) not in found:
                found.add(name_of(before))
                waiting.append(before)
    return [name_of(node) for node in (*net.inputs, *net.nodes) if name_of(node) in found]

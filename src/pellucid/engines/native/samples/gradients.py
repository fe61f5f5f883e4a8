"""Gradients of a value in others: what lies between them, as a network of its own, forward and backward in one call.

Sample lanes are full with many samples. A few of a large network are quicker by the layers' own definitions, which
multiply matrices, than in vectors that are empty but for a lane or two.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ....layers import BatchNorm2d, Dropout, Dropout2d, Layer, Scale
from ....layers.base import Run
from ....network import Network
from ... import reference
from ...base import Floats
from ...part import rewired
from ..arguments import arguments_of
from ..executable import Executable, blocks_of, chunks_of
from ..forks import Shared
from ..lanes import fills
from ..machine import Target
from ..memory import aligned
from ..plan import Context
from ..pool import Pool
from ..rewrite import scale_and_shift
from .planning import gradients_plan


class GradientsKept(Shared):
    """What was made ready last: a network is asked the same question again and again, and memory is not free."""

    def __init__(self) -> None:
        super().__init__()
        self.key: tuple[tuple[str, ...], str] | None = None
        self.part: Network | None = None
        self.made: _Made | None = None


def gradients(
    net: Network,
    known: Mapping[str, Floats],
    name: str,
    slope: Floats,
    *,
    kept: GradientsKept,
    target: Target,
    pool: Pool,
    exact: bool,
) -> dict[str, Floats]:
    """Return the gradient of sum(slope * value) in each of `known`, (N, ...).

    Args:
        net: the network.
        known: values by name.
        name: whose value it is.
        slope: what each of its numbers counts.
        kept: what was made ready before.
        target: the instruction set.
        pool: the threads.
        exact: without Winograd's algorithm.
    """
    with kept.lock:
        key = tuple(known), name
        if kept.part is None or kept.key != key:
            kept.made = None  # its memory goes before the next one's comes
            kept.part, kept.key = rewired(net, key[0], name, _at_rest), key
        if not fills(kept.part, len(slope), target):
            return reference.gradients(net, dict(known), name, slope)
        if kept.made is None:
            kept.made = _Made(kept.part, target, pool, exact=exact)
        return kept.made.run(net, known, slope)


def _at_rest(layer: Layer) -> Layer | None:
    """Return what a layer is when a network is not trained: dropout nothing, a batch norm the scale of its averages."""
    if isinstance(layer, (Dropout, Dropout2d)):
        return None
    return Scale() if isinstance(layer, BatchNorm2d) else layer


class _Made:
    """A part of a network made ready."""

    def __init__(self, part: Network, target: Target, pool: Pool, *, exact: bool) -> None:
        self._part, self._lanes = part, target.lanes
        self._arguments = arguments_of(part, target)
        plan = gradients_plan(part, target, self._arguments, exact=exact)
        self._executable = Executable(plan, target, pool)
        self._weights = aligned(self._arguments.size // 4, np.float32)
        self._executable.give("weights", self._weights)
        self._version = -1

    def run(self, net: Network, known: Mapping[str, Floats], slope: Floats) -> dict[str, Floats]:
        """Return the gradients."""
        count = len(slope)
        blocks = blocks_of(count, self._lanes)
        executable = self._executable
        executable.ready(blocks)
        self._tell(count, blocks)
        given = {f"input {name}": np.ascontiguousarray(x) for name, x in known.items()}
        given["slope"] = np.ascontiguousarray(slope)
        found = {name: np.zeros(x.shape, np.float32) for name, x in known.items()}
        for name, array in (*given.items(), *((f"gradient of {name}", array) for name, array in found.items())):
            executable.give(name, array)
        if self._version != net.weights.version:
            self._take(net)
        executable.run(blocks, count, lambda arrays: Context(arrays, lambda layer: _own(net, layer), Run()))
        return found

    def _tell(self, count: int, blocks: int) -> None:
        view, call, lanes = self._executable.view, self._arguments.call, self._lanes
        real = np.full(blocks, lanes)
        real[-1] = count - (blocks - 1) * lanes
        view(call["real"], blocks, np.int64)[:, 0] = real
        view(call["mask"], blocks, np.float32)[:, :lanes] = np.arange(lanes) < real[:, None]
        view(call["blocks"], 1, np.int64)[0] = blocks
        view(call["chunks"], 1, np.int64)[0] = chunks_of(blocks)

    def _take(self, net: Network) -> None:
        """Take the network's weights."""
        for name in self._part.layers:
            own = _own(net, name)
            for short, full in self._part.weight_names(name).items():
                start = self._arguments.weights[full].offset // 4
                self._weights[start : start + own[short].size] = own[short].reshape(-1)
        self._executable.prepare()
        self._version = net.weights.version


def _own(net: Network, name: str) -> dict[str, Floats]:
    """Return a layer's weights by its names for them; a batch norm's are those of its scale."""
    if isinstance(net.node(name).layer, BatchNorm2d):
        return dict(
            zip(("weight", "bias"), (each.astype(np.float32) for each in scale_and_shift(net, name)), strict=True)
        )
    return reference.layer_weights(net, name)

"""Gradients of a value in others: what lies between them, as a network of its own, forward and backward in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ....layers import BatchNorm2d, Dropout, Dropout2d, Input, Node, Scale
from ....layers.base import Run
from ....network import Network
from ....wiring import in_order, name_of
from ...base import Floats
from ...reference import layer_weights
from ..arguments import arguments_of
from ..executable import Executable, blocks_of, chunks_of
from ..forks import Shared
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
        if kept.made is None or kept.key != key:
            kept.made = None  # its memory goes before the next one's comes
            kept.made = _Made(stretch(net, key[0], name), target, pool, exact=exact)
            kept.key = key
        return kept.made.run(net, known, slope)


def stretch(net: Network, known: Sequence[str], name: str) -> Network:
    """Return the part of a network that computes a value from known ones, as it is when it is not trained.

    Dropout is left out, and a batch norm is the scale that its running averages make of it. Layers keep their names.

    >>> from pellucid.layers import Linear
    >>> stretch(Network(3, [Linear(4), Dropout(), Linear(2)]), ["linear1"], "linear2").layers
    {'linear2': Linear(2)}
    """
    given = {each: Input(net.shapes[each], name=each) for each in known}
    made: dict[str, Node] = dict(given)
    for node in in_order([net.node(name)], [net.node(each) for each in known]):
        read = [made[name_of(before)] for before in node.inputs]
        layer = node.layer
        assert layer is not None
        if isinstance(layer, (Dropout, Dropout2d)):
            made[name_of(node)] = read[0]
        else:
            same = Scale() if isinstance(layer, BatchNorm2d) else layer
            made[name_of(node)] = same(*read, name=name_of(node))
    return Network(list(given.values()), made[name])


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
        executable.run(blocks, count, lambda arrays: Context(arrays, lambda layer: layer_weights(net, layer), Run()))
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
            own = {short: net.weights[full] for short, full in net.weight_names(name).items()}
            if isinstance(net.node(name).layer, BatchNorm2d):
                own["weight"], own["bias"] = (each.astype(np.float32) for each in scale_and_shift(net, name))
            for short, full in self._part.weight_names(name).items():
                weight = own[short]
                start = self._arguments.weights[full].offset // 4
                self._weights[start : start + weight.size] = weight.reshape(-1)
        self._executable.prepare()
        self._version = net.weights.version

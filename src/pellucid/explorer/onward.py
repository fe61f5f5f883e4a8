"""Where a number goes next: the activations, pools and joins that follow it in its place, up to the next weights."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..explain import Explanation, Trace
from ..layers.base import Run, Windows
from ..layers.node import Node, Shape

LENGTH = 12  # steps followed at most

Index = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One number that reads the number before it.

    Args:
        explanation: the number taken apart.
        chosen: whether the number before is used; one that lost a maximum is not.
    """

    explanation: Explanation
    chosen: bool


Way = tuple[Step, ...]
_Known = dict[tuple[str, Index, int], Way]


def onward(trace: Trace, name: str, index: Index) -> list[Step]:
    """Return the numbers that follow from `index` of `name` without weights for each number, one after another.

    Where several layers read a number, the way that goes furthest is taken: around a gate as well as through it.
    """
    return list(_furthest(trace, name, index, LENGTH, {}))


def _furthest(trace: Trace, name: str, index: Index, room: int, known: _Known) -> Way:
    """Return the longest way on of at most `room` steps; of equal ones the first."""
    if not room:
        return ()
    if (name, index, room) not in known:
        ways = [_on(trace, step, room, known) for step in _readers(trace, name, index)]
        known[name, index, room] = max(ways, key=lambda way: (way[0].chosen, len(way)), default=())
    return known[name, index, room]


def _on(trace: Trace, step: Step, room: int, known: _Known) -> Way:
    """Return a step with all that follows from it."""
    told = step.explanation
    return (step, *(_furthest(trace, told.layer, told.index, room - 1, known) if step.chosen else ()))


def _readers(trace: Trace, name: str, index: Index) -> Iterator[Step]:
    """Yield for each layer that reads `index` of `name` its first number that uses it, else the first that reads it."""
    for node in trace.net.nodes:
        sources = [source for source, before in enumerate(node.inputs) if before.name == name]
        steps = _reading(trace, node, sources, trace[name].shape, index) if sources else iter(())
        first = next(steps, None)
        if first is not None:
            yield first if first.chosen else next((step for step in steps if step.chosen), first)


def _reading(trace: Trace, node: Node, sources: list[int], shape: Shape, index: Index) -> Iterator[Step]:
    """Yield the numbers of a layer that read `index` of an input of `shape`, as long as no weights come in."""
    for place in _places(node, sources, shape, index):
        explanation = trace.explain(str(node.name), place)
        terms = explanation.terms
        if terms.weight is not None:
            return
        mine = np.isin(terms.source, sources) & (terms.index == index).all(axis=1)
        if mine.any():
            yield Step(explanation, bool(terms.used[mine].any()))


def _places(node: Node, sources: list[int], shape: Shape, index: Index) -> Iterator[Index]:
    """Yield the places of a node's output that may read `index` of an input of `shape`."""
    assert node.layer is not None
    shapes = [before.shape for before in node.inputs]
    windows = node.layer.branch_windows(sources[0], *shapes)
    if node.shape == shape:
        yield index
    elif node.shape[0] == shape[0] and len(shape) == 3 and (len(node.shape) == 3 or windows == (None, None)):
        yield from ((index[0], *place) for place in _reached(windows, shape, node.shape, index))
    elif not node.layer.weights(*shapes):  # a layer that lays numbers out anew: send their places through it
        sent = [np.full((1, *other), -1.0) for other in shapes]
        sent[sources[0]] = np.arange(1, math.prod(shape) + 1, dtype=np.float64).reshape(1, *shape)
        arrived = node.layer.forward(*sent, w={}, run=Run())[0]
        moved = np.argwhere(arrived == np.ravel_multi_index(index, shape) + 1)
        yield from (tuple(place) for place in moved.tolist())
        if not len(moved) and shape[0] == 1 and len(shape) == len(node.shape) == 3:  # a map that gates every channel
            reached = list(_reached(windows, shape, node.shape, index))
            yield from ((channel, *place) for channel in range(node.shape[0]) for place in reached)


def _reached(windows: Windows, shape: Shape, given: Shape, index: Index) -> Iterator[tuple[int, ...]]:
    """Yield the rows and columns of an output whose windows hold those of `index`."""
    ways = (
        range(outputs) if window is None else window.reached(at, size)
        for window, at, size, outputs in zip(windows, index[1:], shape[1:], given[1:], strict=False)
    )
    return itertools.product(*ways)

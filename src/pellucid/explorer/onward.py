"""Where a number goes next: the activations, pools and joins that follow it in its place, up to the next weights."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..explain import Explanation, Trace
from ..layers.base import Run
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


def onward(trace: Trace, name: str, index: Index) -> list[Step]:
    """Return the numbers that follow from `index` of `name` without weights for each number, one after another."""
    steps: list[Step] = []
    while len(steps) < LENGTH:
        step = _next(trace, name, index)
        if step is None:
            break
        steps.append(step)
        if not step.chosen:
            break
        name, index = step.explanation.layer, step.explanation.index
    return steps


def _next(trace: Trace, name: str, index: Index) -> Step | None:
    """Return the first number that uses `index` of `name`, else one that reads it without using it."""
    unused: Step | None = None
    for step in _readers(trace, name, index):
        if step.chosen:
            return step
        unused = unused or step
    return unused


def _readers(trace: Trace, name: str, index: Index) -> Iterator[Step]:
    """Yield the numbers of the layers after `name` that read `index`."""
    for node in trace.net.nodes:
        sources = [source for source, before in enumerate(node.inputs) if before.name == name]
        for place in _places(node, sources, trace[name].shape, index) if sources else ():
            explanation = trace.explain(str(node.name), place)
            terms = explanation.terms
            if terms.weight is not None:
                break
            mine = np.isin(terms.source, sources) & (terms.index == index).all(axis=1)
            if mine.any():
                yield Step(explanation, bool(terms.used[mine].any()))


def _places(node: Node, sources: list[int], shape: Shape, index: Index) -> Iterator[Index]:
    """Yield the places of a node's output that may read `index` of an input of `shape`, in the same channel."""
    assert node.layer is not None
    shapes = [before.shape for before in node.inputs]
    windows = node.layer.branch_windows(sources[0], *shapes)
    if node.shape == shape:
        yield index
    elif node.shape[0] == shape[0] and len(shape) == 3 and (len(node.shape) == 3 or windows == (None, None)):
        reached = (
            range(outputs) if window is None else window.reached(at, size)
            for window, at, size, outputs in zip(windows, index[1:], shape[1:], node.shape[1:], strict=False)
        )
        yield from ((index[0], *place) for place in itertools.product(*reached))
    elif not node.layer.weights(*shapes):  # a layer that lays numbers out anew: send their places through it
        sent = [np.full((1, *other), -1.0) for other in shapes]
        sent[sources[0]] = np.arange(math.prod(shape), dtype=np.float64).reshape(1, *shape)
        arrived = node.layer.forward(*sent, w={}, run=Run())[0]
        yield from (tuple(place) for place in np.argwhere(arrived == np.ravel_multi_index(index, shape)).tolist())

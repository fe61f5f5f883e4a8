"""What a rule proposes: a layer computed in another way, in words; it is named only if its numbers are the other's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import PellucidError
from ...layers import Layer
from ...layers.base import Run
from ...layers.node import Shape

Doubles = NDArray[np.float64]
Weights = Mapping[str, Doubles]
Step = Callable[..., NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Member:
    """One layer as a rule sees it.

    Args:
        name: its name in its network.
        layer: what it is.
        weights: its weights in float64, by its own names for them.
        shapes: the shapes of what it reads, without the batch.
        maps: the shape of the maps that were laid out as the vector it reads, if they were.
        other: what stands in its place on the other side, where that is known; None where only numbers are.
        loose: whether the other side has it in other layers around, so that parameters alone say little.
        ours, theirs: what words call the two sides.
    """

    name: str
    layer: Layer
    weights: Weights
    shapes: tuple[Shape, ...]
    maps: Shape | None = None
    other: Member | None = None
    ours: str = "A"
    theirs: str = "B"
    loose: bool = False

    def twin(self) -> Member | None:
        """The other side's layer, if it is of the same kind."""
        return self.other if self.other is not None and type(self.other.layer) is type(self.layer) else None

    def variant(self, rule: str, words: str, *, layer: Layer | None = None, weights: Weights | None = None) -> Variant:
        """Return a variant of this layer with another layer in its place, or with other weights."""
        return Variant(rule, words, layer or self.layer, self.weights if weights is None else weights)

    def other_weights(self, rule: str, words: str, **changed: Doubles) -> Variant:
        """Return a variant of this layer with some of its weights replaced."""
        return Variant(rule, words, self.layer, {**self.weights, **changed})

    def computed(self, rule: str, words: str, step: Step) -> Variant:
        """Return a variant that no layer here computes."""
        return Variant(rule, words, self.layer, self.weights, step)


@dataclass(frozen=True, eq=False)
class Variant:
    """One way in which the other side may compute a layer.

    Args:
        rule: the rule's name.
        words: what differs, with the axis and the fix.
        layer: the layer as the other side may have it.
        weights: its weights by its own names.
        step: what computes it, where no layer here does.
        seen: given the other side's numbers, what computes it: for what chance decides.
    """

    rule: str
    words: str
    layer: Layer
    weights: Weights
    step: Step | None = None
    seen: Callable[[NDArray[Any]], Step] | None = None

    def forward(self, target: NDArray[Any]) -> Step:
        """Return what computes it."""
        if self.seen is not None:
            return self.seen(target)
        return self.step or (lambda *inputs: self.layer.forward(*inputs, w=self.weights, run=Run()))


Rule = Callable[[Member], Iterator[Variant]]


def changed(member: Member, **parameters: Any) -> Layer | None:
    """Return the member's layer with other parameters, or None where that cannot be, or gives no such shape."""
    try:
        layer = type(member.layer)(**{**member.layer.config(), **parameters})
        layer.shape_of(*member.shapes)
    except PellucidError:
        return None
    return layer


def together(parts: Iterable[Variant]) -> Variant | None:
    """Return two variants of one layer as one: the layer of that which changes it, the weights of the other."""
    first, second = parts
    if first.step or second.step or first.seen or second.seen:
        return None
    words = f"{first.words}; and {second.words}"
    return replace(first, rule=f"{first.rule} and {second.rule}", words=words, weights=second.weights)

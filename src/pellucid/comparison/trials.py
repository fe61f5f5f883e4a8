"""Two networks on one input: every pair's verdict, and where a difference is made and not only passed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engines import exact_values
from ..wiring import name_of
from .alignment import Alignment
from .chosen import Given
from .comparison import Trial
from .differences import EXACT, MERGED, ROUNDING, TERMS, LayerDifference, apart, farthest
from .explaining import Sample
from .rules import Member, differing
from .sides import Side
from .units import Unit

Values = Mapping[str, NDArray[Any]]


class Pair:
    """A pair of values with the layers that compute them from pairs before.

    Args:
        a, b: the two sides.
        names: the values' names.
        alignment: the pairs of the two networks.
    """

    def __init__(self, a: Side, b: Side, names: tuple[str, str], alignment: Alignment) -> None:
        self.a, self.b = names
        ours, theirs = dict(alignment.partners), {y: x for x, y in alignment.partners.items()}
        self.back = theirs
        self.node = a.net.node(self.a)
        if ours.get(self.a) == self.b and self.node.layer is not None:
            del ours[self.a], theirs[self.b]
        self.units = Unit(a.net, self.a, ours), Unit(b.net, self.b, theirs)

    @cached_property
    def instead(self) -> dict[str, str]:
        """Of the values that A's unit reads, those that it would have to read instead to read what B's does."""
        wanted = [self.back[name] for name in self.units[1].reads]
        missing = [name for name in self.units[0].reads if name not in wanted]
        added = [name for name in wanted if name not in self.units[0].reads]
        return dict(zip(missing, added, strict=False))

    @property
    def one_to_one(self) -> bool:
        """Whether each side has one layer, of the same kind."""
        kinds = [[type(node.layer) for node in unit.members] for unit in self.units]
        return kinds[0] == kinds[1] and len(kinds[0]) == 1

    @cached_property
    def identical(self) -> bool:
        """Whether both sides are the same layer with the same weights, and read the same."""
        if not self.units[0].members and not self.units[1].members:
            return True
        if not self.one_to_one:
            return False
        (x,), (y,) = (unit.members for unit in self.units)
        assert x.layer is not None
        assert y.layer is not None
        member = Member(self.a, x.layer, {}, tuple(node.shape for node in x.inputs))
        if [name_of(n) for n in x.inputs] != [self.back[name_of(n)] for n in y.inputs] or differing(member, y.layer):
            return False
        nets = [unit.net for unit in self.units]
        weights = [net.weight_names(name) for net, name in zip(nets, (self.a, self.b), strict=True)]
        return weights[0].keys() == weights[1].keys() and all(
            np.array_equal(nets[0].weights[full], nets[1].weights[weights[1][short]], equal_nan=True)
            for short, full in weights[0].items()
        )

    def __iter__(self) -> Iterator[str]:
        return iter((self.a, self.b))

    def seen(self, side: int, values: Values) -> Unit:
        """Return what computes one side's value from others that an engine has shown."""
        unit = self.units[side]
        if all(name in values for name in unit.reads):
            return unit
        return Unit(unit.net, unit.name, values.keys() - {unit.name})

    def moved(self, values: Values) -> dict[str, NDArray[Any]]:
        """Return what B's unit reads, with A's values for it."""
        return {name: values[self.back[name]] for name in self.units[1].reads}

    def read(self, values: Values) -> dict[str, NDArray[Any]]:
        """Return what A's unit reads, and what it would read as B's does."""
        return {name: values[name] for name in (*self.units[0].reads, *self.instead.values())}


@dataclass(frozen=True, eq=False)
class Made:
    """A difference where it is made.

    Args:
        pair: the pair of values.
        engine: None where the definitions differ; else the number of the side whose engine does not follow them.
        sample: what the other side computed, and from what.
        layer: the difference of the values.
    """

    pair: Pair
    engine: int | None
    sample: Sample
    layer: LayerDifference


def run_trial(a: Side, b: Side, pairs: tuple[Pair, ...], given: Given) -> tuple[Trial, list[Made]]:
    """Return every pair's verdict on one input, and the differences where they are made."""
    traces = tuple(side.engine.program(side.net).trace(given.inputs) for side in (a, b))
    exact = tuple(exact_values(side.net, given.inputs) for side in (a, b))
    layers: list[LayerDifference] = []
    made: list[Made] = []
    touched: set[str] = set()  # values of A that a difference has reached
    for pair in pairs:
        seen = [trace.get(name, exact[side][name]) for side, (trace, name) in enumerate(zip(traces, pair, strict=True))]
        largest, relative = apart(*seen)
        sample = None if pair.identical else _definitions(pair, exact[0])
        faulty = [side for side in (0, 1) if relative > ROUNDING and _deviates(pair, side, traces[side], exact[side])]
        gap = apart(exact[0][pair.a], exact[1][pair.b])[1]
        reached = sample is not None or faulty or any(name in touched for name in pair.units[0].reads)
        if reached:
            touched.add(pair.a)
        differs = sample is not None or (reached and (gap > EXACT or relative > ROUNDING))
        made_here = sample is not None or bool(faulty)
        verdict = "differs" if differs else "same" if largest == 0 else "rounding"
        kind = "Input" if pair.node.layer is None else pair.node.layer.kind
        place = farthest(*seen)
        layer = LayerDifference(pair.a, pair.b, kind, pair.node.shape, largest, relative, verdict, made_here, place)
        layers.append(layer)
        if sample is not None:
            made.append(Made(pair, None, sample, layer))
        for side in faulty:
            made.append(Made(pair, side, _engine_sample(pair, side, traces[side]), layer))
    return Trial(given.name, given.about, tuple(layers)), made


def _definitions(pair: Pair, exact: Values) -> Sample | None:
    """Return what B's layers compute of A's values in float64, or None where that is what A's do."""
    ours, theirs = pair.units
    if any(not _fits(values.shape[1:], theirs.net.shapes[name]) for name, values in pair.moved(exact).items()):
        return None  # what differs is what they read
    target = theirs.run(pair.moved(exact))
    largest, relative = apart(exact[pair.a], target)
    if relative <= EXACT:
        return None
    allowed = 0.0 if pair.one_to_one else MERGED * max(ours.size(exact), theirs.size(pair.moved(exact)))
    if largest <= allowed:
        return None  # weights that were computed of others, and rounded
    return Sample(pair.read(exact), target, allowed)


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Return whether values can be read as of another shape: they may have other axes of one place."""
    return [size for size in shape if size > 1] == [size for size in wanted if size > 1]


def _deviates(pair: Pair, side: int, values: Values, exact: Values) -> bool:
    """Return whether an engine's numbers are not what the definition makes of the numbers that they were made of."""
    name = (pair.a, pair.b)[side]
    if name not in values or apart(values[name], exact[name])[1] <= ROUNDING:
        return False
    sample = _engine_sample(pair, side, values)
    largest, relative = apart(pair.seen(side, values).run(sample.values), sample.target)
    return relative > ROUNDING and largest > sample.allowed


def _engine_sample(pair: Pair, side: int, values: Values) -> Sample:
    unit = pair.seen(side, values)
    wide = {name: values[name].astype(np.float64) for name in unit.reads}
    target = values[unit.name]
    finite = np.abs(target[np.isfinite(target)]).max(initial=0.0)
    return Sample(wide, target, max(TERMS * unit.size(wide), ROUNDING * float(finite)))


def alone(net_pairs: tuple[Pair, ...], side: int) -> Iterator[tuple[str, Pair]]:
    """Yield the layers of a side that are compared only with what comes after them, with the pair of that."""
    for pair in net_pairs:
        for node in pair.units[side].members:
            if name_of(node) != (pair.a, pair.b)[side]:
                yield name_of(node), pair

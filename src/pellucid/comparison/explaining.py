"""Why one value differs: every rule is put into the layers that compute it, and named only if it gives the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PellucidError
from ..layers import Layer
from ..layers.node import Node, Shape
from ..wiring import name_of
from .differences import EXACT, apart
from .graph import FAMILIES
from .rules import ORDER, RULES, Member, Variant, differing_tensors, preparations, together
from .units import Step, Unit

TRIED = 400  # hypotheses of one value; where more is wanted, the difference stays unexplained
GENERAL = ("layer added", "kind", "weights")  # what is told last: it says that something differs, and not what
ALIKE = 24  # variants whose pairs are tried, where none explains it alone


@dataclass(frozen=True)
class Finding:
    """A rule that explains a difference.

    Args:
        rule: its name.
        words: what differs, with the axis and the fix.
    """

    rule: str
    words: str


@dataclass(frozen=True, eq=False)
class Sample:
    """What one side computed from known values, on one input.

    Args:
        values: the known values by the names of the unit that is to explain it.
        target: the other side's numbers.
        allowed: how large the error of its numbers may be.
    """

    values: Mapping[str, NDArray[Any]]
    target: NDArray[Any]
    allowed: float = 0.0


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A rule put into a unit.

    Args:
        finding: the rule.
        parts: the variants of its members, by their names.
        prepare: what is done to the values read from the network's inputs.
        after: what is done to the unit's value.
        instead: of known values, which others are read instead.
    """

    finding: Finding
    parts: Mapping[str, Variant]
    prepare: Step | None = None
    after: Step | None = None
    instead: Mapping[str, str] = field(default_factory=dict[str, str])

    def holds(self, unit: Unit, samples: Sequence[Sample]) -> bool:
        """Return whether it gives the other side's numbers, on every input."""
        return all(self._holds(unit, sample) for sample in samples)

    def _holds(self, unit: Unit, sample: Sample) -> bool:
        values = dict(sample.values)
        values |= {name: sample.values[other] for name, other in self.instead.items()}
        if self.prepare is not None:
            for node in unit.net.inputs:
                if name_of(node) in unit.reads:
                    values[name_of(node)] = self.prepare(values[name_of(node)])
        steps = {name: variant.forward(sample.target) for name, variant in self.parts.items()}
        try:
            found = unit.run(values, steps)
            with np.errstate(all="ignore"):
                found = found if self.after is None else self.after(found)
        except (PellucidError, ValueError, KeyError):  # shapes or weights that do not go together
            return False
        largest, relative = apart(found, sample.target)
        return relative <= EXACT or largest <= sample.allowed


def explained(
    unit: Unit,
    other: Unit | None,
    samples: Sequence[Sample],
    names: tuple[str, str],
    instead: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Return the rules that each explain, on their own or two together, what the other side computes.

    Args:
        unit: what computes the value, by the definitions.
        other: what computes it on the other side, or None where that is not known.
        samples: what it computed there.
        names: what words call the two sides.
        instead: of the values that the unit reads, those that the other side reads instead.
    """
    alone: list[Hypothesis] = []
    if instead:
        said = " and ".join(f"{new!r} where {names[0]} reads {old!r}" for old, new in instead.items())
        words = f"{names[1]} reads {said} (as {names[0]} calls them); wire both alike"
        alone.append(Hypothesis(Finding("wiring", words), {}, instead=instead))
    for hypothesis in _each(unit, other, names):
        alone.append(hypothesis)
        if len(alone) == TRIED:
            break
    found = _holding(alone, unit, samples)
    if not found:
        tried = [hypothesis for hypothesis in alone if hypothesis.parts and hypothesis.prepare is None]
        found = _holding([both for two in combinations(tried[:ALIKE], 2) if (both := _both(*two))], unit, samples)[:1]
    return tuple(found)


def _holding(hypotheses: Sequence[Hypothesis], unit: Unit, samples: Sequence[Sample]) -> list[Finding]:
    found: dict[str, Finding] = {}
    for hypothesis in hypotheses:
        if hypothesis.finding.rule not in found and hypothesis.holds(unit, samples):
            found[hypothesis.finding.rule] = hypothesis.finding
    return sorted(found.values(), key=lambda finding: GENERAL.index(finding.rule) if finding.rule in GENERAL else -1)


def _both(first: Hypothesis, second: Hypothesis) -> Hypothesis | None:
    """Return two rules at once."""
    rule = f"{first.finding.rule} and {second.finding.rule}"
    words = f"two rules at once: {first.finding.words}; and {second.finding.words}"
    parts = {**first.parts, **second.parts}
    for name in set(first.parts) & set(second.parts):
        one = together((first.parts[name], second.parts[name]))
        if one is None:
            return None
        parts[name] = one
    return Hypothesis(Finding(rule, words), parts)


def _each(unit: Unit, other: Unit | None, names: tuple[str, str]) -> Iterator[Hypothesis]:
    """Yield every rule, put into every member of a unit, and into what it reads and gives."""
    ours = [_member(node, unit, names) for node in unit.members]
    theirs = [] if other is None else [_member(node, other, names) for node in other.members]
    partners = _partners(ours, theirs)
    known = other is not None
    for place, member in enumerate(ours):
        partner = theirs[partners[place]] if place in partners else None
        if known and partner is None and _skippable(member):
            words = f"{names[1]} has no {member.layer!r} here, where {names[0]} has {member.name!r}; add it"
            skip = member.computed("layer missing", words, _unchanged)
            yield Hypothesis(Finding(skip.rule, skip.words), {member.name: skip})
        given = replace(member, other=partner, loose=known and len(ours) + len(theirs) > 2)
        for rule in RULES:
            for variant in rule(given):
                if _possible(given, variant):
                    yield Hypothesis(Finding(variant.rule, variant.words), {member.name: variant})
    read = [node.shape for node in unit.net.inputs if name_of(node) in unit.reads]
    for rule, words, prepare in preparations(read[0], *names) if len(read) == 1 else ():
        yield Hypothesis(Finding(rule, words), {}, prepare=prepare)
    yield from _more(ours, theirs, partners, names)


def _more(
    ours: Sequence[Member], theirs: Sequence[Member], partners: Mapping[int, int], names: tuple[str, str]
) -> Iterator[Hypothesis]:
    """Yield what the other side has and this one has not, before or behind what both have."""
    taken = set(partners.values())
    for place, extra in enumerate(theirs):
        if place in taken or not _skippable(extra):
            continue
        words = (
            f"{names[1]} has {extra.layer!r} here, {extra.name!r}, which {names[0]} has not; leave it out, or add it"
        )
        finding = Finding("layer added", words)
        step = extra.variant(finding.rule, words).forward(np.empty(0))
        if any(later > place for later in taken) and ours:
            first = ours[0]
            behind = first.variant(finding.rule, words).forward(np.empty(0))
            yield Hypothesis(finding, {first.name: first.computed(finding.rule, words, _behind(step, behind))})
        else:
            yield Hypothesis(finding, {}, after=step)


def _unchanged(x: NDArray[Any]) -> NDArray[Any]:
    return x


def _behind(first: Step, second: Step) -> Step:
    return lambda *inputs: second(*(first(x) for x in inputs))


def _possible(member: Member, variant: Variant) -> bool:
    """Return whether a variant can be what the other side computes, by what is known of that."""
    twin = member.twin()
    if twin is None or member.loose or variant.rule == ORDER:
        return True
    if variant.step is not None or variant.seen is not None:
        return False  # it computes what its kind does
    other = member.weights.keys() != twin.weights.keys() or bool(differing_tensors(member.weights, twin.weights))
    return variant.layer is not member.layer or other


def _skippable(member: Member) -> bool:
    """Return whether what reads the layer could read what it reads."""
    return len(member.shapes) == 1 and member.layer.output_shape(*member.shapes) == member.shapes[0]


def _partners(ours: Sequence[Member], theirs: Sequence[Member]) -> dict[int, int]:
    """Return for places of one side's members those of the other's, of one family and in order: their ends are one."""
    found: dict[int, int] = {}
    end = len(theirs)
    for place in reversed(range(len(ours))):
        for other in reversed(range(end)):
            if _family(ours[place].layer) == _family(theirs[other].layer):
                found[place] = end = other
                break
    return found


def _family(layer: Layer) -> str:
    return FAMILIES.get(layer.kind, "activation")


def _member(node: Node, unit: Unit, names: tuple[str, str]) -> Member:
    assert node.layer is not None
    name = name_of(node)
    shapes = tuple(before.shape for before in node.inputs)
    return Member(name, node.layer, unit.weights[name], shapes, _maps(node), None, *names)


def _maps(node: Node) -> Shape | None:
    """Return the shape of the maps that a vector was laid out from."""
    size = node.inputs[0].shape[-1]
    while len(node.inputs) == 1 and len(node.inputs[0].shape) == 1:
        node = node.inputs[0]
    if len(node.inputs) != 1 or node.layer is None or len(node.inputs[0].shape) != 3:
        return None
    maps = node.inputs[0].shape
    return maps if maps[0] * maps[1] * maps[2] == size else None

"""Two networks on the same input: which layers belong together, which of them differ, and by which rule."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..engines import Engine, as_inputs, exact_values
from ..layers import Layer
from ..network import Network
from ..wiring import name_of
from .alignment import align
from .chosen import Given, chosen
from .comparison import Alone, Comparison, Difference, Stated, Trial
from .explaining import Sample, explained
from .rules import Member, changed, differing, differing_tensors, told
from .sides import Side, check_inputs, opened
from .trials import Made, Pair, Values, alone, run_trial

Source = Network | str | os.PathLike[str] | Any
KEPT = 2**26  # numbers that are kept of inputs in which differences show, to look for their rules


def compare(
    a: Source,
    b: Source,
    images: ArrayLike | None = None,
    *,
    engines: tuple[str | Engine, str | Engine] = ("reference", "reference"),
) -> Comparison:
    """Run two networks on the same input and compare each layer with the one that stands in its place.

    Layers belong together by their kind, wiring and weights, and by names only where nothing else decides. What is more
    than rounding is told by the definitions in float64, and a rule is named only if it gives the other side's numbers.

    Args:
        a: a network, a file of one, or a model object of another framework.
        b: the other.
        images: what both are given, (C, H, W) or (N, C, H, W); None: inputs that expose differences.
        engines: what runs each: an engine, or "itself": the own framework of a model object, or of a file of ONNX or
            Keras.

    Raises:
        ShapeError: the two do not read the same, or not the images.
        ModelFileError: a file cannot be opened.

    >>> from pellucid.layers import LeakyReLU
    >>> a, b = Network(2, [LeakyReLU(0.01)]), Network(2, [LeakyReLU(0.3)])
    >>> print(compare(a, b, [-1.0, 1.0]).sentence)  # doctest: +ELLIPSIS
    first difference: 'relu1' and 'relu1', by 0.29: negative_slope is 0.01 in A and 0.3 in B; give both the same...
    """
    sides = opened((a, b), engines, images)
    check_inputs(sides[0].net, sides[1].net)
    if images is None:
        inputs = chosen(sides[0].net)
    else:
        inputs = (Given("given", "what was given", as_inputs(sides[0].net, images)),)
    alignment = align(sides[0].net, sides[1].net)
    pairs = tuple(Pair(*sides, names, alignment) for names in alignment.pairs)
    trials: list[Trial] = []
    made: list[tuple[str, Made]] = []
    for given in inputs:
        trial, found = run_trial(*sides, pairs, given)
        trials.append(trial)
        made += [(trial.name, one) for one in found]
    differences = tuple(_differences(sides, pairs, made))
    shown = {layer.a for trial in trials for layer in trial.layers if layer.verdict == "differs"}
    trained = cache(lambda: exact_values(sides[0].net, inputs[0].inputs))
    stated = tuple(one for pair in pairs for one in _stated(pair, pair.a in shown, trained))
    places = {one.layer.a for one in differences}
    lonely = tuple(_alone(pairs, side, places) for side in (0, 1))
    return Comparison(sides[0].about, sides[1].about, tuple(trials), differences, lonely[0] + lonely[1], stated)


def _differences(
    sides: tuple[Side, Side], pairs: Sequence[Pair], made: Sequence[tuple[str, Made]]
) -> Iterator[Difference]:
    """Yield the differences in the order in which A runs, each with the rules that explain it on every input."""
    place = {id(pair): number for number, pair in enumerate(pairs)}
    groups: dict[tuple[int, int], list[tuple[str, Made]]] = {}
    for name, one in made:
        groups.setdefault((place[id(one.pair)], -1 if one.engine is None else one.engine), []).append((name, one))
    room = KEPT
    for key in sorted(groups):
        first = groups[key][0][1]
        samples = [one.sample for _, one in groups[key]]
        room -= sum(_size(sample) for sample in samples)
        pair, side = first.pair, first.engine
        if room < 0 and key != min(groups):
            findings = ()
        elif side is None:
            findings = explained(pair.units[0], pair.units[1], samples, ("A", "B"), pair.instead)
        else:
            unit = pair.seen(side, samples[0].values)
            findings = explained(unit, None, samples, ("the definition", "the engine"), {})
        engine = None if side is None else f"{sides[side].engine.name!r} of {sides[side].label}"
        yield Difference(first.layer, tuple(name for name, _ in groups[key]), engine, findings)


def _size(sample: Sample) -> int:
    return sample.target.size + sum(values.size for values in sample.values.values())


def _stated(pair: Pair, shown: bool, exact: Callable[[], Values]) -> Iterator[Stated]:
    """Yield the parameters and weights in which a pair of layers differs.

    Args:
        pair: the pair.
        shown: whether its values differ.
        exact: gives the values that a step of training is tried on.
    """
    if not pair.one_to_one:
        return
    (x,), (y,) = (unit.members for unit in pair.units)
    assert x.layer is not None
    assert y.layer is not None
    ours, theirs = x.layer.config(), y.layer.config()
    weights = pair.units[0].weights[pair.a], pair.units[1].weights[pair.b]
    member = Member(pair.a, x.layer, weights[0], tuple(node.shape for node in x.inputs))
    for name in differing(member, y.layer):
        words = told(member, name, ours[name], theirs[name]) + _in_training(pair, member, {name: theirs[name]}, exact)
        yield Stated(pair.a, pair.b, name, words, shown)
    for name, count in differing_tensors(*weights).items():
        largest = float(np.nanmax(np.abs(weights[0][name] - weights[1][name]), initial=0.0))
        words = f"{count} of {weights[0][name].size} numbers of {name!r} differ, by {largest:.3g} at most"
        yield Stated(pair.a, pair.b, name, words, shown)


def _in_training(pair: Pair, member: Member, other: dict[str, Any], exact: Callable[[], Values]) -> str:
    """Return in words what a step of training makes of a parameter's difference: tried on the first input."""
    layer = changed(member, **other)
    if layer is None or type(layer).updates is Layer.updates:
        return ""
    given = [exact()[name_of(node)] for node in pair.node.inputs]
    with np.errstate(all="ignore"):
        ours, theirs = (each.updates(*given, w=member.weights) for each in (member.layer, layer))
    off = {name: float(np.abs(ours[name] - theirs[name]).max(initial=0.0)) for name in ours}
    parts = [f"{name} is {largest:.3g} apart" for name, largest in off.items() if largest]
    return f"; tried: after one step of training, {' and '.join(parts)}" if parts else ""


def _alone(pairs: tuple[Pair, ...], side: int, made: Collection[str]) -> tuple[Alone, ...]:
    """Return the layers of a side without a partner: each is part of a value that is compared behind it."""
    found: list[Alone] = []
    for name, pair in alone(pairs, side):
        end, partner = ((pair.a, pair.b), (pair.b, pair.a))[side]
        same = "which is not the same" if pair.a in made else "which is the same"
        why = f"has no partner; it is compared with {end!r}, behind it, and {'AB'[1 - side]}'s {partner!r}, {same}"
        found.append(Alone("AB"[side], name, repr(pair.units[side].layers[name]), why))
    return tuple(dict.fromkeys(found))

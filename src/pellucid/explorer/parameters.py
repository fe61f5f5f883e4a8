"""What a layer's parameters are to a form: how each is written, what may stand in it, what is worth trying there."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..layers import Layer, params
from ..layers.node import Shape
from .trials import listed

SMALL = 64  # whole numbers up to here are tried one by one, larger ones as networks have them
LARGE = (80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1000, 1024, 1280, 1536, 2048, 4096)
REALS = (-1.0, 0.0, 1e-5, 0.001, 0.01, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0, 2.0, 6.0, 10.0)
MANY = 24  # orders and divisions that are tried


@dataclass(frozen=True)
class Form:
    """How a parameter is written.

    Args:
        form: "whole", "real", "pair", "reals", "sides", "choice", "flag" or "list".
        limits: what may stand in it whatever the network is, for a person to read.
        least: the smallest whole number.
        optional: it may be None.
        names: what can be chosen, or written in place of numbers.
    """

    form: str
    limits: str
    least: int = 0
    optional: bool = False
    names: tuple[str, ...] = ()


_FORMS: dict[Callable[..., Any], Form] = {
    params.count: Form("whole", "a whole number, 1 or more", 1),
    params.axis: Form("whole", "an axis, counted from 0, or from -1 at the end", -4),
    params.place: Form("whole", "a place, counted from 0, or from -1 at the end", -SMALL),
    params.optional_place: Form("whole", "a place; none is the end", -SMALL, optional=True),
    params.pair: Form("pair", "whole numbers, 1 or more", 1),
    params.optional_pair: Form("pair", "whole numbers, 1 or more; none leaves it to the layer", 1, optional=True),
    params.nonnegative_pair: Form("pair", "whole numbers, 0 or more"),
    params.places_pair: Form("pair", "places before and after, 0 or more"),
    params.factors: Form("reals", "numbers above 0; none goes by the size", optional=True),
    params.padding: Form("sides", 'places on each side, 0 or more; or "same" or "valid"', names=("same", "valid")),
    params.sides: Form("sides", "places on each side, 0 or more"),
    params.flag: Form("flag", "yes or no"),
    params.probability: Form("real", "a number from 0 to 1"),
    params.positive: Form("real", "a number above 0"),
    params.nonnegative: Form("real", "a number, 0 or more"),
    params.finite: Form("real", "a number"),
    params.optional_number: Form("real", "a number; none is no bound", optional=True),
    params.sizes: Form("list", "1 to 4 sizes; one of them may be -1: what is left"),
    params.order: Form("list", "every axis once"),
    params.axes: Form("list", "axes in rising order"),
    params.optional_axes: Form("list", "axes, each once; none is all of them", optional=True),
}


def form_of(kind: type[Layer], name: str) -> Form:
    """Return how parameter `name` of layers of this kind is written.

    >>> from pellucid.layers import Conv2d
    >>> form_of(Conv2d, "groups").limits
    'a whole number, 1 or more'
    """
    converter = {field.name: field for field in dataclasses.fields(kind)}[name].metadata["converter"]  # pyright: ignore[reportArgumentType]
    if isinstance(converter, params.Choice):
        return Form("choice", "one of " + ", ".join(converter.names), names=converter.names)
    return _FORMS[converter]


def candidates(kind: type[Layer], name: str, wanted: Any, shapes: Sequence[Shape], known: Sequence[int]) -> list[Any]:
    """Return values that are worth trying for a parameter, in rising order.

    Args:
        kind: the layer's kind.
        name: the parameter.
        wanted: the value that was asked for: of a pair, what is tried resembles it.
        shapes: the shapes of the layer's inputs.
        known: sizes that occur in the network: what joins and classes ask for is among them.
    """
    form = form_of(kind, name)
    none: list[Any] = [None] if form.optional else []
    match form.form:
        case "whole":
            return none + _wholes(form.least, known)
        case "pair":
            return none + _pairs(_wholes(form.least, known), wanted)
        case "reals":
            return none + [(factor, factor) for factor in (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)]
        case "sides":
            return [*form.names, *(((k, k), (k, k)) for k in range(17))]
        case "choice":
            return list(form.names)
        case "flag":
            return [False, True]
        case "real":
            return none + list(REALS)
        case _:
            return none + _lists(name, shapes[0])


def _wholes(least: int, known: Sequence[int]) -> list[int]:
    return sorted({*range(least, SMALL + 1), *LARGE, *(size for size in known if size >= least)})


def _pairs(numbers: list[int], wanted: Any) -> list[Any]:
    """Return equal pairs; of unequal sides first those that keep one of them."""
    sides = listed(wanted)
    if sides is None or len(sides) != 2 or sides[0] == sides[1]:
        return [(number, number) for number in numbers]
    few = numbers[:SMALL]
    kept: list[Any] = [(number, sides[1]) for number in few] + [(sides[0], number) for number in few]
    return kept + [(number, number) for number in few]


def _lists(name: str, shape: Shape) -> list[Any]:
    """Return orders, sets of axes, or shapes of as many numbers."""
    axes = range(len(shape))
    if name == "order":
        return list(itertools.islice(itertools.permutations(axes), MANY))
    if name == "axes":
        return [chosen for many in (*axes, len(shape)) for chosen in itertools.combinations(axes, many)]
    total = math.prod(shape)
    parts = [size for size in range(1, SMALL + 1) if total % size == 0]
    return [(total,), (-1,), shape, *((size, total // size) for size in parts[:MANY])]

"""Two networks on one input: every layer's difference, the first that is more than rounding, and its rule."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engines import Engine, as_inputs, exact_values
from ..errors import ParameterError
from ..layers.base import Run
from ..network import Network
from ..wiring import name_of
from .chosen import Given, chosen
from .comparison import Comparison, Trial
from .differences import EXACT, ROUNDING, LayerDifference, Values, apart
from .rules import HYPOTHESES, Weights
from .sides import Side, check_inputs, opened

Source = Network | str | os.PathLike[str] | Any


def compare(
    a: Source,
    b: Source,
    images: ArrayLike | None = None,
    *,
    engines: tuple[str | Engine, str | Engine] = ("reference", "reference"),
) -> Comparison:
    """Run two networks, whose layers follow each other in the same order, on the same input and compare each layer.

    What is more than rounding is told by the definitions in float64, and a rule is named only if it explains that.

    Args:
        a: a network, a file of one, or a model object of another framework.
        b: the other; the same layers, wired the same way, with parameters and weights of its own.
        images: what both are given, (C, H, W) or (N, C, H, W); None: inputs that expose differences.
        engines: what runs each.

    Raises:
        ParameterError: the networks have other kinds of layers, or another order or wiring.
        ShapeError: the two do not read the same, or not the images.
        ModelFileError: a file cannot be opened.

    >>> from pellucid.layers import LeakyReLU
    >>> a, b = Network(2, [LeakyReLU(0.01)]), Network(2, [LeakyReLU(0.3)])
    >>> print(compare(a, b, [-1.0, 1.0]))  # doctest: +ELLIPSIS
    first difference: 'relu1' and 'relu1', by 0.29: negative_slope is 0.01 in A and 0.3 in B; give both the same...
    """
    sides = opened("A", a, engines[0]), opened("B", b, engines[1])
    check_inputs(*sides)
    pairs = _paired(*(side.net for side in sides))
    if images is None:
        inputs = chosen(sides[0].net)
    else:
        inputs = (Given("given", "what was given", as_inputs(sides[0].net, images)),)
    return Comparison(sides[0].about, sides[1].about, tuple(_trial(*sides, pairs, given) for given in inputs))


def _trial(a: Side, b: Side, pairs: dict[str, str], given: Given) -> Trial:
    va, vb = (side.engine.program(side.net).trace(given.inputs) for side in (a, b))
    ea, eb = (exact_values(side.net, given.inputs) for side in (a, b))
    found = tuple(_difference(a.net, x, y, (va[x], vb[y]), (ea[x], eb[y])) for x, y in pairs.items())
    first = next((layer for layer in found if layer.verdict == "differs"), None)
    rules = () if first is None else _explained(a.net, b.net, first, ea, eb[first.b])
    return Trial(given.name, given.about, found, rules)


def _paired(a: Network, b: Network) -> dict[str, str]:
    """Return B's layer for each of A's: the one in the same place, of the same kind, that reads the same."""
    pairs = {name_of(x): name_of(y) for x, y in zip((*a.inputs, *a.nodes), (*b.inputs, *b.nodes), strict=False)}
    same = (len(a.inputs), len(a.nodes)) == (len(b.inputs), len(b.nodes)) and all(
        type(x.layer) is type(y.layer) and [pairs[name_of(n)] for n in x.inputs] == [name_of(n) for n in y.inputs]
        for x, y in zip(a.nodes, b.nodes, strict=True)
    )
    if not same:
        raise ParameterError(
            "compare",
            got=f"{len(a.nodes)} and {len(b.nodes)} layers whose kinds, order or wiring differ",
            expected="two networks of the same layers",
            fix="compare networks that differ only in parameters and weights",
        )
    return pairs


def _difference(
    net: Network, a: str, b: str, values: tuple[NDArray[Any], NDArray[Any]], exact: tuple[NDArray[Any], NDArray[Any]]
) -> LayerDifference:
    largest, relative = apart(*values)
    agree = relative <= ROUNDING and apart(*exact)[1] <= EXACT
    verdict = "differs" if not agree else "same" if largest == 0 else "rounding"
    node = net.node(a)
    kind = "Input" if node.layer is None else node.layer.kind
    return LayerDifference(a, b, kind, node.shape, largest, relative, verdict)


def _doubles(net: Network, name: str) -> Weights:
    return {short: net.weights[full].astype(np.float64) for short, full in net.weight_names(name).items()}


def _explained(a: Network, b: Network, first: LayerDifference, values: Values, wanted: NDArray[Any]) -> tuple[str, ...]:
    """Return each rule that, put into A's layer on A's own inputs in float64, gives B's numbers there."""
    node, other = a.node(first.a), b.node(first.b)
    if node.layer is None or other.layer is None:
        return ()
    if apart(values[first.a], wanted)[1] <= EXACT:
        return ("the definitions give the same in float64: one of the engines does not; run both on 'reference'",)
    read = [values[name_of(before)] for before in node.inputs]
    weights = _doubles(a, first.a), _doubles(b, first.b)
    words: list[str] = []
    for hypothesis in HYPOTHESES:
        for variant in hypothesis(node.layer, other.layer, *weights):
            with np.errstate(all="ignore"):
                tried = variant.layer.forward(*read, w=variant.weights, run=Run())
            if apart(tried, wanted)[1] <= EXACT:
                words.append(variant.words)
    return tuple(words)

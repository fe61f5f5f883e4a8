"""Two networks on one input: every layer's difference, the first that is more than rounding, and its rule."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engines import Engine, as_inputs, exact_values, get
from ..errors import ParameterError
from ..layers.base import Run
from ..network import Network
from ..wiring import name_of
from .rules import HYPOTHESES, Weights

ROUNDING = 2.0**-15  # of a layer's largest value: float32 sums of many terms stay well within it
EXACT = (
    2.0**-40
)  # the same of float64: one definition on one input gives the same there, whatever the order of its sums

Values = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class LayerDifference:
    """How far apart two networks' values of one layer are.

    Args:
        a, b: the layer's names in the two networks.
        largest: the largest absolute difference; infinite where only one of two numbers is NaN, or shapes differ.
        relative: the same as a share of the largest finite value of the two sides.
        verdict: "same"; "rounding": apart by no more than float32 rounds, and the same definition in float64; or
            "differs".
    """

    a: str
    b: str
    largest: float
    relative: float
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """What comparing two networks found.

    Args:
        layers: each pair of layers, in the order in which they run.
        rules: the rules that each explain the first difference on their own, in words; empty where none does.
    """

    layers: tuple[LayerDifference, ...]
    rules: tuple[str, ...]

    @property
    def first(self) -> LayerDifference | None:
        """The first layer that differs by more than rounding, or None."""
        return next((layer for layer in self.layers if layer.verdict == "differs"), None)

    @property
    def same(self) -> bool:
        """Whether no layer differs by more than rounding."""
        return self.first is None

    def facts(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {"same": self.same, "layers": [asdict(layer) for layer in self.layers], "rules": list(self.rules)}

    def __str__(self) -> str:
        if self.first is None:
            exact = all(layer.verdict == "same" for layer in self.layers)
            return "the same, number by number" if exact else "the same, but for rounding"
        first = self.first
        why = "; or ".join(self.rules) or "no rule that was tried explains it"
        return f"first difference: {first.a!r} and {first.b!r}, by {first.largest:.3g}: {why}"


def compare(
    a: Network,
    b: Network,
    images: ArrayLike,
    *,
    engines: tuple[str | Engine, str | Engine] = ("reference", "reference"),
) -> Comparison:
    """Run two networks, whose layers follow each other in the same order, on the same images and compare each layer.

    What is more than rounding is told by the definitions in float64, and a rule is named only if it explains that.

    Args:
        a: a network.
        b: the other; the same layers, wired the same way, with parameters and weights of its own.
        images: what both are given, (C, H, W) or (N, C, H, W).
        engines: what runs each.

    Raises:
        ParameterError: the networks have other kinds of layers, or another order or wiring.

    >>> from pellucid.layers import LeakyReLU
    >>> a, b = Network(2, [LeakyReLU(0.01)]), Network(2, [LeakyReLU(0.3)])
    >>> print(compare(a, b, [-1.0, 1.0]))  # doctest: +ELLIPSIS
    first difference: 'relu1' and 'relu1', by 0.29: negative_slope is 0.01 in A and 0.3 in B; give both the same...
    """
    pairs = _paired(a, b)
    given = [as_inputs(net, images) for net in (a, b)]
    va, vb = (get(engine).program(net).trace(x) for net, engine, x in zip((a, b), engines, given, strict=True))
    ea, eb = (exact_values(net, x) for net, x in zip((a, b), given, strict=True))
    found = tuple(_difference(x, y, (va[x], vb[y]), (ea[x], eb[y])) for x, y in pairs.items())
    first = next((layer for layer in found if layer.verdict == "differs"), None)
    return Comparison(found, () if first is None else _explained(a, b, first, ea, eb[first.b]))


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
    a: str, b: str, values: tuple[NDArray[Any], NDArray[Any]], exact: tuple[NDArray[Any], NDArray[Any]]
) -> LayerDifference:
    largest, relative = _apart(*values)
    agree = relative <= ROUNDING and _apart(*exact)[1] <= EXACT
    verdict = "differs" if not agree else "same" if largest == 0 else "rounding"
    return LayerDifference(a, b, largest, relative, verdict)


def _apart(x: NDArray[Any], y: NDArray[Any]) -> tuple[float, float]:
    """Return the largest difference, and the same as a share of the largest finite value."""
    if x.shape != y.shape:
        return np.inf, np.inf
    wide_x, wide_y = x.astype(np.float64), y.astype(np.float64)
    equal = (wide_x == wide_y) | (np.isnan(wide_x) & np.isnan(wide_y))
    with np.errstate(invalid="ignore"):
        gap = np.where(equal, 0.0, np.abs(wide_x - wide_y))
    gap[np.isnan(gap)] = np.inf
    largest = float(gap.max(initial=0.0))
    size = max(float(np.abs(v[np.isfinite(v)]).max(initial=0.0)) for v in (wide_x, wide_y))
    return largest, largest / size if size and np.isfinite(largest) else largest


def _doubles(net: Network, name: str) -> Weights:
    return {short: net.weights[full].astype(np.float64) for short, full in net.weight_names(name).items()}


def _explained(a: Network, b: Network, first: LayerDifference, values: Values, wanted: NDArray[Any]) -> tuple[str, ...]:
    """Return each rule that, put into A's layer on A's own inputs in float64, gives B's numbers there."""
    node, other = a.node(first.a), b.node(first.b)
    if node.layer is None or other.layer is None:
        return ()
    if _apart(values[first.a], wanted)[1] <= EXACT:
        return ("the definitions give the same in float64: one of the engines does not; run both on 'reference'",)
    read = [values[name_of(before)] for before in node.inputs]
    weights = _doubles(a, first.a), _doubles(b, first.b)
    words: list[str] = []
    for hypothesis in HYPOTHESES:
        for variant in hypothesis(node.layer, other.layer, *weights):
            with np.errstate(all="ignore"):
                tried = variant.layer.forward(*read, w=variant.weights, run=Run())
            if _apart(tried, wanted)[1] <= EXACT:
                words.append(variant.words)
    return tuple(words)

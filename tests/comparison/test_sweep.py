"""Every rule planted in every layer that it applies to, and noise in every layer: what is named, and what is not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from planted import lenet, mobile, resnet
from planting import Bent

from pellucid import Network, compare
from pellucid.comparison.explaining import explained
from pellucid.comparison.rules import RULES, Member, Variant
from pellucid.comparison.trials import Sample
from pellucid.comparison.units import Unit
from pellucid.engines import exact_values
from pellucid.layers.base import Run

NETWORKS = {"lenet": lenet, "mobile": mobile, "resnet": resnet}


def noise(x: np.ndarray, *rest: np.ndarray, layer, w) -> np.ndarray:
    """A layer with noise of a thousandth of its largest number."""
    y = layer.forward(x, *rest, w=w, run=Run())
    rng = np.random.default_rng(zlib.crc32(repr(layer).encode()))
    return y + np.abs(y[np.isfinite(y)]).max() * 1e-3 * rng.normal(size=y.shape)


@pytest.mark.parametrize("net", NETWORKS)
def test_noise_has_no_rule(net: str) -> None:
    """An engine that adds noise to one layer is found there, and nothing is made up to explain it."""
    network = NETWORKS[net]()
    image = np.random.default_rng(2).normal(size=network.inputs[0].shape)
    step = 1 if len(network.layers) < 30 else 7
    for name in list(network.layers)[::step]:
        found = compare(network, network, image, engines=("reference", Bent({name: noise})))
        assert [one.layer.a for one in found.differences] == [name]
        assert found.rules == ()


def applied(net: Network) -> Iterator[tuple[str, Unit, Variant, list[Sample]]]:
    """Yield each variant that a rule proposes of each layer, with what it gives on two images where that is another."""
    rng = np.random.default_rng(4)
    images = [rng.normal(size=(1, *net.inputs[0].shape)).astype(np.float32) - shift for shift in (0, 2)]
    exact = [exact_values(net, (image,)) for image in images]
    for name, layer in net.layers.items():
        known = {*net.shapes} - {name}
        unit = Unit(net, name, known)
        shapes = tuple(node.shape for node in unit.members[0].inputs)
        member = Member(name, layer, unit.weights[name], shapes)
        for rule in RULES:
            for variant in rule(member):
                if variant.seen is not None:
                    continue
                step = variant.forward(np.empty(0))
                try:
                    targets = [unit.run(values, {name: step}) for values in exact]
                except (ValueError, KeyError):
                    continue
                samples = [
                    Sample({read: values[read] for read in unit.reads}, target)
                    for values, target in zip(exact, targets, strict=True)
                ]
                right = [values[name] for values in exact]
                if any(x.shape != y.shape or np.abs(x - y).max() > 1e-9 for x, y in zip(right, targets, strict=True)):
                    yield name, unit, variant, samples


@pytest.mark.slow
@pytest.mark.parametrize("net", NETWORKS)
def test_every_rule_is_named_where_it_is_planted(net: str) -> None:
    """Whatever a rule proposes of a layer is named, and first, when that is what an engine computes."""
    total, first, others = 0, 0, 0
    for _, unit, variant, samples in applied(NETWORKS[net]()):
        findings = [finding.rule for finding in explained(unit, None, samples, ("A", "B"), {})]
        assert variant.rule in findings
        total += 1
        first += findings[0] == variant.rule
        others += len(findings) - 1
    print(f"{net}: {total} planted, {first} named first, {others} others that give the same numbers")
    assert first >= 0.95 * total

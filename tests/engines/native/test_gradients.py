"""Gradients of values: in sample lanes, or by the layers' definitions, with the same numbers."""

from __future__ import annotations

import pytest
from contract_training import check_values_gradients

from pellucid.engines import NativeEngine
from pellucid.engines.native import lanes
from pellucid.engines.native.machine import host
from pellucid.engines.native.samples import gradients


def test_few_samples_of_a_large_network_are_left_to_the_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a block and less runs the definitions, more runs machine code; the numbers are right in both ways."""
    counts: set[int] = set()
    real = gradients.reference.gradients

    def defined(net, known, name, slope):
        counts.add(len(slope))
        return real(net, known, name, slope)

    monkeypatch.setattr(gradients.reference, "gradients", defined)
    check_values_gradients(NativeEngine())  # a small network
    assert counts == set()
    monkeypatch.setattr(lanes, "SMALL", 0)
    check_values_gradients(NativeEngine())
    assert counts == {count for count in (1, 8, 17) if count <= host().lanes // 2}

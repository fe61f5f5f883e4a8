"""Grouped convolutions in channel lanes are the layer's own definition, to the last bit on whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.channels.arrays import laid_out
from engines.native.channels.test_direct import RELU, TARGETS, Case, arrays, made
from engines.native.channels.test_direct import geometry as square

from pellucid.engines.native.channels.lanewise import LanewiseConv
from pellucid.engines.native.channels.layout import Blocked
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.machine import Target, available
from pellucid.engines.native.samples.geometry import ConvGeometry

CASES = {
    "depthwise": Case(ConvGeometry(23, 23, (3, 2), (2, 1), (1, 3), ((2, 0), (1, 3)), 23), 11, 17, False, RELU, True),
    "depthwise with a stride": Case(square(48, 48, 3, stride=2, padding=1, groups=48), 16, 16),
    "depthwise of wide kernels": Case(square(16, 16, 7, padding=3, groups=16), 9, 30, activation=RELU),
    "groups within a block": Case(square(32, 32, 3, padding=1, groups=8), 7, 15),
    "wide groups within a block": Case(square(48, 48, 3, padding=1, groups=6), 6, 5, residual=True),
    "several outputs a channel": Case(square(5, 15, 3, padding=1, groups=5), 6, 5, activation=RELU),
    "groups across blocks": Case(square(24, 36, 3, stride=2, padding=1, groups=2), 7, 8),
}


def kernel_of(case: Case, lanes: int) -> LanewiseConv:
    """The kernel of a case."""
    direct = case.kernel(lanes)
    assert isinstance(direct.x, Blocked)
    return LanewiseConv(direct.x, direct.y, case.geometry, case.activation, direct.residual)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_whole_numbers_are_convolved_exactly(name: str, target: Target) -> None:
    """Every number is the definition's; around the map and in lanes without a channel are zeros."""
    kernel = kernel_of(CASES[name], target.lanes)
    given, expected = arrays(CASES[name], kernel, whole=True)
    np.testing.assert_array_equal(made(kernel, given, target), expected)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("name", CASES)
def test_sums_stay_in_registers(name: str, target: Target) -> None:
    """No vector register meets the stack, on any instruction set."""
    _, text = kernel_of(CASES[name], target.lanes).text(target)
    assert spills(assembly(text, target, name)) == 0


def test_an_infinite_channel_stays_in_its_group() -> None:
    """What a group does not read has no part in its sums, be it infinite."""
    case = CASES["groups across blocks"]
    target = available()[0]
    kernel = kernel_of(case, target.lanes)
    given, _ = arrays(case, kernel, whole=True)
    x = np.zeros((24, 7, 8), np.float32)
    x[0] = np.inf
    given[0][...] = laid_out(x, kernel.x)
    y = made(kernel, given, target)
    assert np.isnan(y[:18]).any() or np.isinf(y[:18]).any()
    assert np.isfinite(y[18:]).all()

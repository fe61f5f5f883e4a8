"""The direct convolution in channel lanes is the layer's own definition, to the last bit on whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from engines.native.channels.arrays import convolved, laid_out, output_size, room, value_of
from engines.native.harness import aligned, run

from pellucid.engines.native.channels.direct import DirectConv
from pellucid.engines.native.channels.lanewise import LanewiseConv
from pellucid.engines.native.channels.layout import Blocked, Planar
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.geometry import ConvGeometry

TARGETS = [x86("avx512"), x86("avx2"), x86("sse2"), neon()]


@dataclass(frozen=True)
class Case:
    """A convolution on one image."""

    geometry: ConvGeometry
    height: int
    width: int
    planar: bool = False
    activation: Activation | None = None
    residual: bool = False
    halo: tuple[int, int, int, int] = (1, 1, 1, 1)  # of the output

    def kernel(self, lanes: int) -> DirectConv:
        """The kernel in so many lanes; its input has a larger halo than it needs."""
        (top, bottom), (left, right) = self.geometry.padding
        halo = (top + 1, bottom, left, right + 2)
        size = output_size(self.geometry, self.height, self.width)
        y = Blocked(self.geometry.outputs, *size, lanes=lanes)
        maps = (self.geometry.inputs, self.height, self.width, *halo)
        x = Planar(*maps) if self.planar else Blocked(*maps, lanes=lanes)
        return DirectConv(
            x,
            y.with_halo(*self.halo),
            self.geometry,
            self.activation,
            y.with_halo(0, 0, 2, 1) if self.residual else None,
        )


def geometry(
    inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0, groups: int = 1
) -> ConvGeometry:
    """A square convolution."""
    sides = (padding, padding)
    return ConvGeometry(inputs, outputs, (kernel, kernel), (stride, stride), (1, 1), (sides, sides), groups)


RELU = Activation("relu")
PRIMES = ConvGeometry(19, 23, (3, 2), (2, 1), (1, 3), ((2, 0), (1, 3)))
CASES = {
    "primes": Case(
        ConvGeometry(19, 23, (3, 2), (2, 1), (1, 3), ((2, 0), (1, 3))), 11, 17, False, RELU, True, (0, 2, 1, 0)
    ),
    "coincidences": Case(geometry(16, 16, 3, padding=1), 16, 16),
    "image": Case(geometry(3, 32, 7, stride=2, padding=3), 29, 29, True, RELU),
    "gray": Case(geometry(1, 6, 5), 28, 28, True),
    "few channels": Case(geometry(6, 16, 5), 14, 14, halo=(0, 0, 0, 0)),
    "small maps": Case(geometry(32, 64, 3, padding=1), 7, 7, residual=True),
    "one place": Case(geometry(32, 33, 1), 1, 1, activation=RELU),
    "a dot a stride": Case(geometry(64, 48, 1, stride=2), 15, 13),
    "odd groups of outputs": Case(geometry(16, 80, 3, padding=1), 5, 30),
    "groups": Case(geometry(64, 96, 3, padding=1, groups=2), 6, 9),
    "strips": Case(geometry(48, 48, 3, padding=1), 61, 29, activation=Activation("leaky_relu", 0.5)),
}


def arrays(case: Case, kernel: DirectConv | LanewiseConv, whole: bool) -> tuple[list[np.ndarray], np.ndarray]:
    """The kernel's arrays, and what it should make, in float64."""
    rng, shape = np.random.default_rng(3), (case.geometry.outputs, kernel.y.height, kernel.y.width)

    def numbers(*shape: int) -> np.ndarray:
        drawn = rng.integers(-4, 5, shape) if whole else rng.standard_normal(shape)
        return drawn.astype(np.float32)

    x = numbers(case.geometry.inputs, case.height, case.width)
    weight = numbers(shape[0], case.geometry.inputs // case.geometry.groups, *case.geometry.kernel)
    bias, other = numbers(shape[0]), numbers(*shape)
    wide_x, wide_weight, wide_bias = (array.astype(np.float64) for array in (x, weight, bias))
    sums = convolved(wide_x, wide_weight, wide_bias, case.geometry) + (other if case.residual else 0)
    slope = 1.0 if case.activation is None else case.activation.parameter
    packed = [laid_out(x, kernel.x), aligned(kernel.pack(weight)), aligned(kernel.pack_bias(bias)), room(kernel.y)]
    others = [laid_out(other, kernel.residual)] if kernel.residual else []
    return packed + others, np.where(sums > 0, sums, sums * slope)


def made(kernel: DirectConv | LanewiseConv, given: list[np.ndarray], target: Target) -> np.ndarray:
    """What the kernel makes, item by item, the last one first."""
    for item in reversed(range(kernel.items)):
        run(kernel, *given, item=item, target=target)
    return value_of(given[3], kernel.y)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_whole_numbers_are_convolved_exactly(name: str, target: Target) -> None:
    """Every number is the definition's; around the map and in lanes without a channel are zeros."""
    kernel = CASES[name].kernel(target.lanes)
    given, expected = arrays(CASES[name], kernel, whole=True)
    np.testing.assert_array_equal(made(kernel, given, target), expected)


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_real_numbers_are_convolved_within_the_bound_of_a_sum(target: Target) -> None:
    """No error is larger than a sum of so many terms in float32 may have."""
    case = CASES["primes"]
    kernel = replace(case.kernel(target.lanes), activation=None)
    given, _ = arrays(case, kernel, whole=False)
    _, expected = arrays(replace(case, activation=None), kernel, whole=False)
    terms = case.geometry.inputs * case.geometry.area + 2
    bound = 2.0**-24 * terms * np.abs(expected).max() * 4
    assert np.abs(made(kernel, given, target) - expected).max() <= bound


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_infinity_stays_out_of_lanes_without_a_channel(target: Target) -> None:
    """An infinite input makes NaN of 0 * infinity where there is no channel; it does not get into memory."""
    case = CASES["odd groups of outputs"]
    case = replace(case, geometry=replace(case.geometry, outputs=79))
    kernel = case.kernel(target.lanes)
    given, _ = arrays(case, kernel, whole=True)
    given[0][np.flatnonzero(given[0] == 4)[0]] = np.inf
    assert np.isinf(made(kernel, given, target)).any()  # it also demands zeros in lanes without a channel


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("name", ["primes", "image", "gray", "strips"])
def test_sums_stay_in_registers(name: str, target: Target) -> None:
    """No vector register meets the stack, on any instruction set."""
    _, text = CASES[name].kernel(target.lanes).text(target)
    assert spills(assembly(text, target, name)) == 0


def test_work_is_cut_for_threads() -> None:
    """A large layer has items for several threads, an even number of them; one of a few microseconds is one item."""
    assert CASES["strips"].kernel(16).items == 8
    assert CASES["gray"].kernel(16).items == 1
    weights_dominate = Case(geometry(512, 512, 3, padding=1), 7, 7).kernel(16)
    assert weights_dominate.items == 8
    strips_alone_would_be_odd = Case(geometry(128, 256, 1, stride=2), 28, 28).kernel(16)
    assert strips_alone_would_be_odd.items == 14

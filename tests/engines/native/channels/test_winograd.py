"""Winograd's convolution in channel lanes keeps its promise of exactness, and writes nothing but its map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from engines.native.channels.arrays import convolved, laid_out, output_size, room, value_of
from engines.native.channels.test_direct import TARGETS
from engines.native.harness import aligned, run

from pellucid.engines.native.channels.direct import DirectConv
from pellucid.engines.native.channels.layout import Blocked
from pellucid.engines.native.channels.winograd import WinogradConv, WinogradInputs, WinogradProducts, halo
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.machine import Target, available
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.geometry import ConvGeometry

SAME = ((1, 1), (1, 1))


@dataclass(frozen=True)
class Case:
    """A convolution of one image by 3x3 kernels."""

    inputs: int
    outputs: int
    height: int
    width: int
    padding: tuple[tuple[int, int], tuple[int, int]] = SAME
    activation: Activation | None = None
    residual: bool = False
    pool: bool = False

    @property
    def geometry(self) -> ConvGeometry:
        """The convolution."""
        return ConvGeometry(self.inputs, self.outputs, (3, 3), padding=self.padding)

    def kernels(self, size: int, lanes: int) -> tuple[WinogradConv, WinogradInputs, WinogradProducts]:
        """The kernel of one phase, and the two of two phases."""
        height, width = output_size(self.geometry, self.height, self.width)
        x = Blocked(self.inputs, self.height, self.width, lanes=lanes)
        x = x.with_halo(*halo(self.geometry, self.height, self.width, size))
        divisor = 2 if self.pool else 1
        y = Blocked(self.outputs, height // divisor, width // divisor, 1, 1, 2, 1, lanes=lanes)
        residual = Blocked(self.outputs, height, width, 0, 0, 1, 0, lanes=lanes) if self.residual else None
        fields = (x, y, self.geometry, size, self.activation, residual, self.pool)
        return WinogradConv(*fields), WinogradInputs(*fields), WinogradProducts(*fields)


RELU = Activation("relu")
CASES = {
    "primes": Case(19, 23, 13, 17, ((0, 2), (1, 0)), RELU, residual=True),
    "coincidences": Case(16, 16, 16, 16),
    "a pool of odd maps": Case(32, 32, 11, 15, activation=Activation("leaky_relu", 0.5), pool=True),
    "a pool that leaves out a tile": Case(19, 23, 9, 13, ((0, 2), (1, 1)), RELU, pool=True),
    "less than a tile": Case(5, 3, 1, 2),
    "many channels": Case(200, 80, 6, 9, residual=True),  # sums of sums, and a block of a group that is not there
}


class Drawn:
    """Numbers for a case, and what should be made of them, in float64."""

    def __init__(self, case: Case) -> None:
        rng = np.random.default_rng(5)
        size = output_size(case.geometry, case.height, case.width)
        self.x = np.maximum(rng.standard_normal((case.inputs, case.height, case.width)), 0).astype(np.float32)
        shape = (case.outputs, case.inputs, 3, 3)
        self.weight = (rng.standard_normal(shape) * np.sqrt(2 / (9 * case.inputs))).astype(np.float32)
        self.bias = rng.standard_normal(case.outputs).astype(np.float32)
        self.other = rng.standard_normal((case.outputs, *size)).astype(np.float32)
        wide_x, wide_weight, wide_bias = (a.astype(np.float64) for a in (self.x, self.weight, self.bias))
        sums = convolved(wide_x, wide_weight, wide_bias, case.geometry) + (self.other if case.residual else 0)
        slope = 1.0 if case.activation is None else case.activation.parameter
        y = np.where(sums > 0, sums, sums * slope)
        if case.pool:
            rows, columns = size[0] // 2, size[1] // 2
            y = y[:, : 2 * rows, : 2 * columns].reshape(case.outputs, rows, 2, columns, 2).max((2, 4))
        self.y = y


def call(kernel: Kernel, items: int, target: Target, *arrays: np.ndarray) -> None:
    """Run all items, the last one first."""
    for item in reversed(range(items)):
        run(kernel, *arrays, item=item, target=target)


def made(case: Case, drawn: Drawn, size: int, phases: int, target: Target) -> np.ndarray:
    """What one kernel makes, or two one after another."""
    conv, inputs, products = case.kernels(size, target.lanes)
    x, y = laid_out(drawn.x, conv.x), room(conv.y)
    rest = [laid_out(drawn.other, conv.residual)] if conv.residual else []
    packed = aligned(conv.pack(drawn.weight)), aligned(conv.pack_bias(drawn.bias)), y
    last = conv if phases == 1 else products
    scratch = aligned(np.full(last.scratch, np.nan, np.float32))
    if phases == 1:
        call(conv, conv.items, target, x, *packed, scratch, *rest)
    else:
        v = aligned(np.full(inputs.floats, np.nan, np.float32))
        call(inputs, inputs.items, target, x, v)
        call(products, products.items, target, v, *packed, scratch, *rest)
    return value_of(y, conv.y)


def relative(a: np.ndarray, b: np.ndarray) -> float:
    """The relative L2 error of a."""
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_the_map_is_the_convolutions(name: str, size: int, target: Target) -> None:
    """One phase or two: the same bits, and each within 1e-5 of the largest output."""
    case = CASES[name]
    drawn = Drawn(case)
    one, two = (made(case, drawn, size, phases, target) for phases in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - drawn.y).max() <= 1e-5 * np.abs(drawn.y).max()


@pytest.mark.parametrize("channels", [64, 512])
@pytest.mark.parametrize("size", [2, 4])
def test_the_error_is_at_most_three_times_that_of_the_definition(channels: int, size: int) -> None:
    """Compared with the direct convolution in float32, on rectified inputs and weights of the usual size."""
    case, target = Case(channels, 32, 8, 8), available()[0]
    drawn = Drawn(case)
    kernel = DirectConv(*(getattr(case.kernels(size, target.lanes)[0], name) for name in ("x", "y", "geometry")))
    packed = aligned(kernel.pack(drawn.weight)), aligned(kernel.pack_bias(drawn.bias))
    y = room(kernel.y)
    call(kernel, kernel.items, target, laid_out(drawn.x, kernel.x), *packed, y)
    direct = relative(value_of(y, kernel.y), drawn.y)
    assert relative(made(case, drawn, size, 1, target), drawn.y) <= 3 * direct


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("name", ["primes", "a pool of odd maps"])
def test_values_stay_in_registers(name: str, target: Target) -> None:
    """No vector register meets the stack, on any instruction set."""
    for size in (2, 4):
        conv, _, products = CASES[name].kernels(size, target.lanes)
        for kernel in (conv, products):
            assert spills(assembly(kernel.text(target)[1], target, name)) == 0


def test_large_maps_are_cut_for_threads_and_keep_within_the_second_cache() -> None:
    """A group of tiles is as large as its points have room, and nothing is made twice where sizes divide."""
    conv, _, products = Case(64, 64, 56, 56).kernels(4, 16)
    assert (conv.items, products.items) == (14, 8)
    assert Case(64, 64, 224, 224).kernels(4, 16)[0].scratch * 4 < 1 << 20

"""The convolution whose lanes are pixels is the layer's own definition, to the last bit on whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.channels.arrays import convolved, laid_out, output_size, room, value_of
from engines.native.harness import aligned, run

from pellucid.engines.native.channels.layout import Blocked, Planar
from pellucid.engines.native.channels.pixels import PixelConv, suits
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.geometry import ConvGeometry

TARGETS = [x86("avx512"), x86("avx2"), x86("sse2"), neon()]
CASES = {  # by name: the geometry for so many outputs, height, width
    "gray": (lambda outputs: ConvGeometry(1, outputs, (5, 5), padding=((2, 2), (2, 2))), 28, 28),
    "colour": (lambda outputs: ConvGeometry(3, outputs, (3, 2), (1, 1), (2, 3), ((1, 0), (0, 4))), 7, 37),
    "one vector": (lambda outputs: ConvGeometry(2, outputs, (1, 1)), 3, 16),
    "strips": (lambda outputs: ConvGeometry(3, outputs, (7, 7), padding=((3, 3), (3, 3))), 99, 101),
}
RELU = Activation("relu")


def kernel(name: str, outputs: int, lanes: int) -> PixelConv:
    """The kernel of a case."""
    make, height, width = CASES[name]
    geometry = make(outputs)
    size = output_size(geometry, height, width)
    (top, bottom), (left, right) = geometry.padding
    x = Planar(geometry.inputs, height, width, top, bottom + 1, left, right + 2)
    return PixelConv(x, Blocked(outputs, *size, lanes=lanes).with_halo(1, 0, 2, 1), geometry, RELU)


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
@pytest.mark.parametrize("name", CASES)
def test_whole_numbers_are_convolved_exactly(name: str, target: Target) -> None:
    """Every number is the definition's; around the map and in lanes without a channel are zeros."""
    rng = np.random.default_rng(3)
    for outputs in {1, 2, 3, 6, 8} & set(range(min(8, target.lanes // 2) + 1)):
        made = kernel(name, outputs, target.lanes)
        x = rng.integers(-4, 5, (made.x.channels, made.x.height, made.x.width)).astype(np.float32)
        weight = rng.integers(-4, 5, (outputs, made.x.channels, *made.geometry.kernel)).astype(np.float32)
        bias = rng.integers(-4, 5, outputs).astype(np.float32)
        given = [laid_out(x, made.x), aligned(made.pack(weight)), aligned(made.pack_bias(bias)), room(made.y)]
        for item in reversed(range(made.items)):
            run(made, *given, item=item, target=target)
        expected = np.maximum(convolved(x, weight, bias, made.geometry), 0)
        np.testing.assert_array_equal(value_of(given[3], made.y), expected)


def test_pixels_are_for_few_outputs_of_wide_images() -> None:
    """Half the lanes at most, rows of a vector at least, and no strides or groups."""
    target = x86("avx512")
    assert suits(ConvGeometry(3, 8, (3, 3)), 16, target)
    assert not suits(ConvGeometry(3, 9, (3, 3)), 16, target)
    assert not suits(ConvGeometry(3, 8, (3, 3)), 15, target)
    assert not suits(ConvGeometry(3, 8, (3, 3)), 129, target)
    assert not suits(ConvGeometry(3, 8, (3, 3), (1, 2)), 16, target)
    assert not suits(ConvGeometry(1, 6, (3, 3)), 16, x86("avx2"))


def test_work_is_cut_for_threads() -> None:
    """A large image is eight items, a small one is one."""
    assert kernel("strips", 8, 16).items == 8
    assert kernel("gray", 6, 16).items == 1


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("name", ["gray", "colour"])
def test_sums_stay_in_registers(name: str, target: Target) -> None:
    """No vector register meets the stack, on any instruction set."""
    _, text = kernel(name, min(8, target.lanes // 2), target.lanes).text(target)
    assert spills(assembly(text, target, name)) == 0

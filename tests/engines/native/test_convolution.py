"""Convolutions in sample lanes are the layer's, forward and backward, whatever the geometry, and stay in registers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from engines.native.harness import aligned, run
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.layout import Maps, maps_of
from pellucid.engines.native.machine import Target, available, host, neon, x86
from pellucid.engines.native.samples.convolution import ConvForward, ConvInputGradient, ConvWeightGradient
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.geometry import ConvGeometry, gradient_halo
from pellucid.errors import EngineError, ShapeError
from pellucid.layers import Conv2d
from pellucid.layers.base import Run

Floats = NDArray[np.float32]
Shape = tuple[int, int, int]
UNTOUCHED = np.float32(-77)
ROUNDINGS = 8  # of a sum's size; a sum of n products may be off by n, but most of its roundings cancel
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
CASES: list[tuple[Conv2d, Shape]] = [
    (Conv2d(5, 3, padding=1), (3, 7, 11)),
    (Conv2d(7, (5, 3), stride=(2, 3), padding=((2, 1), (0, 2))), (2, 11, 13)),
    (Conv2d(8, 3, padding=1), (8, 8, 8)),  # all the same
    (Conv2d(6, 5, padding=2), (1, 12, 12)),  # a first layer
    (Conv2d(3, 3, stride=2, dilation=2, padding=1), (2, 9, 12)),  # half of the places meet no tap
    (Conv2d(4, 2, stride=3, bias=False), (3, 8, 9)),  # places between the windows
    (Conv2d(6, (3, 2), dilation=(2, 3), padding=2), (2, 9, 8)),
    (Conv2d(13, 1), (9, 4, 4)),  # one run of places
    (Conv2d(5, 1, stride=2), (4, 5, 6)),
    (Conv2d(8, 3, padding=1, groups=8), (8, 6, 5)),  # depthwise
    (Conv2d(12, 3, padding=1, groups=3, bias=False), (9, 4, 5)),
    (Conv2d(19, 3, padding="same"), (70, 4, 5)),  # more channels than stay near
    (Conv2d(4, 3, padding=1), (2, 5, 40)),  # bands of rows
    (Conv2d(3, (2, 17), padding=(0, 8)), (2, 3, 9)),  # taps in a loop
    (Conv2d(2, (17, 1), padding=(8, 0)), (2, 4, 3)),
    (Conv2d(1, 1), (1, 1, 1)),
]


def geometry_of(layer: Conv2d, shape: Shape) -> ConvGeometry:
    """What the kernels know of a layer."""
    rows, columns = layer.windows()
    padding = (rows.pads(shape[1]), columns.pads(shape[2]))
    kernel, stride, dilation = layer.kernel_size, layer.stride, layer.dilation
    return ConvGeometry(shape[0], layer.out_channels, kernel, stride, dilation, padding, layer.groups)


def halo_of(geometry: ConvGeometry) -> tuple[int, int, int, int]:
    """The padding as a halo."""
    return (*geometry.padding[0], *geometry.padding[1])


def planes(maps: Maps, buffer: np.ndarray, halo: tuple[int, int, int, int]) -> np.ndarray:
    """The maps (lanes, channels, rows, columns) of a buffer with some of their halo, as a view."""
    rows = maps.top + maps.height + maps.bottom
    used = buffer.reshape(maps.channels, maps.plane, -1)[:, : rows * maps.row]
    padded = np.moveaxis(used.reshape(maps.channels, rows, maps.row, -1), -1, 0)
    top, bottom, left, right = halo
    high, wide = slice(maps.top - top, maps.top + maps.height + bottom), slice(maps.left - left, None)
    return padded[..., high, wide][..., : left + maps.width + right]


def laid(maps: Maps, values: np.ndarray, halo: tuple[int, int, int, int], rest: float = np.nan) -> Floats:
    """Values (lanes, channels, rows, columns) as maps with zeros in the halo that may be read; else `rest`."""
    buffer = aligned(np.full((maps.size, len(values)), rest, np.float32))
    planes(maps, buffer, halo)[...] = 0
    planes(maps, buffer, (0, 0, 0, 0))[...] = values
    return buffer


def guarded(values: np.ndarray) -> Floats:
    """Weights between guards of a vector's size."""
    guard = np.full(16, UNTOUCHED, np.float32)
    return aligned(np.concatenate([guard, values.astype(np.float32).ravel(), guard]))


@dataclass
class Problem:
    """A convolution with data, and its definition's answers in float64: (expected, sum of the terms' sizes)."""

    layer: Conv2d
    shape: Shape
    lanes: int
    whole_numbers: bool

    def __post_init__(self) -> None:
        rng = np.random.default_rng(7)

        def numbers(*shape: int) -> np.ndarray:
            drawn = rng.integers(-4, 5, shape) if self.whole_numbers else rng.standard_normal(shape)
            return drawn.astype(np.float32).astype(np.float64)

        layer, self.geometry = self.layer, geometry_of(self.layer, self.shape)
        # Pointwise kernels run over rows that follow one another; others write into the midst of a halo.
        self.around = (0, 0, 0, 0) if layer.kernel_size == (1, 1) else (1, 0, 2, 1)
        self.x = numbers(self.lanes, *self.shape)
        self.w = {name: numbers(*weight.shape) for name, weight in layer.weights(self.shape).items()}
        self.out = layer.output_shape(self.shape)
        self.dy = numbers(self.lanes, *self.out)
        self.y, self.y_size = self._forward(self.x, self.w), self._forward(abs(self.x), absolute(self.w))
        self.gradients = layer.backward(self.dy, self.x, y=self.y, w=self.w, run=Run())
        self.sizes = layer.backward(abs(self.dy), abs(self.x), y=self.y, w=absolute(self.w), run=Run())

    def _forward(self, x: np.ndarray, w: dict[str, np.ndarray]) -> np.ndarray:
        return self.layer.forward(x, w=w, run=Run())

    def check(self, got: np.ndarray, expected: np.ndarray, size: np.ndarray) -> None:
        """Exact for whole numbers, else within the rounding of sums."""
        if self.whole_numbers:
            np.testing.assert_array_equal(got, expected)
        else:
            assert (abs(got - expected) <= ROUNDINGS * 2.0**-24 * size).all()

    def forward(self, target: Target, activation: Activation | None, *, zeros: bool = False) -> None:
        """Check the output."""
        x, y = maps_of(self.shape).with_halo(*halo_of(self.geometry)), maps_of(self.out).with_halo(*self.around)
        result = laid(y, np.full_like(self.dy, UNTOUCHED), (0, 0, 0, 0), float(UNTOUCHED))
        bias = [guarded(self.w["bias"])[16:]] if self.layer.bias else []
        kernel = ConvForward(x, y, self.geometry, self.layer.bias, activation, zeros)
        source = laid(x, self.x, halo_of(self.geometry))
        run(kernel, source, guarded(self.w["weight"])[16:], *bias, result, target=target)
        self.check(planes(y, result, (0, 0, 0, 0)), np.maximum(self.y, 0) if activation else self.y, self.y_size)
        planes(y, result, (0, 0, 0, 0))[...] = UNTOUCHED
        assert (result == UNTOUCHED).all()

    def input_gradient(self, target: Target, *, add: bool) -> None:
        """Check the input's gradient."""
        halo = gradient_halo(self.geometry, *self.shape[1:], *self.out[1:])
        dy, dx = maps_of(self.out).with_halo(*halo), maps_of(self.shape).with_halo(*self.around)
        result = laid(dx, np.full_like(self.x, 3), (0, 0, 0, 0), float(UNTOUCHED))
        kernel = ConvInputGradient(dy, dx, self.geometry, add, whole=False)
        run(kernel, laid(dy, self.dy, halo), guarded(self.w["weight"])[16:], result, target=target)
        (expected,), (size,) = self.gradients.inputs, self.sizes.inputs
        self.check(planes(dx, result, (0, 0, 0, 0)), expected + 3 * add, size + 3)
        planes(dx, result, (0, 0, 0, 0))[...] = UNTOUCHED
        assert (result == UNTOUCHED).all()

    def weight_gradient(self, target: Target, *, zeros: bool = False) -> None:
        """Check the gradients of weights and bias, which are added to what is there."""
        x, dy = maps_of(self.shape).with_halo(*halo_of(self.geometry)).with_halo(*self.around), maps_of(self.out)
        results = {name: guarded(np.full(value.shape, 2)) for name, value in self.w.items()}
        kernel = ConvWeightGradient(x, dy, self.geometry, self.layer.bias, zeros)
        source = laid(x, self.x, halo_of(self.geometry))
        run(
            kernel,
            source,
            laid(dy, self.dy, (0, 0, 0, 0)),
            *(result[16:] for result in results.values()),
            target=target,
        )
        for name, result in results.items():
            value, size = self.gradients.weights[name], self.sizes.weights[name]
            self.check(result[16:-16].reshape(value.shape), value + 2, size + 2)
            assert (result[:16] == UNTOUCHED).all()
            assert (result[-16:] == UNTOUCHED).all()


def absolute(w: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The sizes of weights."""
    return {name: abs(value) for name, value in w.items()}


@cache
def problem(case: int, lanes: int, whole_numbers: bool) -> Problem:
    """A case with its answers, made once."""
    return Problem(*CASES[case], lanes, whole_numbers)


@TARGETS
@pytest.mark.parametrize("whole_numbers", [True, False], ids=["whole", "random"])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_convolutions_are_the_layer(case: int, whole_numbers: bool, target: Target) -> None:
    """Outputs and gradients equal the definition's: exactly for whole numbers, else within rounding."""
    task = problem(case, target.lanes, whole_numbers)
    task.forward(target, Activation("relu") if case % 2 else None, zeros=True)
    task.input_gradient(target, add=case % 2 == 0)
    task.weight_gradient(target, zeros=True)


@TARGETS
@pytest.mark.parametrize("case", [1, 4, 5, 11])
def test_other_ways_to_begin_and_finish(case: int, target: Target) -> None:
    """The activation is optional, gradients may be stored or added, and zeros around the maps may go unnoticed."""
    task = problem(case, target.lanes, whole_numbers=True)
    task.forward(target, None if case % 2 else Activation("relu"))
    task.input_gradient(target, add=case % 2 == 1)
    task.weight_gradient(target)


@TARGETS
@pytest.mark.parametrize("case", [0, 1, 4, 6])
def test_the_padding_gets_its_gradient(case: int, target: Target) -> None:
    """With `whole`, the places of the padding get the gradient that a larger map without padding would get."""
    task = problem(case, target.lanes, whole_numbers=True)
    geometry, (channels, height, width) = task.geometry, task.shape
    halo = halo_of(geometry)
    top, bottom, left, right = halo
    layer = task.layer
    bare = Conv2d(layer.out_channels, layer.kernel_size, stride=layer.stride, dilation=layer.dilation)
    padded = np.pad(task.x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    (expected,) = bare.backward(task.dy, padded, y=task.y, w=task.w, run=Run()).inputs
    around = gradient_halo(geometry, height, width, *task.out[1:], whole=True)
    dy, dx = maps_of(task.out).with_halo(*around), Maps(channels, height, width).with_halo(*halo)
    result = laid(dx, np.full_like(task.x, UNTOUCHED), (0, 0, 0, 0), float(UNTOUCHED))
    kernel = ConvInputGradient(dy, dx, geometry, add=False, whole=True)
    run(kernel, laid(dy, task.dy, around), guarded(task.w["weight"])[16:], result, target=target)
    np.testing.assert_array_equal(planes(dx, result, halo), expected)


def test_infinity_and_nan_stay_where_windows_meet_them() -> None:
    """One sample's infinity or NaN reaches the outputs whose windows hold it, and no other sample."""
    target = host()
    layer, shape = Conv2d(2, 3, padding=1, bias=False), (1, 5, 5)
    x = np.zeros((target.lanes, *shape))
    x[0, 0, 1, 1], x[1, 0, 4, 4] = np.inf, np.nan
    w = {"weight": np.ones((2, 1, 3, 3))}
    maps, out = Maps(*shape).with_halo(1, 1, 1, 1), Maps(2, 5, 5)
    result = laid(out, np.zeros((target.lanes, 2, 5, 5)), (0, 0, 0, 0))
    kernel = ConvForward(maps, out, geometry_of(layer, shape), False, None)
    run(kernel, laid(maps, x, (1, 1, 1, 1)), guarded(w["weight"])[16:], result, target=target)
    with np.errstate(invalid="ignore"):
        expected = layer.forward(x, w=w, run=Run())
    np.testing.assert_array_equal(planes(out, result, (0, 0, 0, 0)), expected)


def test_maps_without_their_halo_are_refused() -> None:
    """A layout that lacks places that a kernel would read is an error, not a wrong number."""
    geometry = ConvGeometry(1, 2, (3, 3), padding=((0, 0), (1, 1)))
    x, y = Maps(1, 6, 4), Maps(2, 4, 4)
    for kernel in (ConvForward(x, y, geometry, False), ConvWeightGradient(x, y, geometry, False)):
        with pytest.raises(EngineError, match=r"a halo of \(0, 0, 0, 0\)[\s\S]*at least \(0, 0, 1, 1\)"):
            kernel.text(host())
    with pytest.raises(EngineError, match=r"a halo of \(0, 0, 0, 0\)[\s\S]*at least \(2, 2, 1, 1\)"):
        ConvInputGradient(y, x, geometry).text(host())


SHAPES = [  # inputs, outputs, kernel, size, stride, padding, groups
    (1, 6, 5, 28, 1, 2, 1),
    (6, 16, 5, 14, 1, 0, 1),
    (16, 32, 3, 4, 1, 1, 1),
    (3, 32, 3, 32, 1, 1, 1),
    (64, 64, 3, 56, 1, 1, 1),
    (64, 128, 1, 16, 1, 0, 1),
    (13, 29, 3, 17, 2, 1, 1),
    (3, 64, 7, 32, 2, 3, 1),
    (24, 24, 3, 9, 1, 1, 24),
]


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_no_sum_leaves_the_registers(shape: tuple[int, ...], target: Target) -> None:
    """Nothing is put aside on the stack, on any instruction set."""
    texts = [kernel.text(target)[1] for kernel in kernels(*shape)]
    assert [spills(assembly(text, target, "a convolution")) for text in texts] == [0, 0, 0]


def kernels(inputs: int, outputs: int, kernel: int, size: int, stride: int, padding: int, groups: int) -> list[Kernel]:
    """The three kernels of a square convolution."""
    sides = (padding, padding)
    geometry = ConvGeometry(inputs, outputs, (kernel, kernel), (stride, stride), (1, 1), (sides, sides), groups)
    out = (size + 2 * padding - kernel) // stride + 1
    x, y = Maps(inputs, size, size).with_halo(*halo_of(geometry)), Maps(outputs, out, out)
    dy = y.with_halo(*gradient_halo(geometry, size, size, out, out))
    return [
        ConvForward(x, y, geometry, True, Activation("relu"), True),
        ConvInputGradient(dy, Maps(inputs, size, size), geometry),
        ConvWeightGradient(x, dy, geometry, True, True),
    ]


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Conv2d, Shape]:
    """Any convolution of small maps."""

    def pair(most: int) -> tuple[int, int]:
        return draw(st.integers(1, most)), draw(st.integers(1, most))

    groups = draw(st.sampled_from([1, 1, 2, 3]))
    inputs, outputs = (groups * draw(st.integers(1, 9)) for _ in range(2))
    sides = st.tuples(st.integers(0, 3), st.integers(0, 3))
    padding = draw(st.tuples(sides, sides))
    layer = Conv2d(
        outputs,
        pair(4),
        stride=pair(3),
        dilation=pair(3),
        padding=padding,
        groups=groups,
        bias=draw(st.booleans()),
    )
    return layer, (inputs, *pair(19))


@pytest.mark.slow
@given(convolutions(), st.sampled_from(available()), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_convolution_is_the_layer(case: tuple[Conv2d, Shape], target: Target, add: bool, zeros: bool) -> None:
    """What holds for the chosen cases holds for any."""
    layer, shape = case
    try:
        layer.output_shape(shape)
    except ShapeError:
        return
    task = Problem(layer, shape, target.lanes, whole_numbers=True)
    task.forward(target, Activation("relu") if add else None, zeros=zeros)
    task.input_gradient(target, add=add)
    task.weight_gradient(target, zeros=zeros)

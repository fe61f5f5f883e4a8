"""Pools give what their layers define, forward and backward, for windows of every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engines.native.harness import aligned, run
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.layout import Maps, maps_of
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.pooling import (
    AvgPoolBackward,
    AvgPoolForward,
    MaxPoolBackward,
    MaxPoolForward,
    Taps,
    taps_of,
)
from pellucid.errors import PellucidError
from pellucid.layers import AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from pellucid.layers.base import Layer, Run
from pellucid.window import Window

UNTOUCHED = np.float32(-77)
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
MAX: list[tuple[Layer, tuple[int, int, int]]] = [
    (MaxPool2d(2), (2, 4, 6)),
    (MaxPool2d(2), (3, 7, 5)),  # a row and a column that no window holds
    (MaxPool2d(3, stride=2), (2, 7, 9)),
    (MaxPool2d(3, stride=2, padding=1), (2, 8, 7)),
    (MaxPool2d((3, 2), stride=(2, 1), padding=1), (3, 7, 5)),
    (MaxPool2d((2, 3), stride=(2, 1)), (1, 6, 5)),  # windows that share columns, but no row
    (MaxPool2d(2, stride=3, dilation=2), (1, 8, 9)),
    (MaxPool2d(2, stride=1, dilation=3, padding=1), (1, 8, 9)),
    (MaxPool2d(2, stride=5), (1, 14, 17)),  # gaps between windows
    (MaxPool2d(3, stride=2, ceil_mode=True), (2, 6, 8)),
    (MaxPool2d(3, stride=2, padding="same"), (2, 6, 7)),
    (MaxPool2d(5, stride=1, padding=2), (1, 7, 8)),  # more bands than are written out
    (MaxPool2d(5, stride=2, padding=2), (1, 13, 11)),  # few bands, yet too much to be written out
    (MaxPool2d(7), (1, 14, 7)),  # windows too large to be written out
    (GlobalMaxPool2d(), (3, 4, 5)),
    (GlobalMaxPool2d(keepdims=True), (2, 7, 7)),
]
AVG: list[tuple[Layer, tuple[int, int, int]]] = [
    (AvgPool2d(2), (2, 4, 7)),
    (AvgPool2d((3, 2), stride=(2, 1), padding=1), (3, 7, 5)),
    (AvgPool2d(3, stride=2, padding=1, count_include_pad=False), (2, 6, 7)),
    (AvgPool2d(3, stride=2, padding=1, ceil_mode=True), (2, 6, 8)),
    (AvgPool2d(3, stride=2, padding="same"), (2, 6, 7)),
    (AvgPool2d(2, stride=2, padding=2), (1, 4, 4)),  # windows of padding alone
    (AvgPool2d(5, stride=1, padding=2), (1, 7, 8)),
    (AdaptiveAvgPool2d((2, 3)), (2, 4, 6)),
    (AdaptiveAvgPool2d((5, 4)), (2, 7, 11)),
    (AdaptiveAvgPool2d((4, 5)), (1, 3, 2)),
    (GlobalAvgPool2d(), (3, 4, 5)),
    (GlobalAvgPool2d(keepdims=True), (2, 9, 9)),
]


def both(layer: Layer, shape: tuple[int, int, int]) -> tuple[Taps, Taps]:
    """What a pool's outputs read along both axes."""
    rows, columns = layer.windows(shape)
    whole = [Taps((0,), (size,)) for size in shape[1:]]
    return (taps_of(rows, shape[1]) if rows else whole[0], taps_of(columns, shape[2]) if columns else whole[1])


def divisors(layer: Layer, shape: tuple[int, int, int]) -> list[tuple[int, ...]]:
    """What a pool's outputs are divided by along both axes."""
    if not isinstance(layer, AvgPool2d):
        return [taps.count for taps in both(layer, shape)]
    counted = layer.count_include_pad and layer.padding != "same"
    return [
        tuple(window.counts(size, include_pad=counted).tolist())
        for window, size in zip(layer.windows(shape), shape[1:], strict=True)
    ]


def places(maps: Maps) -> list[int]:
    """The vectors that hold numbers, in the order of a sample's numbers."""
    return [maps.at(c, y, x) for c in range(maps.channels) for y in range(maps.height) for x in range(maps.width)]


def laid(maps: Maps, samples: np.ndarray) -> np.ndarray:
    """Samples (lanes, ...) in a layout whose halo holds what must not be touched."""
    laid = aligned(np.full((maps.size, len(samples)), UNTOUCHED))
    laid[places(maps)] = samples.reshape(len(samples), -1).T
    return laid


def taken(maps: Maps, laid: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The samples (lanes, ...) in a layout; the halo must be as it was."""
    assert (np.delete(laid, places(maps), axis=0) == UNTOUCHED).all()
    return laid[places(maps)].T.reshape(shape)


def kernels(
    layer: Layer, x: Maps, y: Maps, dx: Maps, dy: Maps, *, add: bool = False, relu: bool = False
) -> tuple[Kernel, Kernel]:
    """A pool's kernels, forward and backward."""
    shape = x.channels, x.height, x.width
    rows, columns = both(layer, shape)
    if isinstance(layer, (MaxPool2d, GlobalMaxPool2d)):
        return MaxPoolForward(x, y, rows, columns), MaxPoolBackward(x, y, dx, dy, rows, columns, add, relu)
    by = divisors(layer, shape)
    return AvgPoolForward(x, y, rows, columns, by[0], by[1]), AvgPoolBackward(dx, dy, rows, columns, by[0], by[1], add)


def check(
    layer: Layer,
    values: np.ndarray,
    target: Target,
    *,
    halo: int,
    add: bool,
    relu: bool = False,
    ulps: int = 0,
    by: int = 1,
) -> None:
    """Compare forward and backward with the layer's own; halos must stay as they were. Gradients are times `by`."""
    _, channels, height, width = values.shape
    out = layer.output_shape(values.shape[1:])
    x = Maps(channels, height, width, halo, 0, 0, halo)
    y = maps_of((channels, *(out[1:] or (1, 1)))).with_halo(0, halo, halo, 0)
    dx, dy = replace(x, right=halo + 1), replace(y, top=1)
    forward, backward = kernels(layer, x, y, dx, dy, add=add, relu=relu)
    run_ = Run()
    with np.errstate(all="ignore"):
        expected = layer.forward(values, w={}, run=run_)
        grad = np.random.default_rng(7).integers(-8, 9, expected.shape).astype(np.float32) * by
        (back,) = layer.backward(grad, values, y=expected, w={}, run=run_).inputs
        before = np.random.default_rng(8).integers(-8, 9, values.shape).astype(np.float32)
        back = back * (values > 0) if relu else back
        back = before + back if add else back
    result = laid(y, np.zeros_like(expected))
    run(forward, laid(x, values), result, target=target)
    same(taken(y, result, expected.shape), expected, ulps)
    gradient = laid(dx, before)
    seen = (laid(x, values), laid(y, expected)) if isinstance(backward, MaxPoolBackward) else ()
    run(backward, *seen, laid(dy, grad), gradient, target=target)
    same(taken(dx, gradient, values.shape), back, ulps)


def same(got: np.ndarray, expected: np.ndarray, ulps: int) -> None:
    """Equal, NaN with NaN, or within some units in the last place of what may have been added up."""
    if ulps == 0:
        np.testing.assert_array_equal(got, expected)
    else:
        np.testing.assert_allclose(got, expected, rtol=ulps * 2.0**-24, atol=ulps * 2.0**-24 * 16)


def numbers(shape: tuple[int, ...], seed: int, *special: float) -> np.ndarray:
    """Few different whole numbers, so that windows have ties; some are special."""
    random = np.random.default_rng(seed)
    values = random.integers(-2, 3, shape).astype(np.float32)
    for number in special:
        values[random.random(shape) < 0.15] = number
    return values


@TARGETS
@pytest.mark.parametrize(("layer", "shape"), MAX, ids=str)
def test_max_pools_are_their_layers(layer: Layer, shape: tuple[int, int, int], target: Target) -> None:
    """The largest wins, NaN before all, the first of equals; a window of -inf gives its gradient to its first place."""
    lanes = target.lanes
    check(layer, numbers((lanes, *shape), 1), target, halo=0, add=False)
    check(layer, numbers((lanes, *shape), 2, -np.inf, np.nan, np.inf, -0.0), target, halo=2, add=False)
    check(layer, np.full((lanes, *shape), -np.inf, np.float32), target, halo=0, add=True)


@TARGETS
@pytest.mark.parametrize(("layer", "shape"), MAX[:4], ids=str)
def test_max_pools_know_the_slope_of_a_relu_before(layer: Layer, shape: tuple[int, int, int], target: Target) -> None:
    """Where all of a window was cut off, no gradient passes."""
    values = np.maximum(numbers((target.lanes, *shape), 3, -5.0), 0)
    for add in (False, True):
        check(layer, values, target, halo=1, add=add, relu=True)


@TARGETS
@pytest.mark.parametrize(("layer", "shape"), AVG, ids=str)
def test_average_pools_are_their_layers(layer: Layer, shape: tuple[int, int, int], target: Target) -> None:
    """Sums are divided as the layer divides; the parts of adaptive pools by one number instead of two."""
    lanes = target.lanes
    ulps = 0 if isinstance(layer, AvgPool2d) else 4
    by = int(np.lcm.reduce([a * b for a in divisors(layer, shape)[0] for b in divisors(layer, shape)[1]]))
    check(layer, numbers((lanes, *shape), 4) * by, target, halo=0, add=False, ulps=ulps, by=by)
    random = np.random.default_rng(5).normal(size=(lanes, *shape)).astype(np.float32)
    check(layer, random, target, halo=1, add=True, ulps=16)
    check(layer, numbers((lanes, *shape), 6, np.nan, np.inf), target, halo=0, add=False, ulps=16)


@st.composite
def pools(draw: st.DrawFn) -> tuple[Layer, tuple[int, int, int]]:
    """Pools that have a value for maps of some size."""
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    options: dict[str, Any] = {
        "stride": draw(st.tuples(st.integers(1, 4), st.integers(1, 4))),
        "padding": draw(st.one_of(st.just("same"), st.tuples(*[st.integers(0, size // 2) for size in kernel]))),
        "ceil_mode": draw(st.booleans()),
    }
    if draw(st.booleans()):
        layer: Layer = MaxPool2d(kernel, **options, dilation=draw(st.integers(1, 2)))
    else:
        layer = AvgPool2d(kernel, **options, count_include_pad=draw(st.booleans()))
    return layer, draw(st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)))


def check_any(pool: tuple[Layer, tuple[int, int, int]], target: Target, seed: int) -> None:
    """Compare a pool with its layer, if it takes maps of that size."""
    layer, shape = pool
    try:
        layer.output_shape(shape)
    except PellucidError:
        return
    exact = isinstance(layer, MaxPool2d)
    special = (-np.inf, np.nan) if exact else ()
    check(
        layer, numbers((target.lanes, *shape), seed, *special), target, halo=seed % 2, add=False, ulps=16 * (not exact)
    )


@TARGETS
@settings(max_examples=12)
@given(pool=pools(), seed=st.integers(0, 9))
def test_pools_of_any_kind(target: Target, pool: tuple[Layer, tuple[int, int, int]], seed: int) -> None:
    """Windows of any size, stride, padding and dilation do what their layer does."""
    check_any(pool, target, seed)


@pytest.mark.slow
@TARGETS
@settings(max_examples=300)
@given(pool=pools(), seed=st.integers(0, 9))
def test_many_pools(target: Target, pool: tuple[Layer, tuple[int, int, int]], seed: int) -> None:
    """The same for many more."""
    check_any(pool, target, seed)


def test_free_lanes_get_no_gradient() -> None:
    """Where no gradient comes in, none goes out, whatever the numbers are."""
    lanes = available()[0].lanes
    x, y = Maps(1, 4, 4), Maps(1, 2, 2)
    values = numbers((lanes, 1, 4, 4), 9, np.nan, np.inf, -np.inf)
    expected = MaxPool2d(2).forward(values, w={}, run=Run())
    gradient = laid(x, np.ones_like(values))
    taps = taps_of(Window(2, 2), 4)
    kernel = MaxPoolBackward(x, y, x, y, taps, taps)
    run(kernel, laid(x, values), laid(y, expected), laid(y, np.zeros_like(expected)), gradient)
    np.testing.assert_array_equal(gradient, 0)


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
@pytest.mark.parametrize(
    ("layer", "shape"),
    [MAX[0], MAX[3], MAX[12], MAX[13], (MaxPool2d(5), (2, 10, 15)), AVG[1], AVG[8], AVG[11]],
    ids=str,
)
def test_nothing_is_put_aside(layer: Layer, shape: tuple[int, int, int], target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    out = layer.output_shape(shape)
    x, y = maps_of(shape).with_halo(1, 1, 1, 1), maps_of((out[0], *(out[1:] or (1, 1))))
    for kernel in kernels(layer, x, y, x, y, add=True):
        _, text = kernel.text(target)
        assert spills(assembly(text, target, str(kernel))) == 0

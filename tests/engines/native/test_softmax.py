"""Softmax and its logarithm give what their layers define, along any axis of any shape, forward and backward."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import Maps, maps_of
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.log_softmax import LogSoftmaxBackward, LogSoftmaxForward
from pellucid.engines.native.samples.softmax import SoftmaxBackward, SoftmaxForward
from pellucid.layers import LogSoftmax, Softmax
from pellucid.layers.base import Run

UNTOUCHED = np.float32(-77)
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
HALO = Maps(3, 2, 5, 1, 0, 1, 2)
CASES = [  # the shape, the axis, and the layouts of x and y
    ((10,), 0, maps_of((10,)), maps_of((10,))),
    ((1,), 0, maps_of((1,)), maps_of((1,))),
    ((3, 2, 5), 0, HALO, Maps(3, 2, 5)),
    ((3, 2, 5), 1, Maps(3, 2, 5), HALO),
    ((3, 2, 5), 2, HALO, HALO),
    ((3, 8, 8), 0, Maps(3, 8, 8), Maps(3, 8, 8, dense=True)),
    ((4, 7), 0, maps_of((4, 7)), maps_of((4, 7))),
    ((4, 7), 1, maps_of((4, 7)), maps_of((4, 7))),
    ((2, 3, 2, 5), 1, maps_of((2, 3, 2, 5)), maps_of((2, 3, 2, 5))),
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


@TARGETS
@pytest.mark.parametrize(("shape", "axis", "x", "y"), CASES, ids=str)
def test_softmax_is_its_layer(shape: tuple[int, ...], axis: int, x: Maps, y: Maps, target: Target) -> None:
    """Probabilities and gradients are the definition's, NaN and infinities among them."""
    layer, whole = Softmax(axis), (target.lanes, *shape)
    random = np.random.default_rng(1)
    values = random.normal(size=whole).astype(np.float32) * 10
    values[0] = 1000.0  # would overflow if it were not shifted
    for lane, number in enumerate((np.nan, np.inf, -np.inf, 88.0), -4):  # lanes from the last on
        if math.prod(shape) > 1 or lane == -4:
            values[lane].flat[math.prod(shape) // 2] = number
    with np.errstate(all="ignore"):
        expected = layer.forward(values, w={}, run=Run())
        result = laid(y, np.zeros(whole, np.float32))
        run(SoftmaxForward(shape, axis, x, y), laid(x, values), result, target=target)
        # exp is right within 2 units, in both halves of the quotient; the sum has its own rounding
        close(taken(y, result, whole), expected, 8 + shape[axis])

        grad = random.normal(size=whole).astype(np.float32)
        (back,) = layer.backward(grad, values, y=expected, w={}, run=Run()).inputs
        before = random.integers(-8, 9, whole).astype(np.float32)
        for add in (False, True):
            gradient = laid(x, before)
            run(SoftmaxBackward(shape, axis, y, x, x, add), laid(y, expected), laid(x, grad), gradient, target=target)
            close(taken(x, gradient, whole), back + before if add else back, 4 + shape[axis], 8.0)


def close(got: np.ndarray, expected: np.ndarray, units: int, size: float = 0.0) -> None:
    """Equal, NaN with NaN, within some roundings of the expected or of what it was made of."""
    np.testing.assert_allclose(got, expected, rtol=units * 2.0**-24, atol=max(size * units * 2.0**-24, 2.0**-126))


@TARGETS
@pytest.mark.parametrize(("shape", "axis", "x", "y"), CASES, ids=str)
def test_its_logarithm_is_its_layer(shape: tuple[int, ...], axis: int, x: Maps, y: Maps, target: Target) -> None:
    """Logarithms and gradients are the definition's, also where a probability would be 0; NaN and infinities too."""
    layer, whole = LogSoftmax(axis), (target.lanes, *shape)
    random = np.random.default_rng(1)
    values = random.normal(size=whole).astype(np.float32) * 10
    values[0].flat[0] = 1000.0  # the probabilities of all others are 0
    for lane, number in enumerate((np.nan, np.inf, -np.inf), -3):  # lanes from the last on
        if math.prod(shape) > 1 or lane == -3:
            values[lane].flat[math.prod(shape) // 2] = number
    with np.errstate(all="ignore"):
        expected = layer.forward(values, w={}, run=Run())
        result = laid(y, np.zeros(whole, np.float32))
        run(LogSoftmaxForward(shape, axis, x, y), laid(x, values), result, target=target)
        close(taken(y, result, whole), expected, 8 + shape[axis], 2.0)
        grad = random.normal(size=whole).astype(np.float32)
        (back,) = layer.backward(grad, values, y=expected, w={}, run=Run()).inputs
        before = random.integers(-8, 9, whole).astype(np.float32)
        for add in (False, True):
            gradient, kernel = laid(x, before), LogSoftmaxBackward(shape, axis, y, x, x, add)
            run(kernel, laid(y, expected), laid(x, grad), gradient, target=target)
            close(taken(x, gradient, whole), back + before if add else back, 4 + shape[axis], 8.0)


@TARGETS
def test_softmax_in_place(target: Target) -> None:
    """Probabilities may overwrite the logits."""
    maps, values = Maps(7, dense=True), np.arange(7 * target.lanes, dtype=np.float32).reshape(target.lanes, 7) / 8
    buffer = laid(maps, values)
    run(SoftmaxForward((7,), 0, maps, maps), buffer, buffer, target=target)
    close(taken(maps, buffer, values.shape), Softmax().forward(values, w={}, run=Run()), 15)


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    for axis in range(3):
        for kernel in (
            SoftmaxForward((3, 2, 5), axis, HALO, HALO),
            SoftmaxBackward((3, 2, 5), axis, HALO, HALO, HALO, True),
            LogSoftmaxForward((3, 2, 5), axis, HALO, HALO),
            LogSoftmaxBackward((3, 2, 5), axis, HALO, HALO, HALO, True),
        ):
            _, text = kernel.text(target)
            assert spills(assembly(text, target, str(kernel))) == 0

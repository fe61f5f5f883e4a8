"""Activations give what their layers define, forward and backward, whatever halo lies around the maps."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.harness import aligned, run

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.layout import Maps
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.elementwise import Activation, Backward, Forward
from pellucid.engines.native.samples.rules.elementwise import ACTIVATIONS
from pellucid.layers import (
    CELU,
    ELU,
    GELU,
    SELU,
    Clip,
    HardSigmoid,
    HardSwish,
    LeakyReLU,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
)
from pellucid.layers.activations import Elementwise
from pellucid.layers.base import Run

UNTOUCHED = np.float32(-77)
KINDS: list[tuple[Activation, Elementwise, int]] = [  # and the error in units of the last place
    (Activation("relu"), ReLU(), 0),
    (Activation("leaky_relu", 0.25), LeakyReLU(0.25), 0),
    (Activation("leaky_relu", 0.0), LeakyReLU(0.0), 0),
    (Activation("leaky_relu", -0.5), LeakyReLU(-0.5), 0),
    (Activation("tanh"), Tanh(), 4),
    (Activation("sigmoid"), Sigmoid(), 4),
]
LATER: list[tuple[Elementwise, int, int]] = [  # and the errors of value and slope, in units of max(1, |number|)
    (ReLU6(), 0, 0),
    (Clip(-0.75, 0.5), 0, 0),
    (Clip(max=1.5), 0, 0),
    (Clip(), 0, 0),
    (HardSigmoid(), 0, 0),
    (HardSigmoid(alpha=-0.25, beta=0.75), 0, 0),
    (HardSwish(), 0, 0),
    (Softsign(), 0, 0),
    (SiLU(), 4, 8),
    (ELU(0.5), 4, 4),
    (SELU(), 4, 6),
    (CELU(1.5), 4, 4),
    (Softplus(beta=0.75, threshold=3.0), 4, 4),
    (Mish(), 4, 12),
    (GELU(), 4, 12),
    (GELU("tanh"), 8, 24),
]
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 100.0, -100.0, 3e38, -3e38, 0.5, -0.5, 9.0, -9.0, 1.0]
LAYOUTS = [  # of x, y, dx
    (Maps(7, dense=True), Maps(7, dense=True), Maps(7, dense=True)),
    (Maps(2, 8, 8), Maps(2, 8, 8), Maps(2, 8, 8, top=1)),  # gaps between planes
    (Maps(3, 5, 3), Maps(3, 5, 3, 1, 2, 2, 1), Maps(3, 5, 3)),
]
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)


def places(maps: Maps) -> list[int]:
    """The vectors that hold numbers, in the order of a sample's numbers."""
    return [maps.at(c, y, x) for c in range(maps.channels) for y in range(maps.height) for x in range(maps.width)]


def laid(maps: Maps, values: np.ndarray) -> np.ndarray:
    """Values (places, lanes) in a layout whose halo holds what must not be touched."""
    laid = aligned(np.full((maps.size, values.shape[1]), UNTOUCHED))
    laid[places(maps)] = values
    return laid


def numbers(maps: Maps, lanes: int) -> np.ndarray:
    """Small numbers of both signs, and the special ones as far as there is room."""
    values = np.random.default_rng(1).integers(-8, 9, (maps.channels * maps.height * maps.width, lanes)) / 4
    values.flat[: len(SPECIAL)] = SPECIAL
    return values.astype(np.float32)


@TARGETS
@pytest.mark.parametrize(("x", "y", "dx"), LAYOUTS, ids=["vector", "planes", "halo"])
@pytest.mark.parametrize(("activation", "layer", "ulps"), KINDS, ids=lambda value: str(value))
def test_activations_are_their_layers(
    activation: Activation, layer: Elementwise, ulps: int, x: Maps, y: Maps, dx: Maps, target: Target
) -> None:
    """Values and gradients equal the definition's, NaN and infinities among them, and halos are left alone."""
    values = numbers(x, target.lanes)
    grad = np.random.default_rng(2).integers(-8, 9, values.shape).astype(np.float32)
    before = np.random.default_rng(3).integers(-8, 9, values.shape).astype(np.float32)
    with np.errstate(all="ignore"):
        wanted = layer.value(values)
        source, out = laid(x, values), laid(y, np.zeros_like(values))
        run(Forward(activation, x, y), source, out, target=target)
        assert_close(out[places(y)], wanted, ulps)
        assert (np.delete(out, places(y), axis=0) == UNTOUCHED).all()

        # The slope is asked of the definition's own value, so that rounding of y is not counted twice.
        seen, seen_maps = (values, x) if activation.needs == "x" else (wanted, y)
        (expected,) = layer.backward(grad, values, y=wanted, w={}, run=Run()).inputs
        for add in (False, True):
            result = laid(dx, before)
            kernel = Backward(activation, seen_maps, x, dx, add)
            run(kernel, laid(seen_maps, seen), laid(x, grad), result, target=target)
            assert_close(result[places(dx)], expected + before if add else expected, min(ulps, 1))
            assert (np.delete(result, places(dx), axis=0) == UNTOUCHED).all()


@TARGETS
@pytest.mark.parametrize(("layer", "ulps", "slope_ulps"), LATER, ids=str)
def test_curves_are_their_layers(layer: Elementwise, ulps: int, slope_ulps: int, target: Target) -> None:
    """Values and gradients are the definition's in float64, within rounding; those of straight pieces to the bit."""
    x, y, dx = Maps(9, 5, 7), Maps(9, 5, 7, 1, 2, 2, 1), Maps(9, 5, 7, left=1)
    activation = ACTIVATIONS[layer.kind](layer)
    values = numbers(x, target.lanes)
    if ulps:
        values.flat[len(SPECIAL) :] = np.random.default_rng(4).standard_normal(values.size - len(SPECIAL)) * 4
    grad = np.random.default_rng(2).integers(-8, 9, values.shape).astype(np.float32)
    size = np.maximum(1.0, np.abs(np.nan_to_num(values).astype(np.float64))) * np.maximum(1.0, np.abs(grad))
    with np.errstate(all="ignore"):
        wanted, told = layer.value(values.astype(np.float64)), layer.value(values)
        source, out = laid(x, values), laid(y, np.zeros_like(values))
        run(Forward(activation, x, y), source, out, target=target)
        assert_near(out[places(y)], told, wanted, ulps * size)
        assert (np.delete(out, places(y), axis=0) == UNTOUCHED).all()
        seen, seen_maps = (values, x) if activation.needs == "x" else (told, y)
        slope, told = grad * layer.slope(values.astype(np.float64), wanted), grad * layer.slope(values, told)
        for add in (0, 1):
            result = laid(dx, grad)
            kernel = Backward(activation, seen_maps, x, dx, bool(add))
            run(kernel, laid(seen_maps, seen), laid(x, grad), result, target=target)
            assert_near(result[places(dx)], told + grad * add, slope + grad * add, slope_ulps * size)


def assert_near(got: np.ndarray, told: np.ndarray, wanted: np.ndarray, ulps: np.ndarray) -> None:
    """As near to what is wanted as so many units of rounding; NaN, infinite, or exact, where the definition is."""
    exact = ~np.isfinite(told) | (ulps == 0)
    np.testing.assert_array_equal(got[exact], told[exact])
    assert (np.abs(got - wanted) <= ulps * 2.0**-24)[~exact].all()


def assert_close(got: np.ndarray, expected: np.ndarray, ulps: int) -> None:
    """Equal, NaN with NaN, or within some units in the last place of the expected."""
    if ulps == 0:
        np.testing.assert_array_equal(got, expected)
    else:
        np.testing.assert_allclose(got, expected, rtol=ulps * 2.0**-23, atol=2.0**-126)


@TARGETS
def test_in_place(target: Target) -> None:
    """An activation may overwrite its input, and its gradient the gradient it is given."""
    maps = Maps(2, 8, 8)
    values = numbers(maps, target.lanes)
    buffer = laid(maps, values)
    run(Forward(Activation("relu"), maps, maps), buffer, buffer, target=target)
    np.testing.assert_array_equal(buffer[places(maps)], np.maximum(values, 0))
    gradient = laid(maps, np.ones_like(values))
    run(Backward(Activation("relu"), maps, maps, maps), buffer, gradient, gradient, target=target)
    np.testing.assert_array_equal(gradient[places(maps)], (values > 0).astype(np.float32))


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
@pytest.mark.parametrize(
    "activation",
    [kind for kind, _, _ in KINDS] + [ACTIVATIONS[layer.kind](layer) for layer, _, _ in LATER],
    ids=str,
)
def test_nothing_is_put_aside(activation: Activation, target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    maps = Maps(3, 9, 9, 1, 1, 1, 1)
    for kernel in (Forward(activation, maps, maps), Backward(activation, maps, maps, maps, True)):
        _, text = kernel.text(target)
        assert spills(assembly(text, target, str(kernel))) == 0

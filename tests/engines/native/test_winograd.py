"""Winograd's convolution in sample lanes is the layer's, within what is promised, for any size, padding and target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engines.native.harness import aligned, run
from engines.native.laid_maps import GUARD, UNTOUCHED, assert_promised, inside, laid, room, taken
from numpy.typing import NDArray

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.layout import Maps, maps_of
from pellucid.engines.native.machine import Target, available, host, neon, x86
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.geometry import ConvGeometry
from pellucid.engines.native.samples.winograd import (
    WinogradForward,
    WinogradInputGradient,
    WinogradWeightGradient,
    WinogradWeights,
    pays,
    weight_gradient_pays,
)
from pellucid.layers import Conv2d
from pellucid.layers.base import Run

Floats = NDArray[np.float32]
TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
Case = tuple[int, int, int, int, tuple[tuple[int, int], tuple[int, int]]]
CASES: list[Case] = [  # inputs, outputs, height, width, padding
    (3, 5, 7, 11, ((1, 1), (1, 1))),  # overhang of 1 and 1, fewer outputs than a block more than one
    (8, 4, 8, 8, ((1, 1), (1, 1))),  # whole tiles and blocks
    (2, 9, 2, 6, ((1, 1), (2, 0))),  # one row of tiles, cut
    (70, 6, 5, 4, ((0, 2), (2, 1))),  # more channels than are summed at once
]
LARGER = [
    (17, 4, 9, 14, ((1, 1), (1, 1))),  # more than one group of tiles
    (257, 70, 3, 4, ((1, 1), (1, 1))),  # more sums than are kept at once
]


def weights_of(geometry: ConvGeometry, weight: NDArray[np.float64], gradient: bool, target: Target) -> Floats:
    """Return the transformed weights."""
    kernel = WinogradWeights(geometry, gradient)
    u = aligned(np.full(kernel.size + GUARD, UNTOUCHED, np.float32))
    for item in range(kernel.items):
        run(kernel, aligned(weight.astype(np.float32)), u, item=item, target=target)
    assert np.all(u[kernel.size :] == UNTOUCHED)
    return u


class Problem:
    """A convolution with data, and its definition's answers in float64."""

    def __init__(self, case: Case, lanes: int) -> None:
        inputs, outputs, height, width, padding = case
        rng = np.random.default_rng(inputs)
        layer = Conv2d(outputs, 3, padding=padding)
        self.geometry = ConvGeometry(inputs, outputs, (3, 3), padding=padding)
        self.x = rng.standard_normal((lanes, inputs, height, width)).astype(np.float32).astype(float)
        self.w = {"weight": rng.standard_normal((outputs, inputs, 3, 3)), "bias": rng.standard_normal(outputs)}
        self.w = {name: value.astype(np.float32).astype(float) for name, value in self.w.items()}
        self.y = layer.forward(self.x, w=self.w, run=Run())
        self.dy = rng.standard_normal(self.y.shape).astype(np.float32).astype(float)
        self.dy[-1] = 0  # a free lane's
        gradients = layer.backward(self.dy, self.x, y=self.y, w=self.w, run=Run())
        (self.dx,), self.dw = gradients.inputs, gradients.weights


def forward(problem: Problem, target: Target, *, bias: bool, activation: Activation | None) -> Floats:
    """Return what the kernel gives, as (N, outputs, height, width)."""
    (top, bottom), (left, right) = problem.geometry.padding
    _, outputs, height, width = problem.y.shape
    x = maps_of(problem.x.shape[1:]).with_halo(top, bottom + 1, left + 1, right)  # more halo than it needs
    y = Maps(outputs, height, width, 1, 0, 2, 1)
    kernel = WinogradForward(x, y, problem.geometry, bias, activation)
    u = weights_of(problem.geometry, problem.w["weight"], False, target)
    biases = [aligned(problem.w["bias"].astype(np.float32))] if bias else []
    result, scratch = room(y.size, target), room(kernel.scratch(target), target)
    run(kernel, laid(x, problem.x, (top, bottom, left, right)), u, *biases, result, scratch, target=target)
    assert np.all(scratch[-GUARD:] == UNTOUCHED)
    return taken(y, result)


@TARGETS
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_output_is_the_layers(case: Case, target: Target) -> None:
    """Bias and activation come with it; nothing beyond the padding is read, nothing but the maps is written."""
    problem = Problem(case, target.lanes)
    assert_promised(forward(problem, target, bias=True, activation=None), problem.y)
    if case[0] == 8:
        plain = problem.y - problem.w["bias"][:, None, None]
        assert_promised(forward(problem, target, bias=False, activation=Activation("relu")), np.maximum(plain, 0))


@TARGETS
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("add", [False, True])
def test_the_inputs_gradient_is_the_layers(case: Case, add: bool, target: Target) -> None:
    """It is stored, or added to what is there; it reads 2 - padding places around; a free lane's stays zero."""
    problem = Problem(case, target.lanes)
    (top, bottom), (left, right) = problem.geometry.padding
    halo = (2 - top, 2 - bottom, 2 - left, 2 - right)
    dy, dx = (
        maps_of(problem.dy.shape[1:]).with_halo(*(side + 1 for side in halo)),
        maps_of(problem.x.shape[1:]).with_halo(1, 1, 0, 1),
    )
    kernel = WinogradInputGradient(dy, dx, problem.geometry, add)
    u = weights_of(problem.geometry, problem.w["weight"], True, target)
    result, scratch = room(dx.size, target), room(kernel.scratch(target), target)
    if add:
        inside(dx, result)[...] = 2
    run(kernel, laid(dy, problem.dy, halo), u, result, scratch, target=target)
    assert np.all(scratch[-GUARD:] == UNTOUCHED)
    found = taken(dx, result)
    assert_promised(found, problem.dx + 2 if add else problem.dx)
    assert np.all(found[-1] == (2 if add else 0))


@TARGETS
@pytest.mark.parametrize("case", [*CASES, *LARGER], ids=str)
def test_the_weights_gradient_is_the_layers(case: Case, target: Target) -> None:
    """It is summed over places and samples, and added to what is there; so is the bias's."""
    problem = Problem(case, target.lanes)
    (top, bottom), (left, right) = problem.geometry.padding
    x, dy = (
        maps_of(problem.x.shape[1:]).with_halo(top, bottom + 1, left, right + 1),
        maps_of(problem.dy.shape[1:]).with_halo(1, 0, 0, 1),
    )
    bias = case[0] != 8
    kernel = WinogradWeightGradient(x, dy, problem.geometry, bias)
    shape = problem.dw["weight"].shape
    dweight = aligned(np.full(problem.dw["weight"].size + GUARD, 2, np.float32))
    dbias = aligned(np.full(shape[0] + GUARD, 3, np.float32))
    scratch = room(kernel.scratch(target), target)
    images = [laid(x, problem.x, (top, bottom, left, right)), laid(dy, problem.dy, (0, 0, 0, 0))]
    run(kernel, *images, dweight, *([dbias] if bias else []), scratch, target=target)
    assert np.all(scratch[-GUARD:] == UNTOUCHED)
    assert np.all(dweight[-GUARD:] == 2)
    assert_promised(dweight[:-GUARD].reshape(shape), problem.dw["weight"] + 2)
    assert_promised(dbias, np.pad(problem.dw["bias"], (0, GUARD)) + 3 if bias else np.full(dbias.shape, 3.0))


@pytest.mark.parametrize("channels", [32, 160])
def test_the_error_is_as_small_as_promised(channels: int) -> None:
    """Against a direct convolution in float32, it is at most three times as large, on data as networks have them."""
    problem = Problem((channels, 4, 8, 8, ((1, 1), (1, 1))), host().lanes)
    problem.x = np.maximum(problem.x, 0)
    layer = Conv2d(4, 3, padding=1, bias=False)
    exact = layer.forward(problem.x, w=problem.w, run=Run())
    padded = np.pad(problem.x, ((0, 0), (0, 0), (1, 1), (1, 1))).astype(np.float32)
    direct = np.zeros(exact.shape, np.float32)
    for i, a, b in np.ndindex(channels, 3, 3):
        weight = problem.w["weight"][:, i, a, b].astype(np.float32)
        direct += padded[:, i, None, a : a + 8, b : b + 8] * weight[:, None, None]
    found = forward(problem, host(), bias=False, activation=None)
    assert np.linalg.norm(found - exact) <= 3 * np.linalg.norm(direct - exact)
    assert_promised(found, exact)


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_spills(target: Target) -> None:
    """Sums and transforms stay in the registers of every target."""
    for inputs, outputs, size in ((64, 64, 14), (5, 7, 9)):
        geometry = ConvGeometry(inputs, outputs, (3, 3), padding=((1, 1), (1, 1)))
        x, y = Maps(inputs, size, size, 1, 1, 1, 1), Maps(outputs, size, size)
        kernels: list[Kernel] = [
            WinogradForward(x, y, geometry, True, Activation("relu")),
            WinogradInputGradient(replace(x, channels=outputs), replace(y, channels=inputs), geometry, True),
            WinogradWeightGradient(x, y, geometry, True),
            WinogradWeights(geometry, False),
            WinogradWeights(geometry, True),
        ]
        for kernel in kernels:
            assert spills(assembly(kernel.text(target)[1], target, "")) == 0, kernel


@pytest.mark.parametrize(
    ("geometry", "size", "both"),
    [  # forward and back, and to the weights
        (ConvGeometry(64, 64, (3, 3), padding=((1, 1), (1, 1))), 16, (True, True)),
        (ConvGeometry(512, 512, (3, 3), padding=((1, 1), (1, 1))), 7, (True, True)),
        (ConvGeometry(8, 8, (3, 3), padding=((1, 1), (1, 1))), 16, (True, False)),  # half of the lanes would be empty
        (ConvGeometry(1, 32, (3, 3), padding=((1, 1), (1, 1))), 28, (False, False)),  # hardly any products to save
        (ConvGeometry(64, 64, (3, 3), padding=((1, 1), (1, 1))), 3, (False, False)),  # most of the tile is cut off
        (ConvGeometry(64, 64, (3, 3), (2, 2), padding=((1, 1), (1, 1))), 16, (False, False)),
        (ConvGeometry(64, 64, (3, 3), dilation=(2, 2)), 16, (False, False)),
        (ConvGeometry(64, 64, (3, 3), padding=((3, 3), (3, 3))), 16, (False, False)),
        (ConvGeometry(64, 64, (3, 3), groups=2), 16, (False, False)),
        (ConvGeometry(64, 64, (5, 5)), 16, (False, False)),
    ],
    ids=str,
)
def test_it_is_used_where_it_pays(geometry: ConvGeometry, size: int, both: tuple[bool, bool]) -> None:
    """That is with some channels and whole tiles, and only for what it can do."""
    assert (pays(geometry, size, size), weight_gradient_pays(geometry, size, size)) == both

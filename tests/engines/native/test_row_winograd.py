"""Winograd's convolution along rows is the layer's, within what is promised, for any size, padding and target."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from engines.native.harness import aligned, run
from engines.native.laid_maps import GUARD, UNTOUCHED, Floats, assert_promised, inside, laid, room, taken

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.layout import Maps, maps_of
from pellucid.engines.native.machine import Target, available, host, neon, x86
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.geometry import ConvGeometry
from pellucid.engines.native.samples.row_winograd import (
    RowWinogradForward,
    RowWinogradInputGradient,
    RowWinogradWeightGradient,
    RowWinogradWeights,
)
from pellucid.engines.native.samples.winograd_cost import rows_pay, rows_weight_gradient_pays
from pellucid.layers import Conv2d
from pellucid.layers.base import Run

TARGETS = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
NONE, ONE, TWO, ALL = (((n, n), (n, n)) for n in (0, 1, 2, 4))


class Case(NamedTuple):
    """A convolution, and the size of its input."""

    geometry: ConvGeometry
    height: int
    width: int


CASES = [
    Case(ConvGeometry(6, 16, (5, 5)), 14, 14),  # whole tiles, written out
    Case(ConvGeometry(2, 3, (5, 5), padding=TWO), 7, 25),  # a loop over tiles, and one that is cut
    Case(ConvGeometry(2, 1, (5, 5), padding=ALL), 3, 22),  # the first tiles give nothing to the first columns
    Case(ConvGeometry(3, 2, (5, 5), padding=TWO), 1, 1),  # most taps meet nothing
    Case(ConvGeometry(2, 3, (3, 3), padding=((1, 1), (0, 2))), 60, 7),  # so tall that zeros above are not left out
    Case(ConvGeometry(4, 6, (3, 3), padding=ONE, groups=2), 4, 40),
    Case(ConvGeometry(3, 2, (2, 3), (2, 1), (3, 1), ((0, 1), (1, 0))), 9, 8),  # strides and gaps between rows
]


class Problem:
    """A convolution with data, and its definition's answers in float64."""

    def __init__(self, case: Case, lanes: int) -> None:
        conv = self.geometry = case.geometry
        rng = np.random.default_rng(case.width)
        layer = Conv2d(
            conv.outputs,
            conv.kernel,
            stride=conv.stride,
            padding=conv.padding,
            dilation=conv.dilation,
            groups=conv.groups,
        )
        shape = conv.outputs, conv.inputs // conv.groups, *conv.kernel
        self.x = rng.standard_normal((lanes, conv.inputs, case.height, case.width)).astype(np.float32).astype(float)
        self.w = {"weight": rng.standard_normal(shape), "bias": rng.standard_normal(conv.outputs)}
        self.w = {name: value.astype(np.float32).astype(float) for name, value in self.w.items()}
        self.y = layer.forward(self.x, w=self.w, run=Run())
        self.dy = rng.standard_normal(self.y.shape).astype(np.float32).astype(float)
        self.dy[-1] = 0  # a free lane's
        gradients = layer.backward(self.dy, self.x, y=self.y, w=self.w, run=Run())
        (self.dx,), self.dw = gradients.inputs, gradients.weights
        (top, bottom), (left, right) = conv.padding
        self.padding = top, bottom, left, right

    def x_maps(self) -> Maps:
        """Return the input's layout, with more halo than is needed."""
        top, bottom, left, right = self.padding
        return maps_of(self.x.shape[1:]).with_halo(top, bottom + 1, left + 1, right)


def weights_of(problem: Problem, target: Target) -> Floats:
    """Return the transformed weights."""
    kernel = RowWinogradWeights(problem.geometry)
    u = aligned(np.full(kernel.size + GUARD, UNTOUCHED, np.float32))
    for item in range(kernel.items):
        run(kernel, aligned(problem.w["weight"].astype(np.float32)), u, item=item, target=target)
    assert np.all(u[kernel.size :] == UNTOUCHED)
    return u


def scratch_of(vectors: int, target: Target) -> Floats:
    """Return scratch with a guard behind it; what is read before it is written spoils everything."""
    scratch = room(vectors, target)
    scratch[:vectors] = np.nan
    return scratch


def forward(problem: Problem, target: Target, *, bias: bool, activation: Activation | None, zeros: bool) -> Floats:
    """Return what the kernel gives, as (N, outputs, height, width)."""
    x, y = problem.x_maps(), maps_of(problem.y.shape[1:]).with_halo(1, 0, 2, 1)
    kernel = RowWinogradForward(x, y, problem.geometry, bias, activation, zeros)
    biases = [aligned(problem.w["bias"].astype(np.float32))] if bias else []
    result, scratch = room(y.size, target), scratch_of(kernel.scratch(target), target)
    images = laid(x, problem.x, problem.padding)
    run(kernel, images, weights_of(problem, target), *biases, result, scratch, target=target)
    assert np.all(scratch[-GUARD:] == UNTOUCHED)
    return taken(y, result)


@TARGETS
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_output_is_the_layers(case: Case, target: Target) -> None:
    """Bias and activation come with it; nothing beyond the padding is read, nothing but the maps is written."""
    problem = Problem(case, target.lanes)
    assert_promised(forward(problem, target, bias=True, activation=None, zeros=True), problem.y)
    if case.geometry.outputs == 3:
        plain = np.maximum(problem.y - problem.w["bias"][:, None, None], 0)
        assert_promised(forward(problem, target, bias=False, activation=Activation("relu"), zeros=False), plain)


@TARGETS
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("add", [False, True])
def test_the_inputs_gradient_is_the_layers(case: Case, add: bool, target: Target) -> None:
    """It is stored, or added to what is there; nothing around is read; a free lane's stays zero."""
    problem = Problem(case, target.lanes)
    dy, dx = maps_of(problem.dy.shape[1:]).with_halo(1, 1, 1, 2), maps_of(problem.x.shape[1:]).with_halo(1, 1, 0, 1)
    kernel = RowWinogradInputGradient(dy, dx, problem.geometry, add)
    result, scratch = room(dx.size, target), scratch_of(kernel.scratch(target), target)
    if add:
        inside(dx, result)[...] = 2
    gradients = laid(dy, problem.dy, (0, 0, 0, 0))
    run(kernel, gradients, weights_of(problem, target), result, scratch, target=target)
    assert np.all(scratch[-GUARD:] == UNTOUCHED)
    found = taken(dx, result)
    assert_promised(found, problem.dx + 2 if add else problem.dx)
    assert np.all(found[-1] == (2 if add else 0))


@TARGETS
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_weights_gradient_is_the_layers(case: Case, target: Target) -> None:
    """It is summed over places and samples, and added to what is there; so is the bias's."""
    problem = Problem(case, target.lanes)
    x, dy = problem.x_maps(), maps_of(problem.dy.shape[1:]).with_halo(1, 0, 0, 1)
    bias = case.geometry.outputs != 3
    kernel = RowWinogradWeightGradient(x, dy, problem.geometry, bias, case.geometry.outputs % 2 == 0)
    shape = problem.dw["weight"].shape
    dweight = aligned(np.full(problem.dw["weight"].size + GUARD, 2, np.float32))
    dbias = aligned(np.full(shape[0] + GUARD, 3, np.float32))
    scratch = scratch_of(kernel.scratch(target), target)
    images = [laid(x, problem.x, problem.padding), laid(dy, problem.dy, (0, 0, 0, 0))]
    run(kernel, *images, dweight, *([dbias] if bias else []), scratch, target=target)
    assert np.all(scratch[-GUARD:] == UNTOUCHED)
    assert np.all(dweight[-GUARD:] == 2)
    assert_promised(dweight[:-GUARD].reshape(shape), problem.dw["weight"] + 2)
    assert_promised(dbias, np.pad(problem.dw["bias"], (0, GUARD)) + 3 if bias else np.full(dbias.shape, 3.0))


@pytest.mark.parametrize("channels", [6, 96])
def test_the_error_is_as_small_as_promised(channels: int) -> None:
    """Against a plain sum in float32, it is at most three times as large, on data as networks have them."""
    problem = Problem(Case(ConvGeometry(channels, 4, (5, 5)), 10, 10), host().lanes)
    problem.x = np.maximum(problem.x, 0)
    exact = Conv2d(4, 5, bias=False).forward(problem.x, w=problem.w, run=Run())
    x, direct = problem.x.astype(np.float32), np.zeros(exact.shape, np.float32)
    for i, a, b in np.ndindex(channels, 5, 5):
        weight = problem.w["weight"][:, i, a, b].astype(np.float32)
        direct += x[:, i, None, a : a + 6, b : b + 6] * weight[:, None, None]
    found = forward(problem, host(), bias=False, activation=None, zeros=False)
    assert np.linalg.norm(found - exact) <= 3 * np.linalg.norm(direct - exact)
    assert_promised(found, exact)


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_spills(target: Target) -> None:
    """The transforms stay in the registers of every target."""
    for case in (CASES[0], Case(ConvGeometry(5, 7, (3, 3), padding=ONE), 9, 50)):
        problem = Problem(case, 1)
        x, y = problem.x_maps(), maps_of(problem.y.shape[1:])
        kernels: list[Kernel] = [
            RowWinogradForward(x, y, case.geometry, True, Activation("relu"), True),
            RowWinogradInputGradient(y, x, case.geometry, True),
            RowWinogradWeightGradient(x, y, case.geometry, True, True),
            RowWinogradWeights(case.geometry),
        ]
        for kernel in kernels:
            assert spills(assembly(kernel.text(target)[1], target, "")) == 0, kernel


@pytest.mark.parametrize(
    ("geometry", "size", "both"),
    [  # output rows and columns; forward and back, and to the weights
        (ConvGeometry(6, 16, (5, 5)), 10, (True, True)),
        (ConvGeometry(16, 32, (5, 5), padding=TWO), 14, (True, True)),
        (ConvGeometry(8, 8, (3, 3), padding=ONE), 16, (True, True)),
        (ConvGeometry(32, 32, (5, 5), (2, 1)), 10, (True, True)),
        (ConvGeometry(1, 6, (5, 5), padding=TWO), 28, (False, False)),  # hardly any products to save
        (ConvGeometry(3, 32, (3, 3), padding=ONE), 32, (False, False)),
        (ConvGeometry(64, 64, (5, 5), padding=TWO, groups=64), 28, (False, False)),
        (ConvGeometry(32, 32, (5, 5), padding=TWO), 1, (False, False)),  # most of the tile is cut off
        (ConvGeometry(32, 32, (5, 5), (1, 2)), 10, (False, False)),
        (ConvGeometry(32, 32, (5, 5), dilation=(1, 2)), 10, (False, False)),
        (ConvGeometry(32, 32, (7, 7)), 10, (False, False)),
    ],
    ids=str,
)
def test_it_is_used_where_it_pays(geometry: ConvGeometry, size: int, both: tuple[bool, bool]) -> None:
    """That is with a few channels and whole tiles, and only for what it can do."""
    assert (rows_pay(geometry, size, size), rows_weight_gradient_pays(geometry, size, size)) == both

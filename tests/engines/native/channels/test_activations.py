"""Activations that take many registers are done apart from the sums, and once for each number."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.channels.arrays import convolved, laid_out, output_size, room, value_of
from engines.native.channels.test_direct import TARGETS
from engines.native.harness import aligned, run

from pellucid.engines.native.channels.direct import DirectConv
from pellucid.engines.native.channels.lanewise import LanewiseConv
from pellucid.engines.native.channels.layout import Blocked
from pellucid.engines.native.channels.winograd import WinogradConv, WinogradInputs, WinogradProducts, halo
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.machine import Target, available
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.geometry import ConvGeometry

SIZE, CHANNELS = (
    (17, 18),
    21,
)  # a last group of tiles that begins earlier, tiles beyond the map, lanes without a channel
FUNCTIONS = {
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "hard_swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "relu6": lambda x: np.clip(x, 0, 6),
}
KINDS = ["direct", "lanewise", "one phase", "two phases"]

Conv = DirectConv | LanewiseConv | WinogradConv | WinogradProducts


def kernels(kind: str, function: str, lanes: int, pool: bool = False) -> tuple[Conv, WinogradInputs | None]:
    """The kernel of a kind, and the one that runs before it."""
    groups = CHANNELS if kind == "lanewise" else 1
    geometry = ConvGeometry(CHANNELS, CHANNELS, (3, 3), padding=((1, 1), (1, 1)), groups=groups)
    x = Blocked(CHANNELS, *SIZE, lanes=lanes).with_halo(*halo(geometry, *SIZE, 4))
    height, width = (side // 2 if pool else side for side in output_size(geometry, *SIZE))
    y, activation = Blocked(CHANNELS, height, width, 1, 0, 1, 0, lanes=lanes), Activation(function)  # pyright: ignore
    if kind == "direct":
        return DirectConv(x, y, geometry, activation), None
    if kind == "lanewise":
        return LanewiseConv(x, y, geometry, activation), None
    fields = (x, y, geometry, 4, activation, None, pool)
    if kind == "one phase":
        return WinogradConv(*fields), None
    return WinogradProducts(*fields), WinogradInputs(*fields)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_activations_are_done_once(kind: str, function: str, pool: bool, target: Target) -> None:
    """Every number is the function of the sum, also where two items make the same tile, in either order."""
    if kind not in ("one phase", "two phases") or not Activation(function).may_follow_pool:
        pool = False  # others make no pools: the same again
    kernel, before = kernels(kind, function, target.lanes, pool)
    rng = np.random.default_rng(8)
    x = rng.standard_normal((CHANNELS, *SIZE)).astype(np.float32)
    weight = (rng.standard_normal((CHANNELS, CHANNELS // kernel.geometry.groups, 3, 3)) / 9).astype(np.float32)
    bias = rng.standard_normal(CHANNELS).astype(np.float32)
    expected = FUNCTIONS[function](
        convolved(x.astype(np.float64), weight.astype(np.float64), bias.astype(np.float64), kernel.geometry)
    )
    if pool:
        rows, columns = SIZE[0] // 2, SIZE[1] // 2
        expected = expected[:, : 2 * rows, : 2 * columns].reshape(CHANNELS, rows, 2, columns, 2).max((2, 4))
    read = laid_out(x, kernel.x)
    if before is not None:
        points = aligned(np.full(before.floats, np.nan, np.float32))
        for item in range(before.items):
            run(before, read, points, item=item, target=target)
        read = points
    scratch = []
    if isinstance(kernel, WinogradConv | WinogradProducts):
        scratch.append(aligned(np.full(kernel.scratch, np.nan, np.float32)))
    packed = aligned(kernel.pack(weight)), aligned(kernel.pack_bias(bias))
    for order in (range(kernel.items), reversed(range(kernel.items))):
        y = room(kernel.y)
        for item in order:
            run(kernel, read, *packed, y, *scratch, item=item, target=target)
        assert np.abs(value_of(y, kernel.y) - expected).max() < 1e-5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", ["tanh", "silu", "hard_swish", "relu6"])
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_sums_stay_in_registers(kind: str, function: str, target: Target) -> None:
    """No vector register meets the stack, on any instruction set."""
    kernel, _ = kernels(kind, function, target.lanes)
    assert spills(assembly(kernel.text(target)[1], target, kind)) == 0

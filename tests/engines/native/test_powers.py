"""Powers, pools by length and local response normalisation are what they are defined to be, in all lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from contract import values
from engines.native.harness import aligned, run
from engines.native.test_sample_norms import network
from engines.native.whole import (
    TARGETS,
    check_near,
    check_values,
    defined_gradients,
    gradients,
    named,
    training,
)

from pellucid.engines import NativeEngine
from pellucid.engines.native.channels.local_response import LaneResponse, PlaceResponse
from pellucid.engines.native.channels.packing import blocked_of
from pellucid.engines.native.channels.pooling import LpPool
from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.ir import Code, Value
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.layout import maps_of
from pellucid.engines.native.machine import Target, neon, x86
from pellucid.engines.native.samples.functions import power
from pellucid.engines.native.samples.local_response import (
    LocalResponse,
    LocalResponseLoss,
    LocalResponseShare,
    Response,
)
from pellucid.engines.native.samples.power_pooling import LpPoolBackward, LpPoolForward
from pellucid.engines.native.samples.taps import taps_of
from pellucid.layers import Layer, LocalResponseNorm, LpPool2d
from pellucid.window import Window

COUNT = 1 << 14
MAPS = (21, 5, 6)
EXPONENTS = (0, 0.25, 0.5, 0.75, 1, 2, 3, 4, 1.75, 1 / 3, 0.7, 1.5, 2.7, 3.9, -0.5, -0.3, -1, -2.6)
CASES: list[tuple[Layer, tuple[int, ...]]] = [
    *((LpPool2d(p, 2), MAPS) for p in (1, 2, 3, 0.5, 1.3)),
    (LpPool2d(2.5, 3, stride=2, padding=1), MAPS),
    (LpPool2d(2, (5, 6), stride=1), (3, 14, 13)),
    (LpPool2d(1.3, 2, stride=3, dilation=2, ceil_mode=True), MAPS),
    *((LocalResponseNorm(size, alpha=0.9), MAPS) for size in (1, 2, 5, 9, 40)),
    (LocalResponseNorm(4, alpha=0.9, beta=1.3, extra="after"), MAPS),
    (LocalResponseNorm(3, alpha=0.9, beta=-0.4, k=2.0), (19,)),
    (LocalResponseNorm(3, alpha=0.9), (5, 19)),
    (LocalResponseNorm(4, alpha=0.9, beta=0.3), (5, 2, 3, 4)),
    (LocalResponseNorm(4, alpha=0.9, beta=0), (5, 3)),
]
IDS = [f"{layer} on {shape}" for layer, shape in CASES]


@dataclass(frozen=True)
class Power(Kernel):
    """y = x**exponent for COUNT numbers."""

    arguments: ClassVar[tuple[str, ...]] = ("x", "y")
    exponent: float

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write one loop."""
        x, y = pointers

        def one(k: Value) -> None:
            code.store(power(code, code.load(x, k), self.exponent), y, k)

        code.loop(COUNT // code.lanes, one)


def raised(x: np.ndarray, exponent: float, target: Target) -> np.ndarray:
    """Powers of numbers."""
    padded = aligned(np.resize(x.astype(np.float32), COUNT))
    y = aligned(np.zeros(COUNT, np.float32))
    run(Power(exponent), padded, y, target=target)
    return y[: x.size]


@TARGETS
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_powers_are_near(exponent: float, target: Target) -> None:
    """Within 2**-22 of the truth wherever it is a number that float32 has; without fused products less far out."""
    x = np.concatenate([np.geomspace(1e-9, 1e9, COUNT // 2), np.linspace(0.3, 3, COUNT // 2)]).astype(np.float32)
    truth = x.astype(np.float64) ** np.float64(np.float32(exponent))
    whole = (truth > 2.0**-125) & (truth < 2.0**127)
    off = np.abs(raised(x, exponent, target)[whole] / truth[whole] - 1)
    assert off.max() <= (2.0**-22 if target.fused else 2.0**-17)


@TARGETS
@pytest.mark.parametrize("exponent", [each for each in EXPONENTS if each])
def test_ends_of_powers(exponent: float, target: Target) -> None:
    """0, infinity, NaN, and what is beyond float32's range, as mathematics has them."""
    x = np.array([0, 1, np.inf, np.nan], np.float32)
    with np.errstate(divide="ignore"):
        wanted = x.astype(np.float64) ** exponent
    np.testing.assert_array_equal(raised(x, exponent, target), wanted.astype(np.float32))
    if abs(exponent) > 2:
        far = raised(np.array([1e30, 1e-30]), exponent, target)
        np.testing.assert_array_equal(far, [np.inf, 0] if exponent > 0 else [0, np.inf])


@TARGETS
@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_they_are_their_layers(number: int, target: Target) -> None:
    """Values of one image and of batches, and all gradients, in all lanes, by machine code alone."""
    layer, shape = CASES[number]
    net, engine = network(layer, shape), NativeEngine(target=target, threads=1)
    for count in (1, 17):
        images = (values((count, *shape), 2) / 4).astype(np.float32)
        assert engine.plan(net, batch=count).falls_back == {}
        check_values(engine, net, [images], tolerance=3e-6)
    gradient = values((17, *net.outputs[0].shape), 5).astype(np.float32)
    wanted = defined_gradients(net, [images], gradient, training(17))
    check_near(named(gradients(engine, net, [images], gradient)), named(wanted), 1e-5)


def test_what_no_kernel_makes_falls_back() -> None:
    """A base that may be 0, everywhere; and sums over very many channels, in channel lanes: each says why."""
    zero = network(LocalResponseNorm(3, k=0.0), (5, 2, 2))
    why = "with k = 0 it divides by 0 where a number and its neighbours are 0"
    for count in (1, 20):
        assert NativeEngine().plan(zero, batch=count).falls_back == {"here": why}
    images = np.zeros((3, 5, 2, 2), np.float32)
    images[0, 0] = 1
    with np.errstate(invalid="ignore"):
        wanted = zero.predict(images, engine="reference")
    np.testing.assert_allclose(zero.predict(images, engine="native"), wanted, rtol=1e-6)
    wide = network(LocalResponseNorm(65, alpha=0.5), (5, 2, 2))
    assert NativeEngine().plan(wide, batch=1).lanes == "samples"
    check_values(NativeEngine(), wide, [values((1, 5, 2, 2), 1).astype(np.float32)])


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
def test_nothing_is_put_aside(target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    x, y, taps = maps_of(MAPS).with_halo(1, 0, 2, 0), maps_of((21, 2, 2)), taps_of(Window(2, stride=2), 5)
    from_, to = blocked_of(MAPS, target.lanes).with_halo(0, 1, 2, 0), blocked_of((21, 2, 2), target.lanes)
    kernels: list[Kernel] = []
    for p in (1, 2, 3, 0.5, 1.3):
        kernels += [LpPoolForward(x, y, taps, taps, p), LpPoolBackward(x, y, x, y, taps, taps, p, add=True)]
        kernels += [LpPool(from_, to, taps, taps, p)]
    for beta in (0.75, 1.3):
        response = Response((2, 3), 0.5, beta, 1.0)
        kernels += [LocalResponse(response, x, x), LocalResponseLoss(response, x, x, x, x, add=True)]
        kernels += [LocalResponseShare(response, x, x, x), LaneResponse(response, from_, from_)]
        kernels += [PlaceResponse(response, 5, blocked_of((30, 21), target.lanes), blocked_of((30, 21), target.lanes))]
    for kernel in kernels:
        assert spills(assembly(kernel.text(target)[1], target, str(kernel))) == 0, kernel

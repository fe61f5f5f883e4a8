"""The best kernels are chosen for the layers of well-known networks, and only such as can make the layer."""

from __future__ import annotations

import pytest

from pellucid.engines.native.channels.choice import DIRECT, LANEWISE, Method, choose
from pellucid.engines.native.channels.layout import Blocked
from pellucid.engines.native.channels.winograd import WinogradInputs, WinogradProducts
from pellucid.engines.native.machine import neon, x86
from pellucid.engines.native.samples.geometry import ConvGeometry

AVX512 = x86("avx512")


def three(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> ConvGeometry:
    """A 3x3 convolution that keeps the size, but for a stride."""
    return ConvGeometry(inputs, outputs, (3, 3), (stride, stride), (dilation, dilation), ((1, 1), (1, 1)))


@pytest.mark.parametrize(
    ("geometry", "size", "expected"),
    [
        (three(3, 64), 224, DIRECT),
        (three(64, 64), 224, Method("one phase", 4)),
        (three(128, 256), 56, Method("one phase", 4)),
        (three(512, 512), 28, Method("two phases", 4)),
        (three(512, 512), 14, Method("two phases", 2)),  # weights from memory
        (three(64, 64), 56, Method("one phase", 4)),
        (three(128, 128), 28, Method("one phase", 4)),
        (three(256, 256), 14, Method("two phases", 4)),
        (three(512, 512), 7, Method("two phases", 2)),
        (three(512, 512), 4, DIRECT),
        (three(64, 128, stride=2), 56, DIRECT),
        (three(64, 64, dilation=2), 56, DIRECT),
        (ConvGeometry(64, 128, (1, 1)), 56, DIRECT),
        (ConvGeometry(64, 64, (3, 3), groups=64), 56, LANEWISE),
        (ConvGeometry(64, 64, (3, 3), groups=4), 56, DIRECT),
    ],
    ids=lambda value: "",
)
def test_layers_get_the_kernels_that_were_fastest(geometry: ConvGeometry, size: int, expected: Method) -> None:
    """The layers of VGG-16, ResNet-18 and others, as measured with two threads."""
    assert choose(geometry, size, size, AVX512) == expected


def test_exact_results_are_made_by_the_definitions_own_products() -> None:
    """Winograd's algorithm is never chosen then."""
    assert choose(three(64, 64), 56, 56, AVX512, exact=True) == DIRECT


def test_groups_of_a_few_channels_are_blocks_of_short_vectors() -> None:
    """What is a whole block depends on the lanes."""
    geometry = ConvGeometry(64, 64, (3, 3), groups=16)
    assert choose(geometry, 9, 9, AVX512) == LANEWISE
    assert choose(geometry, 9, 9, neon()) == DIRECT


def test_a_method_tells_the_kernels_and_the_halo_they_need() -> None:
    """Whole tiles read more than the padding where they do not fit."""
    geometry, method = three(512, 512), Method("two phases", 4)
    halo = method.halo(geometry, 14, 14)
    assert halo == (1, 3, 1, 3)
    x, y = Blocked(512, 14, 14).with_halo(*halo), Blocked(512, 7, 7)
    first, second = method.kernels(x, y, geometry, pool=True)
    assert isinstance(first, WinogradInputs)
    assert isinstance(second, WinogradProducts)
    assert DIRECT.halo(geometry, 14, 14) == (1, 1, 1, 1)
    assert method.pools
    assert not DIRECT.pools

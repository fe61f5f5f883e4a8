"""Layers with windows over drawn geometries, in two regimes: all sizes distinct primes, and deliberate coincidences."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from pellucid.errors import ShapeError
from pellucid.layers import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    Conv2d,
    GroupNorm,
    InstanceNorm2d,
    LayerNorm,
    LocalResponseNorm,
    LpPool2d,
    MaxPool2d,
)
from pellucid.layers.base import Example, Layer

PRIMES = (2, 3, 5, 7, 11, 13)


@st.composite
def shapes(draw: DrawFn) -> tuple[int, int, int]:
    """(channels, height, width): three distinct primes, or sizes that coincide."""
    if draw(st.booleans()):
        c, h, w = draw(st.permutations(PRIMES))[:3]
        return c, h, w
    size = draw(st.integers(1, 7))
    return draw(st.sampled_from([(size, size, size), (1, size, size), (size, size, 1), (2, size, 3)]))


def _fits(layer: Layer, shape: tuple[int, int, int]) -> bool:
    try:
        layer.shape_of(shape)
    except ShapeError:
        return False
    return True


sides = st.tuples(st.integers(0, 2), st.integers(0, 2))
paddings = st.one_of(st.integers(0, 2), sides, st.tuples(sides, sides), st.sampled_from(["same", "valid"]))
small = st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)))


@st.composite
def convolutions(draw: DrawFn) -> Example:
    """Convolutions that fit their input."""
    shape = draw(shapes())
    groups = draw(st.sampled_from([g for g in range(1, shape[0] + 1) if shape[0] % g == 0]))
    layer = Conv2d(
        groups * draw(st.integers(1, 3)),
        draw(small),
        stride=draw(small),
        padding=draw(paddings),
        dilation=draw(small),
        groups=groups,
        bias=draw(st.booleans()),
        padding_mode=draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
    )
    return Example(layer, shape) if _fits(layer, shape) else draw(convolutions())


@st.composite
def pools(draw: DrawFn) -> Example:
    """Pools that fit their input."""
    shape = draw(shapes())
    kernel, stride, padding = draw(small), draw(st.none() | small), draw(paddings)
    layer = draw(
        st.sampled_from(
            [
                MaxPool2d(kernel, stride, padding, dilation=draw(small), ceil_mode=draw(st.booleans())),
                AvgPool2d(
                    kernel, stride, padding, ceil_mode=draw(st.booleans()), count_include_pad=draw(st.booleans())
                ),
                AdaptiveAvgPool2d(draw(small)),
                AdaptiveMaxPool2d(draw(small)),
                LpPool2d(
                    draw(st.sampled_from([1, 1.5, 2, 3])),
                    kernel,
                    stride=stride,
                    padding=padding,
                    dilation=draw(small),
                    ceil_mode=draw(st.booleans()),
                ),
            ]
        )
    )
    return Example(layer, shape) if _fits(layer, shape) else draw(pools())


@st.composite
def norms(draw: DrawFn) -> Example:
    """Norms of a sample's own numbers: any axes, any groups, any neighbours; of maps, rows and vectors."""
    shape = draw(shapes())[: draw(st.sampled_from([3, 3, 2, 1]))]
    divisors = [g for g in range(1, shape[0] + 1) if shape[0] % g == 0]
    eps, flags = draw(st.sampled_from([1e-3, 0.5])), st.booleans()
    axes = draw(st.none() | st.sets(st.integers(0, len(shape) - 1), min_size=1).map(tuple))
    given = {"alpha": draw(st.sampled_from([0.01, 2.0])), "beta": draw(st.sampled_from([0.5, 0.75, 1.0]))}
    layers: list[Layer] = [
        LayerNorm(axes, eps=eps, scale=draw(flags), bias=draw(flags)),
        GroupNorm(draw(st.sampled_from(divisors)), eps=eps, affine=draw(flags)),
        LocalResponseNorm(draw(st.integers(1, 8)), extra=draw(st.sampled_from(["before", "after"])), **given),
        *([InstanceNorm2d(eps=eps, affine=draw(flags))] if len(shape) == 3 else []),
    ]
    return Example(draw(st.sampled_from(layers)), shape)

"""Layers that grow, pad, resize, move, join and scale values over drawn geometries, in the two regimes of `geometries`.

Drawn are layers with the shapes that they read; what does not fit is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable

from geometries import PRIMES, shapes, sides, small
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pellucid.errors import PellucidError
from pellucid.layers import (
    Add,
    ChannelShuffle,
    Concat,
    ConvTranspose2d,
    LogSoftmax,
    Multiply,
    Pad2d,
    Permute,
    PixelShuffle,
    PReLU,
    Reshape,
    Scale,
    SeparableConv2d,
    Slice,
    Softmax,
    Subtract,
    Upsample,
    ZeroPad2d,
)
from pellucid.layers.base import Example, Layer
from pellucid.layers.node import Shape

four = st.tuples(sides, sides)
paddings = st.one_of(st.integers(0, 2), sides, four, st.sampled_from(["same", "valid"]))


def _fits(make: Callable[[], Layer], *read: Shape) -> Example | None:
    """Return the example, or None where the layer cannot be, or cannot read these shapes."""
    try:
        layer = make()
        layer.shape_of(*read)
    except PellucidError:
        return None
    return Example(layer, *read)


def _fitting(found: SearchStrategy[Example | None]) -> SearchStrategy[Example]:
    return found.filter(lambda example: example is not None)  # pyright: ignore[reportReturnType]


@st.composite
def _transposed(draw: DrawFn) -> Example | None:
    shape = draw(shapes())
    groups = draw(st.sampled_from([g for g in range(1, shape[0] + 1) if shape[0] % g == 0]))
    return _fits(
        lambda: ConvTranspose2d(
            groups * draw(st.integers(1, 3)),
            draw(small),
            stride=draw(small),
            padding=draw(paddings),
            output_padding=draw(st.tuples(st.integers(0, 2), st.integers(0, 2))),
            dilation=draw(small),
            groups=groups,
            bias=draw(st.booleans()),
        ),
        shape,
    )


@st.composite
def _separable(draw: DrawFn) -> Example | None:
    layer = SeparableConv2d(
        draw(st.integers(1, 4)),
        draw(small),
        stride=draw(small),
        padding=draw(paddings),
        dilation=draw(small),
        depth_multiplier=draw(st.integers(1, 3)),
        bias=draw(st.booleans()),
    )
    return _fits(lambda: layer, draw(shapes()))


transposed = _fitting(_transposed())
separable = _fitting(_separable())


@st.composite
def _padded(draw: DrawFn) -> Example | None:
    if draw(st.booleans()):
        return _fits(lambda: ZeroPad2d(draw(four)), draw(shapes()))
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    value = draw(st.sampled_from([0.0, -1.5]))
    return _fits(lambda: Pad2d(draw(four), channels=draw(sides), mode=mode, value=value), draw(shapes()))


padded = _fitting(_padded())


@st.composite
def _resized(draw: DrawFn) -> Example | None:
    shape = draw(shapes())
    mode = draw(st.sampled_from(["nearest", "nearest-exact", "bilinear"]))
    corners = mode == "bilinear" and draw(st.booleans())
    if draw(st.booleans()):
        scale = draw(st.tuples(*[st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0])] * 2))
        return _fits(lambda: Upsample(scale, mode=mode, align_corners=corners), shape)
    size = draw(st.tuples(st.integers(1, 13), st.integers(1, 13)))
    return _fits(lambda: Upsample(size=size, mode=mode, align_corners=corners), shape)


resized = _fitting(_resized())


@st.composite
def _shuffled(draw: DrawFn) -> Example | None:
    channels, height, width = draw(shapes())
    if draw(st.booleans()):
        groups = draw(st.integers(1, 4))
        return _fits(lambda: ChannelShuffle(groups), (groups * channels, height, width))
    factor = draw(st.integers(1, 3))
    order = draw(st.sampled_from(["CRD", "DCR"]))
    return _fits(lambda: PixelShuffle(factor, order=order), (factor**2 * min(channels, 3), height, width))


@st.composite
def _laid_out(draw: DrawFn) -> Example | None:
    shape = draw(shapes())[: draw(st.integers(1, 3))]
    rank = len(shape)
    if draw(st.booleans()):
        return _fits(lambda: Permute(tuple(draw(st.permutations(range(rank))))), shape)
    kept = draw(st.permutations(shape))
    return _fits(lambda: Reshape(draw(st.sampled_from([(-1,), (*kept[:-1], -1), (-1, kept[0]), tuple(kept)]))), shape)


@st.composite
def _sliced(draw: DrawFn) -> Example | None:
    shape = draw(shapes())[: draw(st.integers(1, 3))]
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    place = st.integers(-8, 8)
    start, stop, step = draw(place), draw(st.none() | place), draw(st.integers(1, 3))
    return _fits(lambda: Slice(start, stop, step, axis=axis), shape)


moved = _fitting(st.one_of(_shuffled(), _laid_out(), _sliced()))


@st.composite
def _joined(draw: DrawFn) -> Example | None:
    whole = draw(shapes())[: draw(st.integers(1, 3))]
    layer = draw(st.sampled_from([Add(), Multiply(), Subtract()]))
    count = 2 if isinstance(layer, Subtract) else draw(st.integers(2, 4))
    read = [tuple(n if draw(st.booleans()) else 1 for n in whole) for _ in range(count)]
    return _fits(lambda: layer, *read)


@st.composite
def _concatenated(draw: DrawFn) -> Example | None:
    shape = draw(shapes())[: draw(st.integers(1, 3))]
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    along = axis % len(shape)
    sizes = draw(st.lists(st.sampled_from([1, *PRIMES[:3]]), min_size=2, max_size=4))
    return _fits(lambda: Concat(axis), *((*shape[:along], n, *shape[along + 1 :]) for n in sizes))


joined = _fitting(st.one_of(_joined(), _concatenated()))


@st.composite
def _scaled(draw: DrawFn) -> Example | None:
    shape = draw(shapes())[: draw(st.integers(1, 3))]
    axes = tuple(sorted(draw(st.sets(st.integers(0, len(shape) - 1)))))
    scale, shift = draw(st.sampled_from([(True, True), (True, False), (False, True)]))
    layer = draw(st.sampled_from([PReLU(axes), Scale(axes, scale=scale, shift=shift, trainable=draw(st.booleans()))]))
    return _fits(lambda: layer, shape)


@st.composite
def _shared(draw: DrawFn) -> Example | None:
    shape = draw(shapes())[: draw(st.integers(1, 3))]
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return _fits(lambda: draw(st.sampled_from([Softmax(axis), LogSoftmax(axis)])), shape)


scaled = _fitting(st.one_of(_scaled(), _shared()))

GEOMETRIES = {
    "transposed": transposed,
    "separable": separable,
    "padded": padded,
    "resized": resized,
    "moved": moved,
    "joined": joined,
    "scaled": scaled,
}

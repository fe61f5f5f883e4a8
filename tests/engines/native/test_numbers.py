"""How right the engine's numbers are: exact on whole numbers, and near float64 on all others, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from math import lcm

import numpy as np
import pytest
from engines.native.whole import (
    BATCHES,
    SEED,
    TARGETS,
    Array,
    check_within,
    child,
    defined,
    defined_gradients,
    gradients,
    largest,
    named,
    training,
)

from pellucid import Input, Network
from pellucid.engines import Engine
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.machine import Target, available
from pellucid.engines.native.plan import Plan
from pellucid.engines.reference import forward
from pellucid.errors import ShapeError
from pellucid.layers import (
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Layer,
    Linear,
    MaxPool2d,
    Node,
    ReLU,
)
from pellucid.train import SGD, CrossEntropy, MeanSquaredError

Rng = np.random.Generator
Shape = tuple[int, ...]
UNIT = 2.0**-24  # u: what rounding to float32 is off by, relative
SIZES = (1, 2, 3, 5, 7, 8, 9, 11, 13, 15, 16, 17)  # primes, and sizes around the widths of vectors
COUNTS = (1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33)  # samples


# --- exact on whole numbers


def maps_of(rng: Rng) -> tuple[int, int, int]:
    """Maps: channels, height and width by themselves, or all the same."""
    if rng.integers(4) == 0:
        size = int(rng.integers(1, 9))
        return size, size, size
    return int(rng.choice(SIZES)), int(rng.choice(SIZES[:-2])), int(rng.choice(SIZES[:-2]))


def a_convolution(rng: Rng, x: Node) -> Node:
    """Any convolution: with groups, strides, dilation, padding of every kind."""
    channels = x.shape[0]
    top, bottom, left, right = rng.integers(0, 3, 4).tolist()
    groups = int(rng.choice([g for g in range(1, channels + 1) if channels % g == 0]))
    layer = Conv2d(
        groups * int(rng.integers(1, 5)),
        tuple(rng.integers(1, 5, 2).tolist()),
        stride=tuple(rng.choice([1, 1, 2, 3], 2).tolist()),
        padding=((top, bottom), (left, right)),
        dilation=tuple(rng.choice([1, 1, 2], 2).tolist()),
        groups=groups,
        bias=bool(rng.integers(2)),
        padding_mode=str(rng.choice(["zeros", "zeros", "zeros", "reflect", "replicate", "circular"])),
    )
    return layer(x)


def a_pool(rng: Rng, x: Node) -> Node:
    """Any pool."""
    kernel, stride = tuple(rng.integers(1, 4, 2).tolist()), tuple(rng.integers(1, 4, 2).tolist())
    padding, ceil = tuple(min(k // 2, int(rng.integers(2))) for k in kernel), bool(rng.integers(2))
    pools: list[Callable[[], Layer]] = [
        lambda: MaxPool2d(kernel, stride, padding, dilation=int(rng.integers(1, 3)), ceil_mode=ceil),
        lambda: AvgPool2d(kernel, stride, padding, ceil_mode=ceil, count_include_pad=bool(rng.integers(2))),
        lambda: AdaptiveAvgPool2d(tuple(rng.integers(1, 4, 2).tolist())),
        GlobalAvgPool2d,
        GlobalMaxPool2d,
    ]
    return pools[int(rng.integers(len(pools)))]()(x)


def a_linear(rng: Rng, x: Node) -> Node:
    """A linear layer: on a vector, now and then a wide one, or on the rows of maps."""
    if rng.integers(2):
        x = Flatten(str(rng.choice(["CHW", "HWC"])))(x)
    wide = len(x.shape) == 1 and rng.integers(4) == 0
    outputs = 70_000 // x.shape[-1] if wide and x.shape[-1] > 200 else int(rng.choice((*SIZES, 33)))
    return Linear(outputs, bias=bool(rng.integers(2)))(x)


def a_chain(rng: Rng, x: Node) -> Node:
    """Some layers one after another, with branches: what is done in one step, in place, or beside something else."""
    channels = int(rng.integers(1, 6))
    y = ReLU()(Conv2d(channels, 3, padding=1)(x))
    other = Conv2d(channels, 1, bias=False)(x)
    y = Add()(y, other) if rng.integers(2) else Concat()(y, x, other)
    if rng.integers(2):
        y = ReLU()(y)
    if min(y.shape[1:]) > 1:
        y = MaxPool2d(2, ceil_mode=bool(rng.integers(2)))(y)
    return Linear(int(rng.integers(1, 12)))(Flatten()(y))


MAKERS = [a_convolution, a_convolution, a_pool, a_pool, a_linear, a_chain]


def drawn(rng: Rng) -> Network:
    """A network of layers that fit together, with whole numbers as weights."""
    while True:
        x = Input(maps_of(rng), name="x")
        try:
            net = Network(x, MAKERS[int(rng.integers(len(MAKERS)))](rng, x))
        except ShapeError:
            continue
        for name, spec in net.weights.specs.items():
            net.weights[name] = rng.integers(-2, 3, spec.shape).astype(np.float32)
        return net


def check_exact(engine: Engine, number: int) -> None:
    """A drawn network gives exactly the definition's values and gradients: whole numbers, or their quotients.

    Quotients of whole numbers below 2^24 are float64's rounded once more, which cannot differ from rounding once.
    """
    rng = np.random.default_rng(number)
    net = drawn(rng)
    (node,) = net.outputs
    name, what = str(node.name), f"case {number}: {node.layer} on {net.inputs[0].shape}"
    parts = _parts(node)

    def whole(count: int) -> Array:
        return rng.integers(-3, 4, (count, *net.inputs[0].shape)).astype(np.float32)

    for count in rng.choice(BATCHES, 2, replace=False):
        x = whole(count)
        wanted = np.rint(defined(net, (x,))[name] * parts) / parts
        check_same(engine.program(net).run((x,))[0], wanted, f"{what} x {count}")
    x = whole(int(rng.choice(COUNTS)))
    count = len(x)
    # What averages share out is a multiple of all that it is divided by.
    gradient = (2 * parts * rng.integers(-2, 3, (count, *node.shape))).astype(np.float32)
    wanted = named(defined_gradients(net, (x,), gradient, training(count)))
    found = [gradients(engine, net, (x,), gradient)]
    if parts == 1:  # the same gradient, from the kernel of a loss
        targets = defined(net, (x,))[name] - gradient * (gradient.size / 2)
        trainer = engine.trainer(net, MeanSquaredError(), SGD(0.1), seed=SEED)
        found.append(trainer.gradients((x,), targets.astype(np.float32), np.arange(count)))
    for each in found:
        for where, array in named(each).items():
            check_same(array, np.rint(wanted[where]), f"gradient of {where}, {what} x {count}")


def _parts(node: Node) -> int:
    """What every average of a pool is a fraction of: 1 for other layers."""
    layer, shape = node.layer, node.inputs[0].shape
    if isinstance(layer, GlobalAvgPool2d):
        return shape[1] * shape[2]
    if not isinstance(layer, (AdaptiveAvgPool2d, AvgPool2d)):
        return 1
    counted = {"include_pad": layer.padding_counts} if isinstance(layer, AvgPool2d) else {}
    rows, columns = (set(w.counts(n, **counted).tolist()) for w, n in zip(layer.windows(shape), shape[1:], strict=True))
    return lcm(*(a * b for a in rows for b in columns))


def check_same(found: Array, wanted: Array, what: str) -> None:
    """Every number is the definition's, rounded to float32."""
    assert largest(wanted) < 2**24, f"{what}: {largest(wanted)} is no longer exact"
    check_within(found, wanted.astype(np.float32), np.zeros(wanted.shape), what)


@TARGETS
@pytest.mark.parametrize("number", range(60))
def test_whole_numbers_are_exact(number: int, target: Target) -> None:
    """Convolutions, pools, linear layers and chains of them err in no bit where float32 has no reason to."""
    check_exact(NativeEngine(target=target, exact=True, threads=1), number)


MANY = """
import sys
from engines.native.test_numbers import NativeEngine, check_exact
from pellucid.engines.native.machine import x86, available
target = next(target for target in available() if target.name == sys.argv[1])
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    check_exact(NativeEngine(target=target, exact=True, threads=1), number)
"""


@pytest.mark.slow
@TARGETS
@pytest.mark.parametrize("chunk", range(10))
def test_whole_numbers_are_exact_in_5000_cases(chunk: int, target: Target) -> None:
    """The same for 5,000 networks more, in processes of their own, since what was compiled stays in memory."""
    share = -(-500 // len(available()))
    first = 1000 + 500 * chunk + share * available().index(target)
    child(MANY, target.name, str(first), str(first + share))


@TARGETS
@pytest.mark.parametrize("count", BATCHES)
def test_batch_norm_by_running_averages_is_exact(count: int, target: Target) -> None:
    """With deviations that are powers of 2, by itself, behind a convolution, and with an activation behind it."""
    rng = np.random.default_rng(count)
    x = Input((3, 5, 4), name="x")
    alone, behind = BatchNorm2d(eps=1.0)(x), BatchNorm2d(eps=1.0)(Conv2d(7, 3, padding=1)(x))
    net = Network(x, [alone, ReLU()(behind)])
    for name, spec in net.weights.specs.items():
        drawn = rng.choice([3, 15], spec.shape) if name.endswith("var") else rng.integers(-3, 4, spec.shape)
        net.weights[name] = drawn.astype(np.float32)
    images = rng.integers(-9, 10, (count, 3, 5, 4)).astype(np.float32)
    wanted = defined(net, (images,))
    found = NativeEngine(target=target, exact=True, threads=1).program(net).run((images,))
    for node, y in zip(net.outputs, found, strict=True):
        check_same(y, wanted[str(node.name)], str(node.name))


@TARGETS
@pytest.mark.parametrize("count", COUNTS)
def test_batch_norm_in_training_is_exact(count: int, target: Target) -> None:
    """On maps whose mean is whole and whose deviation is 2, with gradients whose own means are exact.

    In every map a sixth of the numbers is 3 above the mean and a sixth 3 below, which makes the variance 3; eps is 1.
    Gradients are a number for each map, which sum to a multiple of the batch, and a multiple of the normalised maps.
    """
    rng = np.random.default_rng(count)
    x = Input((5, 4, 6), name="x")
    net = Network(x, BatchNorm2d(eps=1.0)(x))
    (node,) = net.outputs
    for short in ("weight", "bias"):
        net.weights[f"norm1.{short}"] = rng.integers(-3, 4, 5).astype(np.float32)
    apart = rng.permuted(np.tile([3.0, 0, 0, -3, 0, 0], (count, 5, 4)), axis=-1).reshape(count, 5, 4, 6)
    levels = rng.integers(-4, 5, (count, 5, 1, 1))
    levels[0] -= levels.sum(axis=0) % count
    images = (apart + rng.integers(-9, 10, (5, 1, 1))).astype(np.float32)
    gradient = (levels + 4 * rng.integers(-2, 3, (5, 1, 1)) * apart / 2).astype(np.float32)
    wanted = named(defined_gradients(net, (images,), gradient, training(count)))
    engine = NativeEngine(target=target, exact=True, threads=1)
    for where, array in named(gradients(engine, net, (images,), gradient)).items():
        check_same(array, wanted[where], f"gradient of {where}")
    step = engine.trainer(net, MeanSquaredError(), SGD(0.1), seed=SEED).step(
        (images,), np.zeros((count, *node.shape), np.float32), np.arange(count), rate=0.1
    )
    check_same(step.outputs, forward(net, (images.astype(np.float64),), training(count))["norm1"], "values")


# --- near float64 on all others

SUMS: list[tuple[Layer, Shape]] = [
    (Conv2d(16, 3, padding=1), (64, 9, 8)),
    (Conv2d(13, 5, stride=2, padding=2), (7, 15, 11)),
    (Conv2d(24, 3, padding=1, groups=24), (24, 9, 9)),
    (Conv2d(9, 1), (70, 6, 5)),
    (Conv2d(6, 5), (1, 16, 16)),
    (Conv2d(4, 3, padding=1, padding_mode="reflect"), (8, 7, 7)),
    (Linear(10), (300,)),
    (Linear(290), (257,)),  # a weight that all threads share
    (Linear(7), (3, 5, 11)),
]


def normal(rng: Rng, shape: Shape, _: float) -> Array:
    """Numbers around 0, of size 1."""
    return rng.standard_normal(shape).astype(np.float32)


def wide(rng: Rng, shape: Shape, digits: float) -> Array:
    """Numbers of all sizes, from 10^-digits to 10^digits."""
    return (rng.choice([-1.0, 1.0], shape) * 10 ** rng.uniform(-digits, digits, shape)).astype(np.float32)


# Of the sum of the products' sizes, in u: what the worst number, and what numbers on average (root mean square) may be
# off by. A sum of n products that is added up one by one errs by less than n u, and by about sqrt(n) u / 2 where one of
# them is far larger than the others; PyTorch's worst numbers on these shapes are off by 1.3 to 4.8 u.
ALLOWED = {normal: (8, 1), wide: (16, 2)}


def check_sums(engine: Engine, layer: Layer, shape: Shape, data: Callable[..., Array], count: int) -> None:
    """Values and gradients of a layer that sums products are as near to float64's as such sums in float32 come."""
    rng = np.random.default_rng(5)
    x = Input(shape, name="x")
    net = Network(x, layer(x))
    (node,) = net.outputs
    for name, spec in net.weights.specs.items():
        net.weights[name] = data(rng, spec.shape, 14)
    images, gradient = data(rng, (count, *shape), 20), data(rng, (count, *node.shape), 14)
    found = named(gradients(engine, net, (images,), gradient))
    found["values"] = engine.program(net).run((images,))[0]
    wanted = _sums(net, images, gradient)
    for name in net.weights:
        net.weights[name] = np.abs(net.weights[name])
    sizes = _sums(net, np.abs(images), np.abs(gradient))
    most, mean = ALLOWED[data]
    for where, right in wanted.items():
        what = f"{where}, {layer} on {shape} x {count}, {data.__name__} numbers"
        check_within(found[where], right, most * UNIT * sizes[where], what)
        off = np.sqrt(np.mean(((found[where] - right) / (UNIT * sizes[where])) ** 2))
        assert off <= mean, f"{what}: off by {off:.2f} u on average"


def _sums(net: Network, images: Array, gradient: Array) -> dict[str, Array]:
    values = {"values": defined(net, (images,))[str(net.outputs[0].name)]}
    return values | named(defined_gradients(net, (images,), gradient, training(len(images))))


@TARGETS
@pytest.mark.parametrize("data", ALLOWED)
@pytest.mark.parametrize(("layer", "shape"), SUMS, ids=str)
def test_sums_are_near_float64(layer: Layer, shape: Shape, data: Callable[..., Array], target: Target) -> None:
    """On numbers of one size, and of all sizes from 1e-20 to 1e20, one sample and many."""
    for count in (1, 33):
        check_sums(NativeEngine(target=target, exact=True, threads=1), layer, shape, data, count)


# --- Winograd's algorithm

FAST = [(Conv2d(32, 3, padding=1), (32, 12, 12)), (Conv2d(32, 3), (64, 9, 9)), (Conv2d(64, 3, padding=1), (128, 8, 8))]


ROWS = [(Conv2d(16, 5), (6, 14, 14)), (Conv2d(32, 5, padding=2), (64, 9, 11))]


def check_winograd(target: Target, layer: Layer, shape: Shape) -> None:
    """Its errors are at most 3 times the direct kernels', root mean square, and 1e-5 of the largest number.

    Those of the weight's gradient are a millionth, which is what values err by as well: there the direct kernels are no
    measure, as they sum every lane by itself, and so err a quarter as much as elsewhere.
    """
    rng = np.random.default_rng(6)
    x = Input(shape, name="x")
    net = Network(x, layer(x))
    (node,) = net.outputs
    for count in (1, 33):
        images, gradient = (normal(rng, (count, *size), 0) for size in (shape, node.shape))
        wanted = _sums(net, images, gradient)
        off: dict[bool, dict[str, Array]] = {}
        for exact in (True, False):
            engine = NativeEngine(target=target, exact=exact, threads=1)
            found = named(gradients(engine, net, (images,), gradient))
            found["values"] = engine.program(net).run((images,))[0]
            off[exact] = {where: found[where] - right for where, right in wanted.items()}
        for where, right in wanted.items():
            what, size = f"{where}, {layer} x {count}", float(np.linalg.norm(right))
            direct, fast = (float(np.linalg.norm(off[exact][where])) / size for exact in (True, False))
            most = 1e-6 if where.endswith("weight") else 3 * direct
            assert fast <= most, f"{what}: off by {fast:.2g} on average, and {direct:.2g} by the direct kernels"
            check_within(off[False][where], np.zeros(right.shape), np.full(right.shape, 1e-5 * largest(right)), what)


@TARGETS
@pytest.mark.parametrize(("layer", "shape"), FAST, ids=str)
def test_winograd_is_nearly_as_good(layer: Layer, shape: Shape, target: Target, plans: list[Plan]) -> None:
    """Values and gradients by Winograd's algorithm, which is really used."""
    check_winograd(target, layer, shape)
    used = [type(kernel).__name__ for plan in plans for kernel in plan.kernels()]
    assert {"WinogradForward", "WinogradInputGradient", "WinogradWeightGradient"} <= set(used)


@TARGETS
@pytest.mark.parametrize(("layer", "shape"), ROWS, ids=str)
def test_winograd_along_rows_is_nearly_as_good(layer: Layer, shape: Shape, target: Target, plans: list[Plan]) -> None:
    """The same for larger kernels, of which only the rows are transformed."""
    check_winograd(target, layer, shape)
    used = [type(kernel).__name__ for plan in plans for kernel in plan.kernels()]
    assert {"RowWinogradForward", "RowWinogradInputGradient", "RowWinogradWeightGradient"} <= set(used)


@TARGETS
def test_exact_means_without_winograd(target: Target, plans: list[Plan]) -> None:
    """With exact=True no plan, of a run, a trace or a training step, has a step of Winograd's algorithm."""
    x = Input((32, 12, 12), name="x")
    net = Network(x, Linear(3)(Flatten()(Conv2d(32, 3, padding=1)(ReLU()(Conv2d(32, 3, padding=1)(x))))))
    for exact in (True, False):
        plans.clear()
        engine = NativeEngine(target=target, exact=exact, threads=1)
        for count in BATCHES:
            engine.program(net).run((np.zeros((count, 32, 12, 12), np.float32),))
            engine.program(net).trace((np.zeros((count, 32, 12, 12), np.float32),))
        batch = (np.zeros((2, 32, 12, 12), np.float32),), np.zeros(2, np.int64), np.arange(2)
        engine.trainer(net, CrossEntropy(), SGD(0.1), seed=SEED).step(*batch, rate=0.1)
        engine.trainer(net, CrossEntropy(), SGD(0.1), seed=SEED).gradients(*batch)
        fast = [plan for plan in plans if any("Winograd" in type(kernel).__name__ for kernel in plan.kernels())]
        assert len(plans) >= 4
        assert bool(fast) is not exact

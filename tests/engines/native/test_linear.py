"""Linear layers in sample lanes agree with the layer's own definition, forward and backward, to the bit on integers."""

from __future__ import annotations

import numpy as np
import pytest
from engines.native.harness import aligned, run
from hypothesis import given, settings
from hypothesis.strategies import integers

from pellucid.engines.native.compiler import assembly, spills
from pellucid.engines.native.kernel import Kernel
from pellucid.engines.native.machine import Target, available, neon, x86
from pellucid.engines.native.samples.elementwise import Activation
from pellucid.engines.native.samples.linear import (
    LinearBiasGradient,
    LinearForward,
    LinearInputGradient,
    LinearWeightGradient,
    WideLinearForward,
    WideLinearInputGradient,
)
from pellucid.engines.native.samples.updates import Adam, Add, Store, finish_of, host_rates
from pellucid.layers import Linear
from pellucid.layers.base import Run
from pellucid.train import SGD

UNTOUCHED = np.float32(-77)
U = 2.0**-24
RELU = Activation("relu")
SHAPES = [(1, 1, 1), (7, 13, 1), (5, 26, 3), (16, 12, 7), (259, 3, 1), (1024, 19, 1)]

targets = pytest.mark.parametrize("target", available(), ids=lambda target: target.name)


class Case:
    """A layer on a batch, by its own definition in double precision, and arrays in sample lanes."""

    def __init__(
        self, inputs: int, outputs: int, rows: int, blocks: int, target: Target, *, whole: bool = True
    ) -> None:
        random = np.random.default_rng(inputs * 1000 + outputs)
        self.lanes, self.blocks, self.rows = target.lanes, blocks, rows
        samples = blocks * target.lanes

        def numbers(*shape: int) -> np.ndarray:
            return random.integers(-4, 5, shape).astype(np.float32) if whole else random.normal(size=shape).astype("f4")

        self.x, self.dy = numbers(samples, rows, inputs), numbers(samples, rows, outputs)
        self.w = {"weight": numbers(outputs, inputs), "bias": numbers(outputs)}
        layer = Linear(outputs)
        precise = {name: value.astype(np.float64) for name, value in self.w.items()}
        run = Run()
        self.y = layer.forward(self.x.astype(np.float64), w=precise, run=run)
        gradients = layer.backward(self.dy.astype(np.float64), self.x.astype(np.float64), y=self.y, w=precise, run=run)
        (self.dx,), self.dw = gradients.inputs, gradients.weights

    def laid(self, values: np.ndarray, gap: int) -> np.ndarray:
        """Values (samples, rows, features) in sample lanes, with `gap` vectors between blocks."""
        blocks = values.reshape(self.blocks, self.lanes, -1).transpose(0, 2, 1)
        out = np.full((self.blocks, blocks.shape[1] + gap, self.lanes), UNTOUCHED, np.float32)
        out[:, : blocks.shape[1]] = blocks
        return aligned(out)

    def back(self, laid: np.ndarray, features: int) -> np.ndarray:
        """Values (samples, rows, features) out of sample lanes; what lies between blocks must be untouched."""
        size = self.rows * features
        assert (laid[:, size:] == UNTOUCHED).all()
        return laid[:, :size].transpose(0, 2, 1).reshape(-1, self.rows, features)


def number(count: int) -> np.ndarray:
    """A whole number in memory."""
    return aligned(np.array([count], np.int64))


def items(kernel: LinearWeightGradient | WideLinearForward | WideLinearInputGradient, target: Target) -> range:
    """The kernel's items."""
    return range(kernel.items(target))


def one_block(inputs: int, outputs: int, rows: int, target: Target) -> None:
    """Check the kernels of one block on whole numbers, to the bit."""
    case = Case(inputs, outputs, rows, 1, target)
    weight, bias = aligned(case.w["weight"]), aligned(case.w["bias"])
    x, y = case.laid(case.x, 0), aligned(np.full((1, rows * outputs + 3, target.lanes), UNTOUCHED))
    run(LinearForward(inputs, outputs, rows, True, RELU), x, weight, bias, y, target=target)
    np.testing.assert_array_equal(case.back(y, outputs), np.maximum(case.y, 0))
    run(LinearForward(inputs, outputs, rows, False, None), x, weight, y, target=target)
    np.testing.assert_array_equal(case.back(y, outputs), case.y - case.w["bias"])
    dy, dx = case.laid(case.dy, 0), aligned(np.full((1, rows * inputs + 3, target.lanes), UNTOUCHED))
    run(LinearInputGradient(inputs, outputs, rows, False), dy, weight, dx, target=target)
    np.testing.assert_array_equal(case.back(dx, inputs), case.dx)
    run(LinearInputGradient(inputs, outputs, rows, True), dy, weight, dx, target=target)
    np.testing.assert_array_equal(case.back(dx, inputs), 2 * case.dx)


@targets
@pytest.mark.parametrize(("inputs", "outputs", "rows"), SHAPES)
def test_one_block(inputs: int, outputs: int, rows: int, target: Target) -> None:
    """Outputs and the input's gradient are exact on integers, with and without bias, activation and a sum before."""
    one_block(inputs, outputs, rows, target)


@targets
@pytest.mark.parametrize(("inputs", "outputs", "blocks"), [(3, 5, 1), (17, 40, 7), (530, 13, 2), (37, 407, 6)])
def test_all_blocks(inputs: int, outputs: int, blocks: int, target: Target) -> None:
    """The wide kernels, item by item, give what the layer gives, and leave what lies between blocks alone."""
    case = Case(inputs, outputs, 1, blocks, target)
    weight, bias, count = aligned(case.w["weight"]), aligned(case.w["bias"]), number(blocks)
    x, y = case.laid(case.x, 2), case.laid(np.full_like(case.dy, UNTOUCHED), 3)
    forward = WideLinearForward(inputs, outputs, True, RELU, inputs + 2, outputs + 3)
    for item in items(forward, target):
        run(forward, x, weight, bias, y, count, item=item, target=target)
    np.testing.assert_array_equal(case.back(y, outputs), np.maximum(case.y, 0))
    dy, dx = case.laid(case.dy, 1), case.laid(np.full_like(case.x, UNTOUCHED), 2)
    for add in (False, True):
        backward = WideLinearInputGradient(inputs, outputs, add, outputs + 1, inputs + 2)
        for item in items(backward, target):
            run(backward, dy, weight, dx, count, item=item, target=target)
        np.testing.assert_array_equal(case.back(dx, inputs), (1 + add) * case.dx)


def weight_gradients(inputs: int, outputs: int, rows: int, blocks: int, target: Target) -> None:
    """Check gradients of weights and biases on whole numbers, to the bit, stored and then added."""
    case = Case(inputs, outputs, rows, blocks, target)
    x, dy, count = case.laid(case.x, 1), case.laid(case.dy, 2), number(blocks)
    strides = rows * inputs + 1, rows * outputs + 2
    dw, db = (aligned(np.full(size + 5, UNTOUCHED)) for size in (inputs * outputs, outputs))
    for times, finish in ((1, Store()), (2, Add())):
        kernel = LinearWeightGradient(inputs, outputs, rows, *strides, finish)
        for item in items(kernel, target):
            run(kernel, x, dy, count, dw, item=item, target=target)
        run(LinearBiasGradient(outputs, rows, strides[1], finish), dy, count, db, target=target)
        np.testing.assert_array_equal(dw[:-5].reshape(outputs, inputs), times * case.dw["weight"])
        np.testing.assert_array_equal(db[:-5], times * case.dw["bias"])
        assert (dw[-5:] == UNTOUCHED).all()
        assert (db[-5:] == UNTOUCHED).all()


@targets
@pytest.mark.parametrize(
    ("inputs", "outputs", "rows", "blocks"),
    [(1, 1, 1, 1), (16, 4, 1, 3), (13, 7, 2, 1), (31, 3, 1, 2), (100, 2, 5, 3), (290, 3, 4, 9), (1030, 5, 1, 1)],
)
def test_weight_gradients(inputs: int, outputs: int, rows: int, blocks: int, target: Target) -> None:
    """Gradients of weights and biases are exact on integers, stored or added."""
    weight_gradients(inputs, outputs, rows, blocks, target)


@pytest.mark.slow
@targets
@settings(max_examples=30, deadline=None)
@given(inputs=integers(1, 70), outputs=integers(1, 40), rows=integers(1, 4), blocks=integers(1, 5))
def test_any_shape(inputs: int, outputs: int, rows: int, blocks: int, target: Target) -> None:
    """The same holds for shapes that nobody chose."""
    one_block(inputs, outputs, rows, target)
    weight_gradients(inputs, outputs, rows, blocks, target)


@targets
def test_weights_move_in_place(target: Target) -> None:
    """With an optimizer's finish each weight moves once, as the definition moves it."""
    case = Case(45, 6, 1, 2, target)
    optimizer = SGD(0.125, momentum=0.5)
    finish = finish_of(optimizer.kind, optimizer.config())
    assert finish is not None
    weight, velocity = aligned(case.w["weight"]), aligned(np.ones((6, 45), np.float32))
    rates = aligned(np.array(host_rates(optimizer.kind, optimizer.config(), 0, 0.125), np.float32))
    gradient = case.dw["weight"].astype(np.float32)
    moved, slots = optimizer.update(weight.copy(), gradient, {"velocity": velocity.copy()}, step=0, rate=0.125)
    kernel = LinearWeightGradient(45, 6, 1, 45, 6, finish)
    for item in items(kernel, target):
        run(
            kernel,
            case.laid(case.x, 0),
            case.laid(case.dy, 0),
            number(2),
            weight,
            velocity,
            rates,
            item=item,
            target=target,
        )
    np.testing.assert_array_equal(weight, moved)
    np.testing.assert_array_equal(velocity, slots["velocity"])


@targets
def test_rounding_stays_within_its_bound(target: Target) -> None:
    """Real numbers come out within two units of the sum of the products' magnitudes, also where the sums are long."""
    inputs, outputs, blocks = 1100, 13, 2
    case = Case(inputs, outputs, 1, blocks, target, whole=False)
    weight, count = aligned(case.w["weight"]), number(blocks)
    y = case.laid(np.zeros_like(case.dy), 0)
    forward = WideLinearForward(inputs, outputs, False, None, inputs, outputs)
    for item in items(forward, target):
        run(forward, case.laid(case.x, 0), weight, y, count, item=item, target=target)
    bound = 2 * U * (np.abs(case.x) @ np.abs(case.w["weight"]).T)
    assert (np.abs(case.back(y, outputs) - (case.y - case.w["bias"])) <= bound).all()


@targets
def test_every_activation_can_be_fused(target: Target) -> None:
    """Activations that need many registers of their own are applied too, to short sums as to long ones."""
    for inputs in (5, 300):
        case = Case(inputs, 7, 1, 1, target, whole=False)
        x, y = case.laid(case.x, 0), case.laid(case.dy, 0)
        weight, bias = aligned(case.w["weight"] / 8), aligned(case.w["bias"] / 8)
        run(LinearForward(inputs, 7, 1, True, Activation("tanh")), x, weight, bias, y, target=target)
        np.testing.assert_allclose(case.back(y, 7), np.tanh(case.y / 8), rtol=0, atol=1e-5)


KERNELS: list[Kernel] = [
    LinearForward(84, 10, 1, True, Activation("sigmoid")),
    LinearForward(400, 120, 1, True, RELU),
    LinearForward(400, 121, 7, True, RELU),
    LinearInputGradient(400, 84, 3, True),
    WideLinearForward(4096, 512, True, RELU, 4096, 512),
    WideLinearInputGradient(4096, 512, False, 512, 4096),
    LinearWeightGradient(4101, 511, 1, 4101, 511, Store()),
    LinearWeightGradient(45, 6, 2, 90, 12, Adam(False, True)),
    LinearBiasGradient(501, 3, 1503, Store()),
]


@pytest.mark.parametrize("target", [x86("avx512"), x86("avx2"), x86("sse2"), neon()], ids=lambda target: target.name)
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_nothing_is_put_aside(kernel: Kernel, target: Target) -> None:
    """All vectors stay in registers on every instruction set."""
    _, text = kernel.text(target)
    assert spills(assembly(text, target, str(kernel))) == 0

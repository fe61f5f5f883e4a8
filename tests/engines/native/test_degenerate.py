"""Geometries at the edge of what fits give the definition's answer or a clear error, and never end the process.

The layers run in a process of their own for each instruction set: what would crash it is told by the last line.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

import numpy as np
import pytest
from contract import values
from engines.native.whole import (
    TARGETS,
    check_near,
    check_values,
    child,
    defined_gradients,
    gradients,
    named,
    training,
)

from pellucid import Input, Network
from pellucid.engines import predict
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.machine import Target, available
from pellucid.errors import EngineError, ParameterError, ShapeError
from pellucid.layers import (
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from pellucid.train import SGD, CrossEntropy

HUGE = 2**31 - 1
COUNTS = (1, 2, 17)
ONE = (1, 1, 1)
CASES: list[tuple[Layer, tuple[int, ...]]] = [
    # One number
    *((layer, ONE) for layer in (ReLU(), LeakyReLU(), Tanh(), Sigmoid(), Softmax(), Softmax(-1), BatchNorm2d())),
    *((layer, ONE) for layer in (GlobalAvgPool2d(), GlobalMaxPool2d(), Flatten(), Flatten("HWC"), Dropout(0.5))),
    *((layer, ONE) for layer in (MaxPool2d(1), AvgPool2d(1), AdaptiveAvgPool2d(1), AdaptiveAvgPool2d((3, 2)))),
    *((layer, ONE) for layer in (Conv2d(1, 1), Conv2d(17, 1), Conv2d(1, 3, padding=1), Linear(1), Add())),
    *((layer, (1,)) for layer in (ReLU(), Softmax(), Linear(1), Linear(17), Concat(), Flatten())),
    # The kernel as large as the padded input, and larger than the input
    (Conv2d(3, (4, 5)), (2, 4, 5)),
    (Conv2d(3, (6, 7), padding=1), (2, 4, 5)),
    (Conv2d(2, 7, padding=3), (3, 1, 1)),
    (Conv2d(2, (1, 9), padding=(0, 4)), (1, 3, 1)),
    (MaxPool2d((4, 5)), (2, 4, 5)),
    (MaxPool2d(5, padding=2), (2, 1, 1)),
    (AvgPool2d((6, 7), padding=1), (2, 4, 5)),
    (AvgPool2d(5, padding=2, count_include_pad=False), (2, 1, 1)),
    # Strides beyond everything
    (Conv2d(2, 2, stride=HUGE), (3, 5, 4)),
    (Conv2d(2, 3, stride=(1, 1000), padding=1), (3, 5, 4)),
    (MaxPool2d(2, stride=HUGE), (3, 5, 4)),
    (AvgPool2d(2, stride=1000, padding=1), (3, 5, 4)),
    (AvgPool2d(1, stride=3), (2, 7, 8)),
    # Taps far apart
    (Conv2d(2, 2, dilation=4, padding=((0, 0), (1, 0))), (3, 5, 4)),
    (Conv2d(2, 2, dilation=40, padding=20), (1, 3, 4)),
    (Conv2d(2, 1, dilation=HUGE), (1, 3, 4)),
    (Conv2d(2, 3, dilation=2, padding=2), (1, 1, 1)),
    (MaxPool2d(2, stride=1, dilation=3), (3, 4, 5)),
    (MaxPool2d(1, stride=1, dilation=HUGE), (3, 4, 5)),
    # More padding than image
    (Conv2d(2, 1, padding=5), (3, 2, 1)),
    (Conv2d(2, 3, padding=((9, 0), (0, 7))), (3, 2, 1)),
    (Conv2d(2, 2, padding=6, stride=3), (1, 1, 2)),
    (Conv2d(2, 3, padding=8, padding_mode="replicate"), (1, 1, 2)),
    (Conv2d(2, 3, padding=(1, 2), padding_mode="circular"), (1, 1, 2)),
    (Conv2d(2, 3, padding=(3, 4), padding_mode="reflect"), (1, 4, 5)),
    (AvgPool2d(3, padding=7), (1, 2, 2)),
    # One channel a group, and one group
    (Conv2d(1, 3), (1, 4, 4)),
    (Conv2d(1, 3), (33, 4, 4)),
    (Conv2d(33, 3, groups=33), (33, 4, 4)),
    (Conv2d(34, 1, groups=17), (17, 2, 2)),
    (Conv2d(16, 3, padding=1, groups=16), (16, 1, 1)),
    # Windows that hang over the edge
    (MaxPool2d(2, ceil_mode=True), (2, 3, 5)),
    (MaxPool2d(3, stride=5, ceil_mode=True), (2, 6, 7)),
    (MaxPool2d(2, stride=3, padding=1, ceil_mode=True), (2, 4, 5)),
    (AvgPool2d(3, stride=2, ceil_mode=True), (2, 4, 6)),
    (AvgPool2d(2, stride=3, padding=1, ceil_mode=True), (2, 4, 5)),
    (AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), (2, 4, 6)),
    (MaxPool2d(1, stride=2, ceil_mode=True), (1, 2, 4)),
    # More parts than places, single rows and columns, vectors of every width
    (AdaptiveAvgPool2d((7, 5)), (2, 3, 2)),
    (AdaptiveAvgPool2d((1, 9)), (1, 5, 1)),
    (Softmax(-1), (2, 3, 1)),
    (Softmax(1), (2, 1, 3)),
    *((Conv2d(2, (1, 3), padding=(0, 1)), (1, 1, width)) for width in (1, 2, 3, 4, 15, 16, 17, 65)),
    *((MaxPool2d((1, 2), stride=1), (1, 1, width)) for width in (2, 3, 4, 15, 16, 17, 65)),
    *((Linear(width), (width,)) for width in (1, 3, 15, 16, 17, 65)),
    (Linear(1), (70_000,)),
    (Linear(70_000), (1,)),
    (Linear(1), (3, 1, 1)),
    (BatchNorm2d(affine=False), (1, 1, 2)),
]


def check_case(engine: NativeEngine, layer: Layer, shape: tuple[int, ...]) -> None:
    """Values for batches of several sizes, and gradients, are the definition's; a batch of none gives none."""
    x = Input(shape, name="x")
    net = Network(x, layer(*([x, x] if isinstance(layer, (Add, Concat)) else [x])), seed=1)
    for count in COUNTS:
        images = (values((count, *shape), 1) / max(1.0, np.prod(shape) / 50)).astype(np.float32)
        check_values(engine, net, [images])
        if isinstance(layer, BatchNorm2d) and images[:, 0].size < 4:
            continue  # of so few numbers the deviation is 0, or hardly any
        gradient = values((count, *net.outputs[0].shape), 2) + 0.003  # never 0
        gradient = (gradient / np.abs(gradient).max()).astype(np.float32)
        wanted = defined_gradients(net, [images], gradient, training(count))
        check_near(named(gradients(engine, net, [images], gradient)), named(wanted), 3e-5)
    empty = predict(net, np.zeros((0, *shape), np.float32), engine=engine)
    assert empty.shape == (0, *net.outputs[0].shape)
    assert empty.dtype == np.float32


def check_cases(name: str) -> None:
    """Run every case and say before each which it is; end with the number of those that are right."""
    (target,) = (each for each in available() if each.name == name)
    right = 0
    for layer, shape in CASES:
        print(f"{layer} on {shape}", flush=True)
        try:
            check_case(NativeEngine(target=target, threads=2), layer, shape)
            right += 1
        except Exception:
            traceback.print_exc(file=sys.stdout)
    print(right)


@TARGETS
def test_edges_are_answered_as_defined(target: Target) -> None:
    """Every case gives the definition's numbers, and none ends the process."""
    told = child(
        "import sys; from engines.native.test_degenerate import check_cases; check_cases(sys.argv[1])", target.name
    )
    assert told.splitlines()[-1] == str(len(CASES)), told


# --- what does not fit

MISFITS: list[tuple[type[Exception], Any]] = [
    (ShapeError, lambda: _network(Conv2d(2, 6), (1, 5, 5))),
    (ShapeError, lambda: _network(Conv2d(2, 2, dilation=HUGE), (1, 5, 5))),
    (ShapeError, lambda: _network(MaxPool2d(2, padding=2), (1, 5, 5))),
    (ShapeError, lambda: _network(MaxPool2d(6), (1, 5, 5))),
    (ShapeError, lambda: _network(Conv2d(4, 3, groups=2), (3, 5, 5))),
    (ShapeError, lambda: _network(Conv2d(4, 3, padding=5, padding_mode="reflect"), (3, 5, 5))),
    (ParameterError, lambda: Conv2d(2, 0)),
    (ParameterError, lambda: Conv2d(2, 3, stride=0)),
    (ParameterError, lambda: Conv2d(2, 3, padding=-1)),
    (ParameterError, lambda: Conv2d(2, 3, dilation=2**62)),
    (ParameterError, lambda: Conv2d(2, 3, groups=0)),
    (ParameterError, lambda: MaxPool2d(2, stride=-1)),
    (ParameterError, lambda: AdaptiveAvgPool2d(0)),
    (ParameterError, lambda: Linear(2**62)),
]


def _network(layer: Layer, shape: tuple[int, ...]) -> Network:
    x = Input(shape, name="x")
    return Network(x, layer(x))


@pytest.mark.parametrize(("error", "make"), MISFITS)
def test_misfits_are_refused_before_any_code_is_made(error: type[Exception], make: Any) -> None:
    """What has no answer never reaches the engine."""
    with pytest.raises(error):
        make()


TOO_LARGE: list[tuple[Layer, tuple[int, ...]]] = [
    (ReLU(), (1, 2**20, 2**20)),
    (ReLU(), (HUGE, HUGE, HUGE)),
    (Conv2d(1, 1, padding=HUGE), ONE),
    (Conv2d(1, 1, padding=40_000, stride=1), ONE),
    (Conv2d(2, 2, dilation=2**30, padding=2**30), (1, 3, 3)),
    (AdaptiveAvgPool2d(HUGE), (1, 2, 2)),
    (Flatten(), (2**16, 2**16, 2**16)),
]


@pytest.mark.parametrize(("layer", "shape"), TOO_LARGE, ids=str)
def test_sizes_that_no_machine_holds_are_refused(layer: Layer, shape: tuple[int, ...]) -> None:
    """Products beyond all memory, or beyond 64 bits, are told at once and by name, to run and to train."""
    net, engine = _network(layer, shape), NativeEngine()
    place = "x" if np.prod([float(size) for size in shape]) > 2**30 else str(net.outputs[0].name)
    for make in (lambda: engine.program(net), lambda: engine.trainer(net, CrossEntropy(), SGD(0.1), seed=1)):
        with pytest.raises(EngineError) as caught:
            make()
        assert caught.value.where == f"engine 'native', {place!r}"
        assert "numbers a sample" in caught.value.got
        assert caught.value.fix == "use smaller images, or less padding"


def test_batches_that_no_machine_holds_are_refused() -> None:
    """A batch whose arrays do not fit, or that has more blocks than the driver counts, is told to be smaller."""
    engine, net = NativeEngine(), _network(Conv2d(1, 1, padding=1000), ONE)
    images = np.broadcast_to(np.float32(1), (1_000_000, *ONE))
    with pytest.raises(EngineError, match="use a smaller batch_size"):
        predict(net, images, engine=engine, batch_size=len(images))
    many = np.broadcast_to(np.float32(1), (17_000_000, 1))
    with pytest.raises(EngineError, match="use a smaller batch_size"):
        predict(_network(ReLU(), (1,)), many, engine=engine, batch_size=len(many))

"""Networks in channel lanes give the reference's numbers: every layer by itself, and networks of them."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines import get
from pellucid.engines.native.channels.program import ChannelsKept, ChannelsProgram
from pellucid.engines.native.channels.rules import RULES, has_rule
from pellucid.engines.native.machine import Target, available
from pellucid.engines.native.pool import pool
from pellucid.layers import (
    REGISTRY,
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    Input,
    Linear,
    ReLU,
    Softmax,
    Tanh,
)
from pellucid.network import Network
from pellucid.zoo import lenet5, resnet18, vgg11

EXACT = 2e-5  # of the largest number of a value, or of 1: what float32 sums of another order may differ by


def drawn(net: Network, rng: np.random.Generator) -> Network:
    """The network with other weights: those of a batch norm are no longer 1 and 0, and variances are positive."""
    for name, spec in net.weights.specs.items():
        values = rng.uniform(0.5, 1.5, spec.shape) if "var" in name else rng.normal(0, 0.5, spec.shape)
        net.weights[name] = values.astype(np.float32)
    return net


def program(net: Network, target: Target, threads: int = 1) -> ChannelsProgram:
    """The network made ready."""
    return ChannelsProgram(net, ChannelsKept(), target=target, pool=pool(threads), exact=True)


def images(net: Network, count: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """So many inputs."""
    return tuple(rng.standard_normal((count, *node.shape)).astype(np.float32) for node in net.inputs)


def compare(net: Network, target: Target, counts: tuple[int, ...] = (1, 2, 5), threads: int = 1) -> None:
    """Demand the reference's numbers of every output and of every value."""
    rng, kept, reference = np.random.default_rng(7), ChannelsKept(), get("reference").program(net)
    ours = ChannelsProgram(net, kept, target=target, pool=pool(threads), exact=False)
    for count in counts:
        x = images(net, count, rng)
        ours.run(x)
        ours.trace(x)
        spoil(kept)
        wanted, values = reference.trace(x), ours.trace(x)
        assert values.keys() == wanted.keys()
        for name, value in wanted.items():
            close(values[name], value, name)
        for node, value in zip(net.outputs, ours.run(x), strict=True):
            close(value, wanted[str(node.name)], f"output {node.name}")


def spoil(kept: ChannelsKept) -> None:
    """Fill all memory of the plans with NaN: nothing may be read that was not written before."""
    for ready in kept.made.values():
        ready.executable._threads[:] = 255
        ready.executable._blocks[:] = 255


def close(value: np.ndarray, wanted: np.ndarray, what: str) -> None:
    """Demand equal shapes and nearly equal numbers."""
    assert value.shape == wanted.shape
    np.testing.assert_allclose(value, wanted, rtol=EXACT, atol=EXACT * max(1, np.abs(wanted).max()), err_msg=what)


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
@pytest.mark.parametrize("kind", RULES)
def test_every_layer_gives_its_definitions_numbers(kind: str, target: Target) -> None:
    """A network of one layer is right for every example of it."""
    for example in REGISTRY[kind].examples():
        inputs = [Input(shape, name=f"x{k}") for k, shape in enumerate(example.shapes)]
        if not has_rule(example.layer(*inputs)):
            continue  # what this kind declines is left to its definition, in sample lanes
        compare(drawn(Network(inputs, example.layer(*inputs)), np.random.default_rng(1)), target, (1, 5))


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_lenet_is_run_and_traced(target: Target) -> None:
    """The network of digits, in batches of one and of several."""
    compare(lenet5(), target)


def test_residual_networks_are_run_and_traced() -> None:
    """Sums and batch norms are parts of convolutions in a run, and steps of their own in a trace."""
    net = resnet18(10, input_shape=(3, 48, 56))
    for name in net.weights:
        if "running" in name:
            net.weights[name] = np.random.default_rng(3).uniform(0.5, 1.5, net.weights[name].shape)
    compare(net, available()[0], (1, 2), threads=2)


def test_wide_linear_layers_are_run_and_traced() -> None:
    """Their weights are read by all threads, over all images; sizes are no multiples of chunks, tiles or vectors."""
    net = Network((3, 9, 9), [Conv2d(40, 3), ReLU(), Flatten(), Linear(301), Tanh(), Linear(300), Linear(7)])
    compare(net, available()[0], threads=2)


@pytest.mark.slow
def test_large_networks_are_run_and_traced() -> None:
    """VGG-11 on images of 64 x 64."""
    compare(vgg11(10, input_shape=(3, 64, 64)), available()[0], (1, 5), threads=2)


def every_shape() -> Network:
    """Values of one to four axes, joined, flattened, and seen by several readers."""
    maps, rows, blocks = Input((3, 5, 7), "maps"), Input((2, 5), "rows"), Input((2, 3, 4, 5), "blocks")
    wide = Conv2d(10, 3, padding=1)(maps)
    joined = ReLU()(BatchNorm2d()(Concat()(wide, Conv2d(7, 1)(wide), maps)))
    columns = Linear(6)(joined)
    flat, other = Flatten()(Softmax(1)(columns)), Flatten("HWC")(Softmax(-1)(columns))
    thrice = Concat()(*[Linear(4)(rows)] * 3)
    four = Linear(3)(Softmax(1)(blocks))
    outputs = [
        Concat()(flat, other),
        Add()(Tanh()(flat), flat),
        Linear(5)(Dropout(0.5)(flat)),
        Linear(5)(other),
        Linear(3)(Flatten()(Softmax(0)(thrice))),
        Softmax(1)(thrice),
        four,
        Linear(2)(Flatten()(four)),
        maps,
    ]
    return Network([maps, rows, blocks], outputs)


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_values_of_every_shape_meet(target: Target) -> None:
    """Layers on vectors, rows and blocks of them, next to maps."""
    compare(every_shape(), target)


@pytest.mark.parametrize("shape", [(3, 2, 2), (5,), (2, 3)], ids=str)
def test_more_values_meet_than_a_kernel_has_pointers(shape: tuple[int, ...]) -> None:
    """Sums and joins of sixty values."""
    image = Input(shape)
    many = [Tanh()(image) for _ in range(60)]
    compare(Network([image], [Add()(*many), Concat()(*many)]), available()[0], (1, 2))


def test_threads_change_no_bit() -> None:
    """One, two and three threads give the same bits."""
    net = resnet18(10, input_shape=(3, 64, 64))
    x = images(net, 1, np.random.default_rng(5))
    runs = [program(net, available()[0], threads).run(x)[0] for threads in (1, 2, 3)]
    assert runs[0].tobytes() == runs[1].tobytes() == runs[2].tobytes()


def test_weights_that_were_assigned_are_used() -> None:
    """The next run after an assignment has the new weight, folded into another or not."""
    net = drawn(Network((2, 4, 4), [Conv2d(3, 3), BatchNorm2d(), Flatten(), Linear(2)]), np.random.default_rng(2))
    ours = program(net, available()[0])
    x = images(net, 1, np.random.default_rng(3))
    ours.run(x)
    for name in ("norm1.running_mean", "linear1.weight"):
        net.weights[name] = net.weights[name] + 1
        close(ours.run(x)[0], get("reference").program(net).run(x)[0], name)


def test_outputs_are_the_callers() -> None:
    """A later run does not change what an earlier one gave."""
    net = lenet5()
    ours, rng = program(net, available()[0]), np.random.default_rng(4)
    first = ours.run(images(net, 1, rng))[0]
    kept = first.copy()
    ours.run(images(net, 1, rng))
    np.testing.assert_array_equal(first, kept)

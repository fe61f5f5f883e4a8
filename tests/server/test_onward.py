"""What becomes of a number: the way on goes through gates and joins, as far as no weights come in."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.explain import Trace, trace
from pellucid.explorer.onward import LENGTH, onward
from pellucid.layers import (
    Add,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    Multiply,
    ReLU,
    Sigmoid,
    Softmax,
)


def traced(net: Network) -> Trace:
    """A run on an image whose numbers are all above zero, so that no rectifier ends a way."""
    return trace(net, np.random.default_rng(0).uniform(0.5, 1.0, net.inputs[0].shape).astype(np.float32))


def way(run: Trace, name: str, *index: int) -> list[str]:
    """The addresses on the way."""
    return [str(step.explanation.address) for step in onward(run, name, index)]


def test_a_map_that_gates_every_channel_goes_on_in_the_first() -> None:
    """A spatial gate (1, H, W) has another number of channels than what it gates."""
    image = Input((3, 4, 5))
    gate = Sigmoid()(Conv2d(1, 3, padding=1)(image, name="look"), name="gate")
    run = traced(Network(image, ReLU()(Multiply()(image, gate, name="gated"), name="bend")))
    assert way(run, "look", 0, 2, 3) == ["gate[0,2,3]", "gated[0,2,3]", "bend[0,2,3]"]


def test_a_channel_gate_goes_on_at_a_place_of_its_channel() -> None:
    """A squeeze-and-excite gate (C, 1, 1) is read by every place of its channel; the first is shown."""
    image = Input((3, 4, 5))
    gate = Sigmoid()(Conv2d(3, 1)(GlobalAvgPool2d(keepdims=True)(image, name="squeeze"), name="excite"), name="gate")
    run = traced(Network(image, ReLU()(Multiply()(image, gate, name="gated"), name="bend")))
    assert way(run, "excite", 2, 0, 0) == ["gate[2,0,0]", "gated[2,0,0]", "bend[2,0,0]"]


def test_where_several_layers_read_a_number_the_longest_way_is_taken() -> None:
    """Around a gate, not into the squeeze that ends at its weights, though that reads the number first."""
    image = Input((3, 4, 5))
    first = ReLU()(image, name="first")
    gate = Sigmoid()(Conv2d(3, 1)(GlobalAvgPool2d(keepdims=True)(first, name="squeeze"), name="excite"), name="gate")
    gated = Multiply()(first, gate, name="gated")
    run = traced(Network(image, MaxPool2d(4, 5)(Add()(first, gated, name="sum"), name="pool")))
    assert way(run, "input", 1, 2, 3)[:3] == ["first[1,2,3]", "gated[1,2,3]", "sum[1,2,3]"]


def test_a_residual_join_is_passed_though_a_convolution_reads_the_number_too() -> None:
    """The shortcut carries it on."""
    image = Input((2, 4, 4))
    x = ReLU()(image, name="x")
    y = Conv2d(2, 3, padding=1)(x, name="y")
    run = traced(Network(image, Flatten()(Add()(x, y, name="join"), name="flat")))
    assert way(run, "x", 1, 2, 3) == ["join[1,2,3]", "flat[27]"]


@pytest.mark.parametrize("first", [True, False])
def test_a_join_of_channels_moves_a_number_to_its_place(first: bool) -> None:
    """Also a single map's, whatever the others hold, and where it is number 0."""
    image = Input((3, 2, 2))
    one = Conv2d(1, 1)(image, name="one")
    parts = (one, image) if first else (image, one)
    run = traced(Network(image, Concat()(*parts, name="joined")))
    assert way(run, "one", 0, 0, 0) == [f"joined[{0 if first else 3},0,0]"]
    assert way(run, "one", 0, 1, 1) == [f"joined[{0 if first else 3},1,1]"]


def test_what_lost_a_maximum_ends_its_way() -> None:
    """The step says so, and nothing follows."""
    net = Network((1, 2, 2), [MaxPool2d(2), ReLU(), Flatten(), Linear(2), Softmax()])
    image = np.array([[[1, 2], [3, 4]]], np.float32)
    run = trace(net, image)
    (lost,) = onward(run, "input", (0, 0, 0))
    assert (str(lost.explanation.address), lost.chosen) == ("pool1[0,0,0]", False)
    assert [step.chosen for step in onward(run, "input", (0, 1, 1))] == [True, True, True]


def test_a_way_has_an_end() -> None:
    """However deep a network is that only joins and bends."""
    layers: list[Layer] = [ReLU() for _ in range(40)]
    run = traced(Network((1, 2, 2), layers))
    assert len(onward(run, "input", (0, 0, 0))) == LENGTH

"""What people read in the terminal: golden texts, and the numbers in them added up again."""

from __future__ import annotations

import re

import numpy as np
import pytest
from golden import check_golden

from pellucid import Input, Network
from pellucid.explain import Explanation
from pellucid.explain.text import WIDTH
from pellucid.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    GlobalAvgPool2d,
    LayerNorm,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    LogSoftmax,
    LpPool2d,
    MaxPool2d,
    Multiply,
    ReLU,
    Softmax,
    Subtract,
)


def network() -> Network:
    """One of each picture; weights and image are multiples of 1/8, so that any machine prints the same."""
    x = Input((1, 16, 16))
    a = ReLU()(Conv2d(6, 3, padding=1)(x))
    wide = Conv2d(12, 5, padding="same")(a)
    huge = Conv2d(2, (1, 7), padding=(0, 3), bias=False)(wide)
    joined = Concat()(Add()(a, Conv2d(6, 1)(wide)), huge)
    pooled = AvgPool2d(3, padding=1)(MaxPool2d(2)(LeakyReLU(0.25)(joined)))
    counted = AvgPool2d(3, padding=1, count_include_pad=False)(MaxPool2d(12, stride=1)(joined))
    scores = Linear(12)(Flatten()(BatchNorm2d()(pooled)))
    y, logs = Softmax()(scores), LogSoftmax()(scores, name="logs")
    gate = GlobalAvgPool2d(keepdims=True)(a, name="gate")
    less = Subtract()(Multiply()(a, gate, name="weighed"), gate, name="less")
    measured = LocalResponseNorm(3, alpha=1.5)(LayerNorm((0, 2), eps=0.5)(joined))
    lengths = LpPool2d(3, 3, stride=2, padding=1)(joined, name="lengths")
    net = Network(x, [y, GlobalAvgPool2d()(joined), counted, less, measured, lengths, logs], seed=1)
    rng = np.random.default_rng(7)
    for name, value in net.weights.items():
        drawn = rng.integers(-8, 9, value.shape) / (8 if "norm" in name or "bias" in name else 64)
        net.weights[name] = np.abs(drawn) + 0.125 if "norm" in name else drawn
    return net


def explain(layer: str, *index: int) -> Explanation:
    """One number of the network on a fixed image."""
    picture = np.random.default_rng(8).integers(-8, 9, (1, 16, 16)) / 8
    return network().trace(picture, engine="reference").explain(layer, index)


CASES = {
    "first convolution, at a corner": ("conv1", 2, 0, 0),
    "convolution 5x5 over six channels": ("conv2", 4, 7, 0),
    "wide kernel over twelve channels": ("conv3", 1, 8, 8),
    "one by one convolution": ("conv4", 3, 2, 2),
    "add": ("add1", 1, 2, 3),
    "multiply": ("weighed", 2, 2, 3),
    "subtract": ("less", 2, 2, 3),
    "concat": ("concat1", 7, 5, 5),
    "relu": ("relu1", 0, 4, 4),
    "leaky relu": ("relu2", 3, 1, 1),
    "max pool": ("pool1", 2, 3, 4),
    "large max pool": ("pool3", 1, 1, 1),
    "average pool that counts padding": ("pool2", 1, 0, 0),
    "average pool that does not count padding": ("pool4", 1, 0, 0),
    "global average pool": ("pool5", 3),
    "batch norm": ("norm1", 2, 1, 1),
    "layer norm": ("norm2", 2, 1, 1),
    "local response norm": ("norm3", 2, 1, 1),
    "length pool": ("lengths", 2, 0, 0),
    "flatten": ("flatten1", 17),
    "linear": ("linear1", 4),
    "softmax": ("softmax1", 3),
    "log softmax": ("logs", 3),
}


ROUNDED = ("linear1", "softmax1", "logs", "norm2", "norm3", "lengths")


@pytest.mark.parametrize("case", CASES)
def test_explanations_read_as_they_should(case: str) -> None:
    """A person who reads the text sees the whole arithmetic, within the width of a terminal."""
    layer, *index = CASES[case]
    text = str(explain(layer, *index))
    assert max(map(len, text.splitlines())) <= WIDTH
    if layer in ROUNDED:  # another processor may round the last bits of what these read in another way
        text = re.sub(r"engine .*", "engine ...", re.sub(r"(exactly +-?\d\.\d{6})\d+", r"\1...", text))
    check_golden(f"explain {case}", text)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.\d+|-?\d+", text)]


def test_the_channels_of_a_convolution_add_up() -> None:
    """The subtotals and the bias in the last line add up to the total in it, within the printed digits."""
    line = next(line for line in str(explain("conv2", 4, 7, 0)).splitlines() if line.strip().startswith("channels"))
    *parts, total = _numbers(line)
    assert len(parts) == 6 + 1
    assert sum(parts) == pytest.approx(total, abs=len(parts) * 5e-5)


def test_more_channels_than_shown_are_summed_up() -> None:
    """Beyond ten channels the rest stands as one number, and all still add up."""
    last = str(explain("conv3", 1, 8, 8)).split("channels  ")[1].split("exactly")[0]
    assert "(2 more channels)" in last
    *parts, total = _numbers(last.replace("(2 more channels)", ""))
    assert len(parts) == 11
    assert sum(parts) == pytest.approx(total, abs=len(parts) * 5e-5)


def test_the_list_of_a_linear_layer_adds_up() -> None:
    """The largest ten products and the rest add up to the sum of products."""
    lines = str(explain("linear1", 4)).splitlines()
    shown = [_numbers(line.split("]")[1])[-1] for line in lines if line.strip().startswith("[")]
    rest = _numbers(next(line for line in lines if " more " in line))[-1]
    total = _numbers(next(line for line in lines if line.strip().startswith("products")))[0]
    assert len(shown) == 10
    assert sum(shown) + rest == pytest.approx(total, abs=11 * 5e-5)


def test_the_winner_stands_in_brackets() -> None:
    """The number in brackets is the largest of the window."""
    e = explain("pool1", 2, 3, 4)
    text = str(e)
    (winner,) = re.findall(r"\[(-?\d+\.\d{4})\]", text)
    assert float(winner) == pytest.approx(e.value, abs=5e-5)


def test_heavy_cancellation_is_said() -> None:
    """Where terms are a thousand times larger than their sum, the text says that digits cancelled."""
    net = Network(2, [Linear(1, bias=False)])
    net.weights["linear1.weight"] = [[1000.0, -1000.0]]
    text = str(net.trace(np.array([1.0, 0.9999])).explain("linear1", (0,)))
    assert "digits cancelled" in text
    assert "digits cancelled" not in str(explain("conv1", 2, 0, 0))


def test_huge_numbers_fit() -> None:
    """Numbers beyond a hundred thousand are written with an exponent."""
    net = Network(2, [Linear(1, bias=False)])
    net.weights["linear1.weight"] = [[1e6, 2.0]]
    assert "1.0000e+06" in str(net.trace(np.array([1.0, 1.0])).explain("linear1", (0,)))


@pytest.mark.filterwarnings("error")
def test_infinities_are_drawn_without_a_warning() -> None:
    """Terms of both infinities are told as what they are; nothing else is said."""
    net = Network((2, 2, 2), [Conv2d(1, 2, bias=False)])
    net.weights["conv1.weight"] = np.ones((1, 2, 2, 2))
    image = np.zeros((2, 2, 2))
    image[0, 0, 0], image[0, 1, 1] = np.inf, -np.inf
    with np.errstate(all="ignore"):
        e = net.trace(image).explain("conv1", (0, 0, 0))
    assert "sum nan" in str(e)
    assert "NaN goes through" in str(e)


def test_names_are_drawn_as_they_are() -> None:
    """Colons around a word in a layer's name are no picture."""
    x = Input((2,), name=":dog:")
    text = str(Network(x, Add()(x, x, name=":smile:")).trace(np.ones(2)).explain(":smile:", (0,)))
    assert text.startswith(":smile:[0] = 2 ")
    assert ":dog:" in text


@pytest.mark.parametrize(
    ("place", "drawn"),
    [
        ((0, 2, 2), [["1.0000", "2.0000", "x", "9.0000", "7.0000", "=", "9.0000", "14.0000"],
                     ["4.0000", "5.0000", "3.0000", "1.0000", "12.0000", "5.0000"]]),
        ((0, 2, 3), [["2.0000", "x", "8.0000", "=", "16.0000"], ["5.0000", "2.0000", "10.0000"]]),
        ((0, 3, 3), [["5.0000", "x", "5.0000", "=", "25.0000"]]),
    ],
)  # fmt: skip
def test_a_transposed_kernel_is_drawn_as_wide_as_it_is_used(place, drawn):
    """With stride 2 a number meets one or two of three taps along each axis: the grids have that many columns."""
    net = Network((1, 3, 3), [ConvTranspose2d(1, 3, stride=2)])
    net.weights["conv1.weight"] = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    lines = str(net.trace(np.arange(1.0, 10.0).reshape(1, 3, 3)).explain("conv1", place)).splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("channel 0")) + 1
    assert [line.split() for line in lines[first : first + len(drawn)]] == drawn

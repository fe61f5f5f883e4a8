"""A tour of the whole house in one file: build, look, train, take apart, save, open, refuse. Read it first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pellucid
from pellucid import Input, Network, Pair
from pellucid.engines.reference import forward
from pellucid.errors import ModelFileError, ParameterError, ShapeError, UnknownNameError
from pellucid.field import Field
from pellucid.layers import (
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from pellucid.layers.base import Run
from pellucid.train import SGD, Adam, AdamW, CrossEntropy, MeanSquaredError
from pellucid.window import Window


def test_one_window_is_the_rule_of_everything() -> None:
    """Output size, what is read, what is reached, and the receptive field come from one place."""
    window = Window(3, stride=2, padding=(1, 1))
    assert window.out(7) == 4
    assert window.formula(7) == "(7 + 2*1 - 3)/2 + 1 = 4"
    assert list(window.reads(0, 7)) == [-1, 0, 1]
    assert window.reached(3, 7) == [1, 2]
    field = Field().through(Window(3), 9).through(Window(2, stride=2), 7)
    assert (field.size, field.jump) == (4, 2)


def test_build_a_network_from_its_layers() -> None:
    """Names, shapes, weights and costs are known as soon as it is built."""
    net = Network(
        (1, 28, 28),
        [
            Conv2d(6, 5, padding=2), ReLU(), MaxPool2d(2), Conv2d(16, 5), Tanh(), AvgPool2d(2),
            Flatten(), Linear(120), Sigmoid(), Linear(84), LeakyReLU(0.1), Dropout(0.5), Linear(10), Softmax(),
        ],
    )  # fmt: skip
    assert list(net.layers)[:4] == ["conv1", "relu1", "pool1", "conv2"]
    assert net.shapes["conv2"] == (16, 10, 10)
    assert net.weights["conv2.weight"].shape == (16, 6, 5, 5)
    summary = net.summary()
    assert summary.params == net.params == 61706
    assert summary["conv1"].macs == 117600
    assert summary["pool2"].receptive_field == (16, 16)
    assert "61,706 parameters" in str(summary)
    assert net.predict(np.zeros((3, 28, 28, 1)), channels_last=True).sum(axis=1) == pytest.approx([1, 1, 1])


def test_branches_meet_and_layers_are_shared() -> None:
    """Layers are called on nodes; one called twice has one set of weights."""
    x = Input((3, 12, 12))
    stem = Dropout2d(0.1)(BatchNorm2d()(Conv2d(8, Pair(right=3, down=1), padding="same")(x)))
    twice = Conv2d(8, 3, padding=1, groups=2, bias=False)
    joined = Concat()(Add()(twice(stem), twice(stem)), AdaptiveAvgPool2d(12)(stem))
    net = Network(x, [GlobalAvgPool2d()(joined), GlobalMaxPool2d()(stem)], seed=1)
    average, largest = net.predict(np.ones((2, 3, 12, 12)))
    assert average.shape == (2, 16)
    assert largest.shape == (2, 8)
    assert net.layers["conv1"].config()["kernel_size"] == (1, 3)
    assert "conv3.weight" not in net.weights


def test_learn_digits_take_one_number_apart_and_keep_it(tmp_path: Path) -> None:
    """Train on real digits, explain a number down to the pixels, save, open, and get the same answers."""
    train, test = pellucid.data.load("digits")
    net = Network(
        (1, 8, 8),
        [Conv2d(8, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Dropout(0.1), Linear(10)],
        classes=train.classes,
    )
    history = net.fit(train, test=test, epochs=6, batch_size=32, optimizer=SGD(0.1, momentum=0.9))
    assert [epoch.number for epoch in history.epochs] == [1, 2, 3, 4, 5, 6]
    evaluation = net.evaluate(test)
    assert evaluation.accuracy > 0.9
    assert evaluation.confusion.sum() == len(test.labels)

    trace = net.trace(test.images[0])
    assert set(trace) == {"input", *net.layers}
    e = trace.explain("conv1", (2, 3, 4))
    assert len(e.terms) == 9
    assert e.total == pytest.approx(e.terms.product.sum() + e.bias, abs=1e-12)
    assert abs(e.error) < 1e-6
    assert e.address == "conv1[2,3,4]"
    assert "in float32" in str(e)
    field = trace.receptive_field("pool1", (0, 1, 1))
    assert (field.rows, field.columns, field.status) == (range(1, 5), range(1, 5), "exact")

    net.save(tmp_path / "digits.safetensors")
    again = pellucid.load(tmp_path / "digits.safetensors")
    assert again.classes == net.classes
    assert np.array_equal(again.predict(test.images), net.predict(test.images))


def test_the_same_seed_gives_the_same_bits() -> None:
    """Two trainings with one seed end with equal weights, another seed with others."""
    rng = np.random.default_rng(0)
    images, labels = rng.random((50, 2, 6, 6)), rng.integers(0, 3, 50)

    def trained(seed: int) -> bytes:
        net = Network((2, 6, 6), [Conv2d(4, 3), BatchNorm2d(), ReLU(), Flatten(), Dropout(0.5), Linear(3)])
        net.fit((images, labels), epochs=2, batch_size=16, optimizer=Adam(0.01), seed=seed)
        return b"".join(net.weights[name].tobytes() for name in net.weights)

    assert trained(1) == trained(1) != trained(2)


def test_losses_and_optimizers_are_facts() -> None:
    """What is minimised, and how, are plain values that can be read, compared and swapped."""
    assert AdamW(0.01) != Adam(0.01)
    images = np.random.default_rng(1).random((40, 1, 4, 4))
    net = Network((1, 4, 4), [Flatten(), Linear(1)])
    target = images.mean(axis=(1, 2, 3))[:, None]
    history = net.fit((images, target), epochs=20, batch_size=8, optimizer=AdamW(0.02), loss=MeanSquaredError())
    assert history.epochs[-1].loss < history.epochs[0].loss / 10
    assert CrossEntropy().values(np.zeros((1, 4)), np.array([2])) == pytest.approx([np.log(4)])


def test_famous_networks_have_their_published_sizes() -> None:
    """The zoo is plain code, and its numbers are those of the papers' implementations."""
    assert pellucid.zoo.resnet18().params == 11_689_512
    assert pellucid.zoo.vgg16().summary().macs == 15_470_264_320


def test_engines_agree_with_the_definition() -> None:
    """Every engine that runs here gives what the layers' own definitions give in float64."""
    net = pellucid.zoo.lenet5()
    image = np.random.default_rng(2).random((1, 1, 28, 28))
    exact = {name: value.astype(np.float64) for name, value in net.weights.items()}
    wanted = forward(net, (image,), Run(), weights=exact)[str(net.outputs[0].name)]
    for name, about in pellucid.engines.available().items():
        if not about.startswith("not available"):
            assert net.predict(image, engine=name) == pytest.approx(wanted, abs=1e-5)


def test_what_cannot_be_is_said_at_once(tmp_path: Path) -> None:
    """Every mistake gets one error that says what came, what was expected, and the fix."""
    with pytest.raises(ShapeError) as too_large:
        Network((1, 8, 8), [Conv2d(4, 3), Conv2d(4, 7)])
    assert str(too_large.value) == (
        "Conv2d 'conv2'\n"
        "  got       input (4, 6, 6): kernel 7 spans 7; 6 places + padding 0 + 0 = 6\n"
        "  expected  at least 7 places, padding included\n"
        "  fix       use a smaller kernel, a larger input, or 1 more padding"
    )
    with pytest.raises(ParameterError, match="stride=0"):
        Conv2d(4, 3, stride=0)
    with pytest.raises(UnknownNameError, match="did you mean 'conv1'"):
        Network((1, 8, 8), [Conv2d(4, 3)]).trace(np.zeros((1, 8, 8)))["conv"]
    (tmp_path / "not.safetensors").write_bytes(b"something else")
    with pytest.raises(ModelFileError, match=r"not\.safetensors"):
        pellucid.load(tmp_path / "not.safetensors")

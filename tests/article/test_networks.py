"""The article's aim: to build the classic networks with a complete understanding of what is in them."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.zoo import NETWORKS, lenet5, resnet18

DIGIT = np.random.default_rng(0).random((1, 28, 28), dtype=np.float32)


def test_every_number_of_lenet_can_be_taken_apart(engine: str) -> None:
    """In every layer of LeNet-5 the last number is what its explanation adds up to, back to the pixels."""
    trace = lenet5().trace(DIGIT, engine=engine)
    for name in trace.net.layers:
        number = trace.explain(name, [size - 1 for size in trace[name].shape])
        assert number.value == pytest.approx(number.total, rel=1e-4, abs=1e-6), name
    assert trace.receptive_field("linear3", (9,)).status == "whole input"


def test_lenet_is_made_of_the_articles_blocks(engine: str) -> None:
    """Convolution, activation and pooling twice, then three fully connected layers, and ten scores for an image."""
    net = lenet5()
    kinds = [layer.kind for layer in net.layers.values()]
    maps, units = ["Conv2d", "Tanh", "AvgPool2d"], ["Linear", "Tanh"]
    assert kinds == [*maps, *maps, "Flatten", *units, *units, "Linear"]
    assert net.predict(DIGIT, engine=engine).shape == (1, 10)


def test_a_residual_block_adds_its_input(engine: str) -> None:
    """In a small ResNet-18 a number of the first join is one number of each branch, added."""
    net = resnet18(10, input_shape=(3, 37, 41))
    trace = net.trace(np.random.default_rng(1).random((3, 37, 41), dtype=np.float32), engine=engine)
    number = trace.explain("layer1.0.add", (5, 2, 3))
    assert number.inputs == ("layer1.0.bn2", "maxpool")
    assert number.terms.value.tolist() == [float(trace[name][5, 2, 3]) for name in number.inputs]
    assert number.value == pytest.approx(number.total, rel=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_classic_starts_from_an_image_and_ends_in_scores(name: str) -> None:
    """Each famous network is layers from (channels, height, width) to one score a class, all shapes known."""
    net = NETWORKS[name]()
    assert len(net.inputs[0].shape) == 3
    assert net.outputs[0].shape == (10 if net.inputs[0].shape[1] < 64 else 1000,)
    assert all(len(shape) in (1, 3) for shape in net.shapes.values())

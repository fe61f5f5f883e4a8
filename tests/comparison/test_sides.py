"""What may be compared, and on what: networks and files of them, on a given image or on chosen inputs."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Network, compare
from pellucid.comparison.chosen import CHOSEN, chosen
from pellucid.errors import ModelFileError, ShapeError, UnknownNameError
from pellucid.layers import Conv2d, Input, MaxPool2d, ReLU

SHAPE = (3, 11, 7)


@pytest.fixture
def net() -> Network:
    """A small network with weights."""
    return Network(SHAPE, [Conv2d(5, 3), ReLU(), MaxPool2d(2)], name="small")


def test_a_file_and_a_network(net, tmp_path):
    """A network and the file that it was saved in are the same, and the file's name is told."""
    net.save(tmp_path / "small.safetensors")
    found = compare(net, tmp_path / "small.safetensors")
    assert found.same
    assert found.a == "small: 3 layers, 140 parameters, on reference"
    assert found.b.startswith("small.safetensors: 3 layers")
    assert compare(net, str(tmp_path / "small.safetensors")).same


def test_chosen_inputs_are_told_by_name(net):
    """Without an image both are given inputs that expose differences, each named in the facts."""
    facts = compare(net, net).facts()
    assert [trial["name"] for trial in facts["trials"]] == list(CHOSEN)
    assert {trial["verdict"] for trial in facts["trials"]} == {"same"}


def test_what_the_chosen_inputs_are():
    """No two numbers alike; all below zero; around a thousand; and one that is not a number."""
    inputs = {given.name: given.inputs[0] for given in chosen(Network(SHAPE, [ReLU()]))}
    assert all(values.shape == (1, *SHAPE) and values.dtype == np.float32 for values in inputs.values())
    assert len(np.unique(inputs["distinct"])) == inputs["distinct"].size
    assert inputs["negative"].max() < 0
    assert inputs["large mean"].mean() == pytest.approx(1000)
    assert np.isnan(inputs["NaN"]).sum() == 1


def test_chosen_inputs_of_several_inputs_differ():
    """Two inputs of one shape are given different numbers: swapping them shows."""
    x, y = Input(SHAPE, "x"), Input(SHAPE, "y")
    net = Network([x, y], [ReLU()(x), ReLU()(y)])
    for given in chosen(net):
        assert not np.array_equal(*given.inputs, equal_nan=True)


def test_one_number_is_chosen_too():
    """An input of one number is not zero."""
    assert chosen(Network(1, [ReLU()]))[0].inputs[0].tolist() == [[0.5]]


def test_other_inputs_are_refused(net):
    """Networks that read other shapes cannot be given the same image; swapped axes are named."""
    with pytest.raises(ShapeError, match="put Permute"):
        compare(net, Network((11, 7, 3), [ReLU()]))
    with pytest.raises(ShapeError, match=r"inputs \(3, 11, 7\) in A and \(3, 11, 8\) in B"):
        compare(net, Network((3, 11, 8), [ReLU()]))


def test_what_cannot_be_opened_is_refused(net):
    """A file that is no network, and an engine that there is not, are told as everywhere."""
    with pytest.raises(ModelFileError, match="no such file"):
        compare(net, "lost.safetensors")
    with pytest.raises(UnknownNameError, match="engine 'fast'"):
        compare(net, net, engines=("fast", "reference"))

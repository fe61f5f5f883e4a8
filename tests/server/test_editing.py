"""Edits of networks: what they give, what they keep, and what they are refused with."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.errors import ParameterError, PellucidError, ShapeError, UnknownNameError
from pellucid.explorer.editing import Add, Change, Remove, edited
from pellucid.explorer.fitting import fitting
from pellucid.explorer.offers import kinds_after, kinds_instead
from pellucid.explorer.parameters import candidates, form_of
from pellucid.explorer.presets import presets
from pellucid.explorer.rewiring import copied, rewired
from pellucid.explorer.trials import shown, worded
from pellucid.layers import REGISTRY, Concat, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from pellucid.layers import Add as Sum
from pellucid.train.digits import digits_network
from pellucid.zoo import resnet20


def with_weights(net: Network) -> Network:
    """The same network with weights that nobody would make by chance."""
    random = np.random.default_rng(7)
    for name in net.weights:
        net.weights[name] = random.random(net.weights[name].shape, np.float32)
    return net


def alone(kind: str) -> Network:
    """The first example of a kind of layer, as a network."""
    example = REGISTRY[kind].examples()[0]
    inputs = [Input(shape, name=f"input{number}") for number, shape in enumerate(example.shapes)]
    return Network(inputs, example.layer(*inputs, name="layer"))


# Every parameter of every kind.
PARAMETERS = [(kind, name) for kind in REGISTRY for name in REGISTRY[kind].examples()[0].layer.config()]
STRANGE: list[Any] = [0, -1, 1, 2, 3, 5, 64, 10**6, 0.5, 7.5, True, None, "same", "no such word", [2, 1], [1, 2, 3]]


@pytest.mark.parametrize(("kind", "name"), PARAMETERS)
def test_every_parameter_is_changed_or_refused_with_what_fits(kind: str, name: str) -> None:
    """Whatever a parameter is set to, there is a new network that runs, or an error that says which values fit."""
    net = alone(kind)
    built = 0
    refusals: list[PellucidError] = []
    for value in [*STRANGE, getattr(net.layers["layer"], name)]:
        try:
            made = edited(net, Change("layer", {name: value}))
        except PellucidError as error:
            refusals.append(error)
            continue
        built += 1
        assert made.net.layers["layer"].kind == kind
        assert list(made.net.shapes) == list(net.shapes)
    assert built, "not even the value that it has"
    for error in refusals:
        assert re.search(rf"^{name} .*for which the whole network can be built$", error.expected), error
        assert error.fix.startswith(f"use {name} ")
        assert error.where == f"{kind} 'layer'"
        assert error.got.startswith(f"{name}=")


@pytest.mark.parametrize(("kind", "name"), PARAMETERS)
def test_what_is_said_to_fit_fits(kind: str, name: str) -> None:
    """The values that are proposed are among those that the network is built with, its own form among them."""
    net = alone(kind)
    layer = net.layers["layer"]
    shapes = [node.shape for node in net.inputs]
    assert not fitting(net, "layer", name).startswith("none of")
    good = 0
    for value in candidates(REGISTRY[kind], name, getattr(layer, name), shapes, [])[:20]:
        try:
            good += bool(edited(net, Change("layer", {name: value})).net)
        except PellucidError:
            continue
    assert good
    assert form_of(REGISTRY[kind], name).limits


def test_untouched_weights_are_kept() -> None:
    """A change keeps every weight whose layer and shape it leaves alone, bit for bit, and names the others."""
    net = with_weights(digits_network())
    made = edited(net, Change("conv2", {"kernel_size": 5, "padding": 2}))
    assert made.fresh == ("conv2.weight",)
    for name in net.weights:
        same = np.array_equal(made.net.weights[name], net.weights[name])
        assert same == (name != "conv2.weight"), name
    assert made.net.classes == net.classes
    assert made.net.shapes == net.shapes
    assert made.done == "change conv2's kernel_size to 5, padding to 2"


def test_new_weights_are_decided_by_the_seed() -> None:
    """What has to be made anew is made as in a network that was built so from the beginning."""
    made = edited(with_weights(digits_network(3)), Change("linear1", {"bias": False}))
    assert made.fresh == ()
    made = edited(with_weights(digits_network(3)), Change("conv1", {"out_channels": 4}))
    again = edited(digits_network(3), Change("conv1", {"out_channels": 4}))
    assert made.fresh == ("conv1.weight", "conv1.bias", "conv2.weight")
    for name in made.fresh:
        assert np.array_equal(made.net.weights[name], again.net.weights[name])


def test_the_network_that_is_edited_stays_as_it_is() -> None:
    """An edit gives another network, and leaves the first one's layers and weights alone."""
    net = with_weights(digits_network())
    before = {name: net.weights[name].copy() for name in net.weights}
    layers = dict(net.layers)
    edited(net, Change("conv1", {"out_channels": 3}))
    edited(net, Remove("pool1"))
    assert net.layers == layers
    assert all(np.array_equal(net.weights[name], before[name]) for name in before)


def test_a_copy_has_the_same_bits() -> None:
    """A network's copy computes what the network computes."""
    net = with_weights(digits_network())
    image = np.random.default_rng(0).random((2, 1, 8, 8), np.float32)
    assert np.array_equal(copied(net).predict(image), net.predict(image))


def branched() -> Network:
    """Two branches that are added, one layer of which is used twice."""
    x = Input((2, 6, 6))
    twice = Conv2d(2, 3, padding=1)
    left = twice(ReLU()(x, name="relu"), name="left")
    right = twice(x, name="right")
    joined = Sum()(left, right, name="sum")
    return Network(x, Flatten()(Concat()(joined, x, name="both"), name="flat"))


def test_branches_stay_branches() -> None:
    """In a network with branches a layer is put in, changed and left out where it stands."""
    net = branched()
    put = edited(net, Add("relu", "BatchNorm2d", name="norm"))
    assert [node.name for node in put.net.node("left").inputs] == ["norm"]
    assert [node.name for node in put.net.node("right").inputs] == ["input"]
    assert put.layer == "norm"
    out = edited(net, Remove("left"))
    assert [node.name for node in out.net.node("sum").inputs] == ["relu", "right"]
    assert edited(net, Change("sum", kind="Multiply")).net.layers["sum"].kind == "Multiply"


def test_a_layer_that_is_used_twice_changes_twice() -> None:
    """Both places of a layer change together, and go on sharing their weights."""
    made = edited(branched(), Change("right", {"kernel_size": 5, "padding": 2})).net
    assert made.layers["left"] is made.layers["right"]
    assert made.layers["left"].config()["kernel_size"] == (5, 5)
    assert [name for name in made.weights if name.endswith("weight")] == ["left.weight"]


def test_a_layer_after_an_input() -> None:
    """A layer put after an input is read by everything that read the input."""
    made = edited(branched(), Add("input", "Tanh")).net
    assert [node.name for node in made.node("relu").inputs] == ["tanh1"]
    assert [node.name for node in made.node("both").inputs] == ["sum", "tanh1"]


def test_a_layer_after_the_last_is_the_output() -> None:
    """A layer put after the output becomes the output."""
    made = edited(digits_network(), Add("linear1", "Softmax"))
    assert [node.name for node in made.net.outputs] == ["softmax1"]
    assert made.done == "add softmax1, a Softmax, after linear1"


def test_a_join_is_refused_where_other_shapes_would_meet() -> None:
    """What no longer fits is told at the place where it would not fit, with the values that do."""
    with pytest.raises(ParameterError) as caught:
        edited(resnet20(), Change("conv1", {"out_channels": 17}))
    assert "expected  out_channels 1, 16, for which" in str(caught.value)
    assert caught.value.fix == "use out_channels 16"


def test_the_classes_say_how_many_outputs_there_are() -> None:
    """A network with class names keeps as many outputs, and an error says how many."""
    with pytest.raises(ParameterError) as caught:
        edited(digits_network(), Change("linear1", {"out_features": 7}))
    assert str(caught.value) == (
        "Linear 'linear1'\n"
        "  got       out_features=7: Network would get 10 class names, where it needs 7, one an output of 'linear1'\n"
        "  expected  out_features 10, for which the whole network can be built\n"
        "  fix       use out_features 10"
    )


def test_what_is_too_large_for_a_page_is_refused() -> None:
    """A network that could be built, but not be run in a page, is refused before anything of it is made."""
    with pytest.raises(ParameterError, match="bytes of weights and values") as caught:
        edited(digits_network(), Change("conv1", {"out_channels": 2_000_000_000}))
    assert caught.value.expected.startswith("out_channels 1 to 4096 (nothing larger was tried)")


@pytest.mark.parametrize(
    ("edit", "error", "text"),
    [
        (Remove("sum"), ShapeError, "where it joins 2 branches"),
        (Remove("nowhere"), UnknownNameError, "layer 'nowhere'"),
        (Remove("input"), UnknownNameError, "layer 'input'"),
        (Change("flat", {"ordre": "HWC"}), UnknownNameError, "Flatten parameter 'ordre'"),
        (Change("flat", kind="Flattn"), UnknownNameError, "layer kind 'Flattn'"),
        (Change("sum", kind="ReLU"), ShapeError, "a kind that reads as much as it: 2"),
        (Add("relu", "Add"), ShapeError, "this one joins several"),
        (Add("relu", "Relu"), UnknownNameError, "layer kind 'Relu'"),
        (Add("relu", "Conv2d", {"kernel_size": 0}), ParameterError, "kernel_size=0"),
        (Add("relu", "Tanh", name="left"), ParameterError, "name 'left' twice"),
        (Add("flat", "Conv2d"), ShapeError, "maps of shape (channels, height, width)"),
        (Add("nowhere", "ReLU"), UnknownNameError, "layer 'nowhere'"),
    ],
)
def test_impossible_edits(edit: Any, error: type[Exception], text: str) -> None:
    """An edit that cannot be is refused, and the error says why."""
    with pytest.raises(error, match=re.escape(text)):
        edited(branched(), edit)


def test_the_only_layer_stays() -> None:
    """A network has a layer; the last one is not left out."""
    with pytest.raises(ShapeError, match="one layer or more"):
        edited(Network((1, 2, 2), [ReLU()]), Remove("relu1"))


def test_what_cannot_be_removed_is_told_what_can() -> None:
    """Where leaving a layer out would break the network, the error lists layers that can go."""
    with pytest.raises(ShapeError) as caught:
        edited(digits_network(), Remove("linear1"))
    assert caught.value.fix == "remove one of conv1, relu1, pool1, conv2, relu2, pool2, dropout1"


def test_kinds_that_are_offered_fit() -> None:
    """Every kind that is offered for a place can be put there, and those that join are offered only for joins."""
    net = branched()
    for kind in kinds_instead(net, "left"):
        assert edited(net, Change("left", kind=kind)).net.layers["left"].kind == kind
    for kind in kinds_after(net, "flat"):
        assert edited(net, Add("flat", kind)).net.layers
    assert kinds_instead(net, "sum") == ["Add", "Concat", "Multiply"]
    assert "Flatten" not in kinds_instead(net, "left")
    assert "Conv2d" not in kinds_after(net, "flat")


def test_another_kind_takes_over_what_it_knows() -> None:
    """A pool that becomes another keeps its size and stride; what only the old kind had is gone."""
    net = Network((1, 9, 9), [MaxPool2d(3, stride=2, dilation=2)])
    made = edited(net, Change("pool1", kind="AvgPool2d")).net.layers["pool1"]
    assert (made.config()["kernel_size"], made.config()["stride"]) == ((3, 3), (2, 2))


@pytest.mark.parametrize("kind", [kind for kind, cls in REGISTRY.items() if cls.arity == 1])
def test_every_kind_can_be_begun_with(kind: str) -> None:
    """Every kind of layer that reads one value can be put into a network by its name alone."""
    shapes = [(8, 8, 8), (24,)]
    found = []
    for shape in shapes:
        net = Network(shape, [ReLU()])
        if kind in kinds_after(net, "relu1"):
            found.append(edited(net, Add("relu1", kind)).net)
    assert found


def test_every_kind_has_a_form_for_every_parameter() -> None:
    """The form of the page knows what stands in every parameter of every kind."""
    forms = {form_of(REGISTRY[kind], name).form for kind, name in PARAMETERS}
    assert forms == {"whole", "pair", "reals", "sides", "choice", "flag", "real", "list"}


def test_presets_refuse_what_cannot_be() -> None:
    """Parameters that no layer can have are refused by the layer itself."""
    with pytest.raises(ParameterError, match="out_channels=0"):
        presets("Conv2d", (1, 4, 4), {"out_channels": 0})


def test_pairs_that_differ_are_tried_side_by_side() -> None:
    """Where height and width differ, what fits is told for each with the other as it was wanted."""
    net = Network((1, 8, 8), [Conv2d(2, 3)])
    with pytest.raises(ParameterError) as caught:
        edited(net, Change("conv1", {"kernel_size": [11, 5]}))
    assert "1 x 5" in caught.value.expected
    assert "8 x 5" in caught.value.expected
    assert caught.value.fix == "use kernel_size 8 x 5"


def test_words_for_values() -> None:
    """Values are told as people write them, and long lists are cut."""
    assert [shown(value) for value in (3, 0.5, True, None, "same", (2, 2), (3, 2), ((0, 1), (2, 0)))] == [
        "3", "0.5", "yes", "none", '"same"', "2", "3 x 2", "((0, 1), (2, 0))",
    ]  # fmt: skip
    assert worded(list(range(0, 100, 2)), list(range(0, 100, 4)), shown).endswith(" and 9 more")
    assert worded([1, 2], [], shown) == "none of the 2 values that were tried"


def test_rewiring_alone_changes_nothing() -> None:
    """A network that is wired anew has the same layers, names, inputs and shapes."""
    net = resnet20()
    made = rewired(net)
    assert made.shapes == net.shapes
    assert [[n.name for n in node.inputs] for node in made.nodes] == [
        [n.name for n in node.inputs] for node in net.nodes
    ]
    assert all(one is other for one, other in zip(made.layers.values(), net.layers.values(), strict=True))
    assert isinstance(next(iter(made.layers.values())), Layer)
    assert Linear(3) == Linear(3)

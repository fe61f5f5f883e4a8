"""Layers belong together by what they are and how they are wired, whatever their names and order are."""

from __future__ import annotations

import numpy as np
import pytest
from planted import lenet, mobile, resnet
from planting import lively, rebuilt, with_parameters

from pellucid import Input, Network, compare
from pellucid.comparison.alignment import align
from pellucid.layers import (
    Add,
    BatchNorm2d,
    Clip,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    Multiply,
    Pad2d,
    ReLU,
    ReLU6,
    Reshape,
    Sigmoid,
    Softmax,
)
from pellucid.zoo import NETWORKS


def shuffled(name: str) -> str:
    """A name that says nothing, and stands elsewhere in the alphabet."""
    return f"{sum(map(ord, name)) * 7919 % 10007}.{name[::-1]}"


@pytest.mark.parametrize("net", [lenet, resnet, mobile])
def test_names_do_not_matter(net):
    """Every layer has its partner where all names differ."""
    found = align(net(), rebuilt(net(), names=shuffled)).partners
    assert found == {"input": "input"} | {name: shuffled(name) for name in net().layers}


@pytest.mark.parametrize("name", ["googlenet", "densenet121", "mobilenet_v3_small", "shufflenet_v2_x1_0", "resnet152"])
def test_large_networks_are_matched_layer_by_layer(name):
    """Networks of hundreds of layers with other first values and other names: each layer has its own partner."""
    shape = (3, 64, 64)
    a, b = (NETWORKS[name](input_shape=shape, seed=seed) for seed in (0, 1))
    b = rebuilt(b, names=shuffled)
    assert align(a, b).partners == {"input": "input"} | {name: shuffled(name) for name in a.layers}


def test_names_that_are_swapped_do_not_mislead():
    """Names that other layers have are no reason: kinds and wiring are."""
    names = {"relu1": "conv1", "conv1": "relu1", "pool1": "pool2", "pool2": "pool1"}
    found = align(lenet(), rebuilt(lenet(), names=lambda name: names.get(name, name))).partners
    assert all(found[name] == names.get(name, name) for name in lenet().layers)


def branches(order: tuple[int, ...], names: tuple[str, ...] = ("a", "b", "c")) -> Network:
    """Three branches, wired in some order; their weights depend on what they are and not on their place."""
    x = Input((3, 15, 13))
    made = {}
    for place in order:
        layer = (Conv2d(4, 3, padding=1), Conv2d(4, 3, padding=1), Conv2d(4, 1))[place]
        made[place] = ReLU()(layer(x, name=names[place]), name=f"{names[place]} relu")
    net = Network(x, Conv2d(2, 1)(Add()(*(made[place] for place in order), name="sum"), name="last"))
    for place, name in enumerate(names):
        weight = net.weights[f"{name}.weight"]
        net.weights[f"{name}.weight"] = np.random.default_rng(place).normal(size=weight.shape)
        net.weights[f"{name}.bias"] = np.full(4, float(place))
    return net


def test_branches_in_another_order():
    """Branches that are alike find each other by their weights, in whatever order they were wired."""
    a, b = branches((0, 1, 2)), branches((2, 1, 0), ("z", "y", "x"))
    for name in ("last.weight", "last.bias"):
        b.weights[name] = a.weights[name]
    found = align(a, b).partners
    assert [found[name] for name in ("a", "b", "c", "a relu", "sum")] == ["z", "y", "x", "z relu", "sum"]
    assert compare(a, b).same


def test_dropout_is_stepped_over():
    """Dropout that only one side has does nothing when a network is run; it is listed."""
    found = compare(lenet(), rebuilt(lenet(), layers={"dropout": None}))
    assert found.sentence == "the same, number by number"
    (alone,) = found.alone
    assert (alone.side, alone.name, alone.what) == ("A", "dropout", "Dropout()")
    assert alone.why == "has no partner; it is compared with 'fc2', behind it, and B's 'fc2', which is the same"


def folded(net: Network, names: dict[str, str], eps: float = 1e-5) -> Network:
    """The same network with norms folded into the convolutions before them."""
    convs = {conv: type(net.layers[conv])(**{**net.layers[conv].config(), "bias": True}) for conv in names}
    other = rebuilt(net, layers={**convs, **dict.fromkeys(names.values())})
    for conv, norm in names.items():
        w = {short: net.weights[full].astype(np.float64) for short, full in net.weight_names(norm).items()}
        factor = w["weight"] / np.sqrt(w["running_var"] + eps)
        other.weights[f"{conv}.weight"] = net.weights[f"{conv}.weight"] * factor[:, None, None, None]
        other.weights[f"{conv}.bias"] = w["bias"] - w["running_mean"] * factor
    return other


def all_norms(net: Network) -> dict[str, str]:
    """Each convolution of ResNet-20 with its norm."""
    return {name: name.replace("conv", "bn") for name in net.layers if "conv" in name}


def test_a_norm_that_is_folded_is_the_same():
    """Batch norms folded into convolutions, all of them: only rounding is left, and the norms are listed."""
    net = resnet()
    found = compare(net, folded(net, all_norms(net)))
    assert found.sentence == "the same, but for rounding"
    assert {alone.name for alone in found.alone} == set(all_norms(net))
    pairs = {layer.a: layer.b for layer in found.layers}
    assert pairs["layer2.0.bn1"] == "layer2.0.conv1"
    assert compare(folded(net, all_norms(net)), net).same


def test_a_norm_that_is_folded_amiss_is_found():
    """A norm folded with another epsilon is a difference, and the epsilon is named."""
    net = resnet()
    right = folded(net, all_norms(net))
    wrong = folded(net, {"layer2.0.conv1": "layer2.0.bn1"}, eps=1e-3)
    for name in ("layer2.0.conv1.weight", "layer2.0.conv1.bias"):
        right.weights[name] = wrong.weights[name]
    (found,) = compare(net, right).differences
    assert found.layer.a == "layer2.0.bn1"
    assert found.findings[0].rule == "eps"
    assert "1e-05 in A and 0.001 in B" in found.findings[0].words


def test_a_norm_that_is_missing_is_found():
    """Without its norm a convolution is not the same, and the norm is named."""
    found = compare(resnet(), rebuilt(resnet(), layers={"layer2.0.bn1": None})).differences[0]
    assert found.findings[0].rule == "layer missing"
    assert "B has no BatchNorm2d() here, where A has 'layer2.0.bn1'" in found.words


def test_layers_that_compute_the_same_are_the_same():
    """Other layers for the same numbers: padding in front, a reshape for a flatten, bounds for ReLU6."""
    x = Input((3, 12, 12))
    y = ReLU6()(Conv2d(4, 3, padding=1)(x, name="conv"))
    a = Network(x, Linear(3)(Flatten()(GlobalAvgPool2d(keepdims=True)(y)), name="fc"))
    z = Clip(0.0, 6.0)(Conv2d(4, 3)(Pad2d(1)(x), name="conv"))
    b = Network(x, Linear(3)(GlobalAvgPool2d()(z), name="fc"))
    for name in a.weights:
        b.weights[name] = a.weights[name]
    found = compare(a, b)
    assert found.sentence == "the same, number by number"
    assert [alone.what for alone in found.alone] == ["Flatten()", "Pad2d(1)"]
    flat = Network((2, 3, 4), [Flatten(), ReLU()]), Network((2, 3, 4), [Reshape((24,)), ReLU()])
    assert not compare(*flat).alone


def test_orders_that_cancel_are_the_same():
    """A flatten in the other order, and the weight that reads it in that order too, compute the same."""
    a = lively(Network((3, 4, 5), [Flatten(), ReLU(), ("fc", Linear(7))]))
    b = rebuilt(a, layers={"flatten1": Flatten("HWC")})
    b.weights["fc.weight"] = a.weights["fc.weight"].reshape(7, 3, 4, 5).transpose(0, 2, 3, 1).reshape(7, 60)
    found = compare(a, b)
    assert found.same
    assert {alone.what for alone in found.alone} == {"Flatten()", "Flatten(order='HWC')", "ReLU()"}


def test_a_layer_that_one_side_has_more():
    """A convolution in between has no partner; what stands before and behind it has, and what differs is found."""
    net = resnet()
    y = {"layer2.1.conv1": ("extra", Conv2d(32, 3, padding=1))}
    other = rebuilt(net, before=y)
    found = align(net, other).partners
    assert found == {"input": "input"} | {name: name for name in net.layers}
    first = compare(net, other).differences[0]
    assert first.layer.a == "layer2.1.conv1"
    assert first.findings[0].rule == "layer added"


def test_a_block_that_one_side_has_more():
    """A whole residual block of ResNet-20 left out: everything else keeps its partner."""
    net = resnet()
    gone = [name for name in net.layers if name.startswith("layer2.1.")]
    other = rebuilt(net, layers=dict.fromkeys(gone), reads={"layer2.2.conv1": ("layer2.0.relu2",)} | {
        "layer2.2.add": ("layer2.2.bn2", "layer2.0.relu2")})  # fmt: skip
    found = align(net, other).partners
    assert found == {"input": "input"} | {name: name for name in net.layers if name not in gone}


def test_outputs_without_partners_are_compared():
    """Scores on one side and probabilities on the other: the outputs are compared, whatever their layers are."""
    a = lively(Network((1, 6, 6), [Conv2d(2, 3), Flatten(), ("fc", Linear(4))]))
    b = rebuilt(a)
    b = Network((1, 6, 6), [Conv2d(2, 3), Flatten(), ("fc", Linear(4)), Softmax()])
    for name in a.weights:
        b.weights[name] = a.weights[name]
    found = compare(a, b).differences[0]
    assert (found.layer.a, found.layer.b) == ("fc", "softmax1")
    assert found.findings[0].rule == "layer added"
    found = compare(b, a).differences[0]
    assert (found.layer.a, found.layer.b) == ("softmax1", "fc")
    assert "B has no Softmax() here" in found.words


def test_a_gate_in_parts_is_compared_at_its_end():
    """Layers in other numbers and kinds between the same ones are compared where they meet again."""
    x = Input((4, 9, 9))
    y = Conv2d(4, 3, padding=1)(x, name="conv")
    parts = Network(x, MaxPool2d(3)(Multiply()(y, Sigmoid()(y))))
    found = align(parts, rebuilt(parts, names=shuffled)).partners
    assert len(found) == 1 + len(parts.layers)


def test_concatenations_within_concatenations():
    """Dense connections, where every layer reads all before it, are matched in their order."""
    x = Input((3, 8, 8))
    y = x
    for number in range(6):
        y = Concat()(y, Conv2d(4, 3, padding=1)(ReLU()(BatchNorm2d()(y)), name=f"conv{number}"))
    net = Network(x, Dropout(0.1)(y))
    assert align(net, rebuilt(net, names=shuffled)).partners == {"input": "input"} | {
        name: shuffled(name) for name in net.layers
    }


def test_other_widths_are_matched_too():
    """Convolutions of another number of kernels have partners by their wiring; their shapes differ, which is told."""
    a = Network((3, 20, 20), [Conv2d(8, 3), ReLU(), MaxPool2d(2), Conv2d(12, 3), ReLU(), GlobalAvgPool2d(), Linear(5)])
    b = Network((3, 20, 20), [Conv2d(6, 3), ReLU(), MaxPool2d(2), Conv2d(12, 3), ReLU(), GlobalAvgPool2d(), Linear(5)])
    found = compare(a, b)
    assert len(found.layers) == 8
    assert found.layers[1].largest == float("inf")
    assert found.differences[0].layer.a == "conv1"
    assert found.differences[0].findings[0].rule == "shapes of weights"
    assert "'weight' is (8, 3, 3, 3) in A and (6, 3, 3, 3) in B" in found.rules[0]


def test_a_parameter_that_means_the_same_is_no_difference():
    """No padding in words and in numbers, "same" and what it comes to, a stride that is the window's size."""
    a = Network((3, 12, 12), [("conv", Conv2d(4, 3, padding="same")), ("pool", MaxPool2d(2))])
    b = with_parameters(with_parameters(a, "conv", padding=1), "pool", stride=2, padding="valid")
    found = compare(a, b)
    assert found.sentence == "the same, number by number"
    assert not found.stated

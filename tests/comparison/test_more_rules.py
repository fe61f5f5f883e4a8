"""Rules of layers that fewer networks have, several rules at once, and what is stated and not shown."""

from __future__ import annotations

import numpy as np
import pytest
from planted import Planted, called, check, lenet, mobile, resnet
from planting import Bent, as_layer, lively, rebuilt, with_parameters, with_weight

from pellucid import Network, compare
from pellucid.layers import (
    Conv2d,
    ConvTranspose2d,
    Flatten,
    GroupNorm,
    InstanceNorm2d,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Softmax,
)


def alex() -> Network:
    """The start of AlexNet, as it was: local response norms behind wide kernels."""
    layers = [
        ("conv1", Conv2d(16, 11, stride=4, padding=2)), ReLU(), ("norm1", LocalResponseNorm(4, alpha=0.3, k=2.0)),
        ("pool1", MaxPool2d(3, 2)), ("conv2", Conv2d(24, 5, padding=2, groups=2)), ReLU(),
        ("norm2", LocalResponseNorm(5, alpha=0.5)), ("fc", Flatten()), Linear(7),
    ]  # fmt: skip
    return lively(Network((3, 67, 67), layers, name="alex"))


def generator() -> Network:
    """A network that grows pictures, with norms of one sample."""
    layers = [
        ("up1", ConvTranspose2d(12, 4, stride=2, padding=1)), ("norm1", InstanceNorm2d(affine=True)), ReLU(),
        ("up2", ConvTranspose2d(12, 3, stride=2, padding="same")), ("norm2", GroupNorm(3)), ReLU(),
        ("up3", Conv2d(8, 3, padding=1)), ("norm3", LayerNorm((0,))),
    ]  # fmt: skip
    return lively(Network((12, 9, 9), layers, name="generator"))


CASES = [
    Planted("alpha", "norm1", alex, lambda net: with_parameters(net, "norm1", alpha=0.3 * 4), ("axis 0", "TensorFlow")),
    Planted("alpha", "norm1", alex, lambda net: Bent({"norm1": as_layer(LocalResponseNorm(4, alpha=0.3 * 4, k=2.0))}),
            ("axis 0", "TensorFlow")),
    Planted("extra", "norm1", alex, lambda net: with_parameters(net, "norm1", extra="after"), ("axis 0", "PyTorch")),
    Planted("k", "norm2", alex, lambda net: with_parameters(net, "norm2", k=2.0), ("axis 0", "bias in ONNX")),
    Planted("beta", "norm2", alex, lambda net: with_parameters(net, "norm2", beta=0.5), ("all axes",)),
    Planted("eps", "norm1", generator, lambda net: with_parameters(net, "norm1", eps=1e-3), ("epsilon in Keras",)),
    Planted("num_groups", "norm2", generator, lambda net: with_parameters(net, "norm2", num_groups=4), ("axis 0",)),
    Planted("padding", "up1", generator, lambda net: with_parameters(net, "up1", padding=((0, 2), (0, 2))),
            ("each end of height and width", "crops")),
    Planted("padding and output_padding", "up2", generator,
            lambda net: with_parameters(net, "up2", padding=1, output_padding=1),
            ("height and width", "never the start")),
    Planted("channels swapped", "up1", generator,
            lambda net: with_weight(net, "up1.weight", lambda w: w.swapaxes(0, 1)), ("swap axes 0 and 1",)),
    Planted("kernel rotated", "up1", generator,
            lambda net: with_weight(net, "up1.weight", lambda w: w[..., ::-1, ::-1]), ("axes 2 and 3",)),
    Planted("scale missing", "norm2", generator,
            lambda net: with_weight(net, "norm2.weight", np.ones_like), ("gamma", "axis 0")),
    Planted("axis", "soft", lambda: Network((3, 4, 5), [("conv", Conv2d(4, 1)), ("soft", Softmax(0))]),
            lambda net: Bent({"soft": as_layer(Softmax(1))}), ("channels",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=called)
def test_a_planted_difference_is_found(case: Planted) -> None:
    """It is found in its layer, its rule is named first with the axis and the fix, and no other rule is."""
    check(case)


def test_two_rules_in_one_layer_are_named_together() -> None:
    """Where no rule explains a layer alone, and two do together, both are named, each with its fix."""
    other = with_parameters(lenet(), "conv2", padding=2)
    turned = with_weight(with_parameters(resnet(), "conv1", padding_mode="reflect"), "conv1.weight",
                         lambda w: w[..., ::-1, ::-1])  # fmt: skip
    found = compare(resnet(), turned).differences[0]
    assert found.layer.a == "conv1"
    assert found.findings[0].rule == "padding_mode and kernel rotated"
    assert "flip axes 2 and 3" in found.words
    assert compare(lenet(), other).differences[0].findings[0].rule == "padding"


def test_differences_in_many_layers_are_told_once() -> None:
    """All norms with another epsilon: each is found, and the text says so in one sentence."""
    net = resnet()
    norms = {name: type(layer)(eps=1e-3) for name, layer in net.layers.items() if layer.kind == "BatchNorm2d"}
    found = compare(net, rebuilt(net, layers=norms))
    assert [one.layer.a for one in found.differences] == list(norms)
    lines = str(found).splitlines()
    (also,) = [line for line in lines if line.startswith("also ")]
    assert also.startswith(
        "also layer1.0.bn1, layer1.0.bn2, layer1.1.bn1 and 15 more: eps is 1e-05 in A and 0.001 in B"
    )
    assert "..." in lines  # of 75 rows the ends and those around the first difference are shown
    assert len(lines) < 60


def test_an_engine_that_is_amiss_is_drawn() -> None:
    """The text says which engine does not follow which definition, and by which rule, or that none was found."""
    net = lenet()
    text = str(compare(net, net, engines=("reference", Bent(prepare=lambda x: x / 255))))
    assert (
        "\n  the engine 'bent' of B does not follow the layer's definition\n  input scaling: the engine divides "
        in text
    )
    text = str(compare(net, net, engines=("reference", Bent({"relu1": lambda x, *, layer, w: np.sin(x)}))))
    assert text.endswith("\n  no rule that was tried explains it")
    assert "(ReLU), by " in text


def test_many_layers_without_partners_are_told_in_one_line() -> None:
    """A few are told one by one; of many the first."""
    net = resnet()
    gone = {name: None for name, layer in net.layers.items() if layer.kind == "BatchNorm2d"}
    text = str(compare(net, rebuilt(net, layers=gone)))
    assert (
        "A only, conv1, layer1.0.conv1, layer1.0.conv2 and 16 more: each has no partner, and is compared with" in text
    )
    text = str(compare(net, rebuilt(net, layers={"bn1": None})))
    assert "A only, conv1 (Conv2d(" in text


def test_momentum_is_stated() -> None:
    """A norm's momentum shows in training only: it is tried there and stated, with what was probably meant."""
    found = compare(resnet(), with_parameters(resnet(), "bn1", momentum=0.9, unbiased=False))
    assert found.sentence == "the same, number by number"
    momentum, unbiased = found.stated
    assert (momentum.a, momentum.what, momentum.shown) == ("bn1", "momentum", False)
    assert "here 0.9 is 1 - 0.1: the other framework's number was taken as it is" in momentum.words
    assert "tried: after one step of training, running_mean is " in momentum.words
    assert "; tried: after one step of training, running_var is " in unbiased.words
    assert "divide the running variance by n - 1 (PyTorch) or by n (Keras, ONNX)" in unbiased.words
    assert "not shown by the input, bn1: momentum is 0.1 in A and 0.9 in B" in str(found)


def test_weights_that_no_input_shows_are_stated() -> None:
    """A weight of a channel that is always 0 behind it differs unseen: it is stated, with how many numbers differ."""
    net = Network((1, 6, 6), [("conv", Conv2d(2, 3)), ReLU(), ("last", Conv2d(1, 1))])
    net.weights["conv.bias"] = [-1000.0, 1.0]
    other = with_weight(net, "last.weight", lambda w: w + np.array([1.0, 0.0])[None, :, None, None])
    image = np.random.default_rng(0).random((1, 6, 6))
    found = compare(net, other, image)
    assert found.same
    (stated,) = found.stated
    assert (stated.a, stated.what, stated.shown) == ("last", "weight", False)
    assert stated.words == "1 of 2 numbers of 'weight' differ, by 1 at most"


def test_facts_hold_everything_in_plain_values() -> None:
    """What programs and the page read: no infinities, no objects, and the same words as the text."""
    import json

    net = mobile()
    found = compare(net, with_parameters(net, "stem", stride=1))
    facts = json.loads(json.dumps(found.facts(), allow_nan=False))
    assert facts["sentence"] == found.sentence
    layer = facts["differences"][0]["layer"]
    assert (layer["a"], layer["largest"], layer["verdict"], layer["made"]) == ("stem", "inf", "differs", True)
    assert {layer["verdict"] for layer in facts["trials"][0]["layers"]} == {"same", "differs"}
    assert [one["what"] for one in facts["stated"]] == ["stride"]

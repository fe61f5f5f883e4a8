"""Source that we write builds the same network: it is executed, and its numbers are ours."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from executed import executed, with_keras, with_numpy, with_torch
from golden import check_golden

from pellucid import Input, Network
from pellucid.engines import exact_values
from pellucid.errors import ParameterError
from pellucid.formats import DIALECTS, code
from pellucid.layers import (
    REGISTRY,
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    Pad2d,
    ReLU,
    Upsample,
)
from pellucid.zoo import NETWORKS

RUN = {"torch": with_torch, "keras": with_keras, "numpy": with_numpy}
EXAMPLES = [(kind, number) for kind, layer in REGISTRY.items() for number in range(len(layer.examples()))]
KERAS_CANNOT = {  # what stands in a layer's text, and what is said of it
    "mode='replicate'": "padding mode 'replicate'",
    "mode='circular'": "padding mode 'circular'",
    "padding='same', groups=2": "transposed convolutions with groups or holes",
    "dilation=(2, 3), groups=3": "transposed convolutions with groups or holes",
    "stride=3, dilation=2": "pools with holes",
    "stride=(2, 1), padding='same', depth": "Keras has one stride for both axes here",
    **dict.fromkeys(["=(1.5, 3.0)", "=0.7", "=(3.0, 0.5)", "size=("], "Keras resizes by whole factors only"),
}
SMALL = ["lenet5", "resnet20"]
LARGE = [name for name in NETWORKS if name not in SMALL and not name.startswith(("vgg", "alexnet"))]


def drawn(net: Network, seed: int = 3) -> Network:
    """Give every weight numbers that differ, running variances among them."""
    rng = np.random.default_rng(seed)
    for name, value in net.weights.items():
        numbers = rng.normal(size=value.shape).astype(np.float32)
        net.weights[name] = np.abs(numbers) + 0.5 if name.endswith("running_var") else numbers
    return net


def inputs_of(net: Network, count: int = 2) -> tuple[Any, ...]:
    """Return numbers for each input, negative ones and large ones among them."""
    rng = np.random.default_rng(4)
    return tuple(3 * rng.normal(size=(count, *node.shape)).astype(np.float32) for node in net.inputs)


def check(net: Network, dialect: str, *, share: float = 1e-5) -> None:
    """Compare what the program computes with the definitions in float64."""
    given = inputs_of(net)
    wanted = exact_values(net, given)[str(net.outputs[0].name)]
    got = RUN[dialect](code(net, dialect), net, given)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=share, atol=share * float(np.abs(wanted).max(initial=0)))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("kind", "number"), EXAMPLES)
def test_every_layer_computes_the_same(kind, number, dialect):
    """Each example of each kind, written and executed, gives the definition's numbers, or Keras is said to lack it."""
    example = REGISTRY[kind].examples()[number]
    nodes = [Input(shape) for shape in example.shapes]
    net = drawn(Network(nodes, example.layer(*nodes)))
    lacks = [reason for text, reason in KERAS_CANNOT.items() if dialect == "keras" and text in repr(example.layer)]
    if lacks:
        with pytest.raises(ParameterError, match=lacks[0]):
            code(net, dialect)
    else:
        check(net, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", SMALL)
def test_small_networks_compute_the_same(name, dialect):
    """Whole networks, with classes and functions for what repeats."""
    check(NETWORKS[name](), dialect, share=3e-5)  # float32 over twenty layers of large numbers


@pytest.mark.parametrize("name", LARGE)
def test_pytorch_programs_take_the_state_dict(name):
    """The program's modules bear the network's names: its weights fit without a key to spare."""
    net = NETWORKS[name]()
    model = executed(code(net, "torch"), "model")
    own = {key: tuple(value.shape) for key, value in model.state_dict().items() if "num_batches" not in key}
    assert own == {key: value.shape for key, value in net.weights.items()}


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", LARGE)
def test_large_networks_compute_the_same(name, dialect):
    """All networks of the zoo that fit."""
    check(NETWORKS[name](), dialect, share=1e-4)  # float32 over up to 150 layers of large numbers


@pytest.mark.parametrize(
    ("name", "dialect"), [("lenet5", "keras"), ("lenet5", "numpy"), ("resnet18", "torch"), ("mobilenet_v2", "torch")]
)
def test_reads_as_a_person_would_have_written_it(name, dialect):
    """Repeated blocks are classes or functions with the parameters that differ, defaults are left out."""
    check_golden(f"code {name} {dialect}", code(NETWORKS[name](), dialect).rstrip("\n"))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_lines_fit_and_nothing_is_unused(dialect):
    """Programs parse, keep within 120 letters a line, and define nothing that they do not use."""
    for name in ("googlenet", "densenet121", "shufflenet_v2_x1_0"):
        text = code(NETWORKS[name](), dialect)
        assert max(map(len, text.splitlines())) <= 120
        tree = ast.parse(text)
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {"network"}
        assert set(names) <= used
        assert len(set(names)) == len(names)


def branched(words: list[str]) -> Network:
    """Return a network with two branches whose layers are called by `words`."""
    x = Input((2, 6, 6), name=words[0])
    a = Conv2d(3, 3, padding=1)(x, name=words[1])
    b = ReLU()(BatchNorm2d()(a, name=words[2]), name=words[3])
    c = Concat()(a, Add()(a, b, name=words[4]), name=words[5])
    return drawn(Network(x, Linear(4)(Flatten()(c, name=words[6]), name=words[7]), name=words[8]))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "words",
    [
        ["x", "out", "x2", "self", "w", "torch", "np", "name", "network"],
        ["class", "lambda", "forward", "type", "def", "add", "eval", "to", "model"],
        ["input", "a.0", "a.2", "a.b/c", "a.relu", "a.1.1.1", "0", "1", 'q"""\\n'],
        ["eingabe", "größe", "卷积", "{0}", "{call}", "a b", "c-d", 'quote"d', "import os\nraise SystemExit"],
        ["i", "a", "a.b", "b", "a.c", "b.a", "f", "a.d.e", "0"],
        ["conv2d", "padded", "windows_of", "layers", "np", "batch_norm", "network", "len", "keras"],
    ],
)
def test_any_name_is_only_a_name(words, dialect):
    """Keywords, quotes, braces, digits and other alphabets in names of layers and networks change nothing."""
    check(branched(words), dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_value_does_not_hide_a_function(dialect):
    """A part whose kind of part becomes the function `gate` may give a value that is needed later by that name."""
    x = Input((2, 4, 4))
    a = ReLU()(Conv2d(2, 3, padding=1)(x, name="gate1.conv"), name="gate1.relu")
    b = ReLU()(Conv2d(2, 1)(a, name="gate2.conv"), name="gate2.relu")
    c = ReLU()(Conv2d(2, 3, padding=1)(b, name="rest.gate.conv"), name="rest.gate.relu")
    d = ReLU()(Conv2d(2, 3, padding=1)(c, name="gate3.conv"), name="gate3.relu")
    net = drawn(Network(x, Concat()(d, Add()(c, a, name="add"), name="join")))
    check(net, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_layer_that_is_used_twice_is_made_once(dialect):
    """Shared weights stay shared."""
    x, conv = Input((3, 5, 5)), Conv2d(3, 3, padding=1)
    net = drawn(Network(x, Add()(conv(x), conv(ReLU()(conv(x))))))
    assert len(net.weights) == 2
    check(net, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_several_inputs_and_outputs(dialect):
    """They are the function's arguments and results, in order."""
    a, b = Input((2, 4, 4), name="image"), Input((2, 4, 4), name="mask")
    joined = Add()(a, b)
    net = drawn(Network([a, b], [Linear(3)(Flatten()(joined)), MaxPool2d(2)(joined)]))
    text, given = code(net, dialect), inputs_of(net)
    wanted = exact_values(net, given)
    if dialect == "numpy":
        got = executed(text, "network")(*given, dict(net.weights))
        for node, value in zip(net.outputs, got, strict=True):
            np.testing.assert_allclose(value, wanted[str(node.name)], atol=1e-4)
    elif dialect == "torch":
        assert "def forward(self, image, mask):" in text
    else:
        assert [tuple(x.shape[1:]) for x in executed(text, "model").inputs] == [(4, 4, 2)] * 2


def test_dropout_says_what_it_does():
    """In plain NumPy it is a line that passes everything on, and says so."""
    text = code(Network(4, [Dropout(0.5), Linear(2)]), "numpy")
    assert "x = x  # passes everything on outside training" in text


def test_all_layers_that_a_dialect_lacks_are_named():
    """One error names every layer that Keras has no words for, each with its reason."""
    net = Network((2, 6, 6), [("edge", Pad2d(1, mode="circular")), ("larger", Upsample(1.5)), ("c", Conv2d(2, 3))])
    with pytest.raises(ParameterError) as caught:
        code(net, "keras")
    assert str(caught.value) == (
        "code('keras')\n"
        "  got       Pad2d(1, mode='circular') 'edge': Keras has no padding mode 'circular'; "
        "Upsample(scale_factor=1.5) 'larger': Keras resizes by whole factors only\n"
        "  expected  layers that the dialect has words for\n"
        "  fix       write another dialect, or run the network on its own engine"
    )


def test_an_unknown_dialect_is_refused():
    """The error lists the dialects there are."""
    with pytest.raises(ParameterError, match="got       the dialect 'jax'\n  expected  'keras' or 'numpy' or 'torch'"):
        code(Network(2, [ReLU()]), "jax")


def test_names_that_modules_have_are_known():
    """The list of names that a PyTorch module has already is PyTorch's own."""
    from torch import nn

    from pellucid.formats.source.torch_program import OWN

    assert {name for name in dir(nn.Module()) if not name.startswith("_")} <= OWN

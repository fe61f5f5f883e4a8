"""One layer as a few lines: executed by themselves, they compute what the layer computes in its place."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from executed import with_keras

from pellucid import Input, Network
from pellucid.engines import exact_values
from pellucid.errors import ParameterError, UnknownNameError
from pellucid.formats import code
from pellucid.layers import REGISTRY, Add, Conv2d, Dropout, ReLU

from .test_code import EXAMPLES, KERAS_CANNOT, drawn, inputs_of


def alone(kind: str, number: int) -> tuple[Network, str]:
    """A network of one example layer, and the layer's name."""
    example = REGISTRY[kind].examples()[number]
    nodes = [Input(shape) for shape in example.shapes]
    net = drawn(Network(nodes, example.layer(*nodes)))
    return net, str(net.nodes[0].name)


def variables(net: Network) -> list[str]:
    """What the lines call their inputs."""
    return ["x"] if len(net.inputs) == 1 else [str(node.name) for node in net.inputs]


def close(got: Any, net: Network, given: tuple[Any, ...]) -> None:
    """Compare with the definition in float64."""
    wanted = exact_values(net, given)[str(net.outputs[0].name)]
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5 * float(np.abs(wanted).max(initial=0)))


@pytest.mark.parametrize(("kind", "number"), EXAMPLES)
def test_numpys_lines_compute_the_layer(kind: str, number: int) -> None:
    """With its inputs and the network's weights, every example's lines leave the definition's numbers in `y`."""
    net, name = alone(kind, number)
    given = inputs_of(net)
    space: dict[str, Any] = {**dict(zip(variables(net), given, strict=True)), "w": dict(net.weights)}
    exec(code(net, "numpy", layer=name), space)
    close(space["y"], net, given)


@pytest.mark.parametrize(("kind", "number"), EXAMPLES)
def test_pytorchs_lines_compute_the_layer(kind: str, number: int) -> None:
    """The module that the lines make takes the layer's weights, and its call gives the definition's numbers."""
    torch = pytest.importorskip("torch")
    net, name = alone(kind, number)
    given = inputs_of(net)
    space: dict[str, Any] = dict(zip(variables(net), map(torch.from_numpy, given), strict=True))
    *before, call = ast.parse(code(net, "torch", layer=name)).body
    exec(compile(ast.Module(before, []), "written.py", "exec"), space)
    modules = [value for value in space.values() if isinstance(value, torch.nn.Module)]
    for module in modules:
        own = {short: torch.from_numpy(net.weights[full].copy()) for short, full in net.weight_names(name).items()}
        module.eval().load_state_dict(own, strict=False)
        assert set(own) == {key for key in module.state_dict() if not key.endswith("num_batches_tracked")}
    with torch.no_grad():
        exec(compile(ast.Module([call], []), "written.py", "exec"), space)
    close(space["y"].numpy(), net, given)


def keras_check(kind: str, number: int) -> None:
    """Build a model of the lines, and compare it with the definition; or find that Keras is said to lack the layer."""
    net, name = alone(kind, number)
    layer = net.layers[name]
    lacks = [reason for text, reason in KERAS_CANNOT.items() if text in repr(layer)]
    if lacks:
        with pytest.raises(ParameterError, match=lacks[0]):
            code(net, "keras", layer=name)
        return
    names = variables(net)
    shapes = [(*node.shape[1:], node.shape[0]) if len(node.shape) == 3 else node.shape for node in net.inputs]
    opened = [f"{one} = keras.Input({shape}, name={one!r})" for one, shape in zip(names, shapes, strict=True)]
    ends = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    text = "\n".join(["import keras", *opened, code(net, "keras", layer=name), f"model = keras.Model({ends}, y)"])
    given = inputs_of(net)
    close(with_keras(text, net, given), net, given)


@pytest.mark.parametrize("kind", ["Conv2d", "Flatten"])
def test_keras_lines_compute_the_layer(kind: str) -> None:
    """Channels last, with the weights as Keras holds them."""
    pytest.importorskip("keras")
    keras_check(kind, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "number"), EXAMPLES)
def test_all_keras_lines_compute_the_layer(kind: str, number: int) -> None:
    """Every example, or Keras is said to lack it."""
    pytest.importorskip("keras")
    keras_check(kind, number)


def branched() -> Network:
    """Two branches that meet, one layer with a name that is a word of the dialects, and dropout behind."""
    image = Input((2, 4, 4))
    left, right = Conv2d(2, 3, padding=1)(image, name="torch"), ReLU()(image, name="0.relu")
    return Network(image, Dropout(0.3)(Add()(left, right, name="sum"), name="drop"))


def test_what_meets_is_called_by_name() -> None:
    """Variables are named as the layers that are read; names that are taken, or that Python cannot spell, give way."""
    lines = code(branched(), "torch", layer="sum").splitlines()
    assert lines == [
        "# torch2: (N, 2, 4, 4)",
        "# layer_0_relu: (N, 2, 4, 4)",
        "y = torch2 + layer_0_relu  # (N, 2, 4, 4)",
    ]
    assert "torch2 = nn.Conv2d(2, 2, 3, padding=1)" in code(branched(), "torch", layer="torch")


def test_what_is_read_twice_has_one_name() -> None:
    """A sum of a value with itself reads one variable."""
    image = Input((3,))
    bent = ReLU()(image, name="a")
    assert code(Network(image, Add()(bent, bent)), "numpy", layer="add1") == "# a: (N, 3)\ny = a + a  # (N, 3)\n"


def test_dropout_says_that_it_rests() -> None:
    """In NumPy nothing is left of it; the comment says why."""
    last = code(branched(), "numpy", layer="drop").splitlines()[-1]
    assert last == "y = x  # (N, 2, 4, 4); passes everything on outside training"


def test_keras_shapes_have_their_channels_last() -> None:
    """Comments say what the value is there."""
    text = code(Network((1, 8, 9), [Conv2d(5, 3, stride=2)]), "keras", layer="conv1")
    assert text.splitlines()[2:] == [
        "# x: (N, 8, 9, 1)",
        'y = layers.Conv2D(5, 3, strides=2, name="conv1")(x)  # (N, 3, 4, 5)',
    ]


def test_long_lines_are_broken_and_keep_their_comment() -> None:
    """Where a shape has no room behind a call it stands above it; where a call has none it takes several lines."""
    name = "a name of which others would have made several names.and then a few more"
    text = code(Network((3, 9, 9), [(name, Conv2d(5, 3, padding=2, dilation=2))]), "numpy", layer=name)
    *_, above, first, last = [*text[text.index("# x:") :].splitlines()[:3], text.splitlines()[-1]]
    assert max(map(len, text.splitlines())) <= 100
    assert (above, first, last) == ("# y: (N, 5, 9, 9)", "y = conv2d(", ")")


def test_what_has_no_code_says_so() -> None:
    """Inputs are given; names that are not there, and dialects, are refused."""
    net = branched()
    with pytest.raises(ParameterError, match="an input is given; ask for what reads it"):
        code(net, layer="input")
    with pytest.raises(UnknownNameError, match="sum"):
        code(net, layer="sun")
    with pytest.raises(ParameterError, match="dialect"):
        code(net, "jax", layer="sum")


def test_only_the_layer_itself_is_complained_of() -> None:
    """A layer that Keras has no words for does not keep others from being written."""
    image = Input((2, 6, 6))
    net = Network(image, ReLU()(Conv2d(2, 3, padding=1, padding_mode="circular")(image)))
    assert "layers.ReLU" in code(net, "keras", layer="relu1")
    with pytest.raises(ParameterError, match="circular"):
        code(net, "keras", layer="conv1")

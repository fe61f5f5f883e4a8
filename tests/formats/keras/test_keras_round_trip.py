"""A network that goes to Keras and comes back is the same network, as far as Keras has words for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import Input, Network
from pellucid.engines import ENGINES
from pellucid.errors import EngineError, ModelFileError, UnmappedError
from pellucid.layers import (
    REGISTRY,
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    LpPool2d,
    MaxPool2d,
    Pad2d,
    Permute,
    ReLU,
    Scale,
    Sigmoid,
    Upsample,
)
from pellucid.layers.base import Example
from pellucid.zoo import NETWORKS

WHY = ENGINES["keras"].unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=f"the engine 'keras' cannot run: {WHY}")
keras: Any = pytest.importorskip("keras") if WHY is None else None

EXAMPLES = [
    pytest.param(example, id=f"{example.layer} on {' and '.join(map(str, example.shapes))}")
    for kind in REGISTRY.values()
    for example in kind.examples()
]
# These run always; the others are as large as they are, and slow.
QUICK = {"lenet5", "resnet20", "squeezenet1_1", "mobilenet_v2", "googlenet"}
LARGE = ("alexnet", "vgg", "inception", "lenet")  # the others take any size
SMALL = {name for name in NETWORKS if not name.startswith(LARGE)}
BUILDS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in NETWORKS]


def noise(net: Network, count: int = 2) -> Any:
    """A batch for every input."""
    drawn = np.random.default_rng(0)
    arrays = [drawn.standard_normal((count, *node.shape), dtype=np.float32) for node in net.inputs]
    return arrays if len(arrays) > 1 else arrays[0]


def in_keras(model: Any, x: Any) -> np.ndarray:
    """What a Keras model makes of our batch, as we have it."""
    given = [array.transpose(0, 2, 3, 1) if array.ndim == 4 else array for array in (x if type(x) is list else [x])]
    y = np.asarray(model(given if len(given) > 1 else given[0]))
    return y.transpose(0, 3, 1, 2) if y.ndim == 4 else y


def assert_close(found: np.ndarray, wanted: np.ndarray) -> None:
    """Equal within 1e-5 of the largest number."""
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * max(np.abs(wanted).max(), 1e-30))


def said(node: Any) -> dict[str, Any]:
    """A layer's parameters in the one form that comes back from Keras, which has no words for the others.

    First values of weights are not kept; a running variance is the biased one; sizes that were rounded up have the
    padding that this takes; a stride that is the window's is left out; "valid" is no padding; axes are counted from 0.
    """
    layer, shape = node.layer, node.inputs[0].shape
    config = {name: value for name, value in layer.config().items() if not name.endswith("_init")}
    if "unbiased" in config:
        config["unbiased"] = False
    if layer.kind in ("MaxPool2d", "AvgPool2d"):
        config["stride"] = config["stride"] or config["kernel_size"]
        config["ceil_mode"] = False
        if config["padding"] != "same":
            outs = [(w.pads(n), w.out(n), n, w) for w, n in zip(layer.windows(shape), shape[1:], strict=True)]
            needs = [(out - 1) * w.stride + w.span - pads[0] - n for pads, out, n, w in outs]
            ends = [max(need, 0 if layer.ceil_mode else out[0][1]) for need, out in zip(needs, outs, strict=True)]
            config["padding"] = [[out[0][0], end] for out, end in zip(outs, ends, strict=True)]
        elif layer.kind == "AvgPool2d":
            config["count_include_pad"] = False
    if layer.kind in ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d"):
        config["output_size"] = list(node.shape[1:])
    if config.get("padding") == "valid":
        config["padding"] = [[0, 0], [0, 0]]
    if "axis" in config:
        config["axis"] %= len(shape)
    return json.loads(json.dumps(config))


def assert_same(net: Network, back: Network) -> None:
    """Kinds, parameters, names and wiring are equal, and the weights' bits."""
    ours, theirs = ({node.name: node for node in (*one.inputs, *one.nodes)} for one in (net, back))
    assert set(ours) == set(theirs)
    for name, node in ours.items():
        other = theirs[name]
        assert node.shape == other.shape
        assert [before.name for before in node.inputs] == [before.name for before in other.inputs]
        if node.layer is not None and other.layer is not None:
            assert (node.layer.kind, said(node)) == (other.layer.kind, said(other)), name
    assert [node.name for node in net.outputs] == [node.name for node in back.outputs]
    assert set(net.weights) == set(back.weights)
    for name in net.weights:
        assert net.weights[name].tobytes() == back.weights[name].tobytes(), name


def of_example(example: Example) -> Network:
    """A network of one layer, its weights drawn."""
    inputs = [Input(shape) for shape in example.shapes]
    net = Network(inputs, example.layer(*inputs, name="here"), seed=1)
    drawn = np.random.default_rng(1)
    for name, spec in net.weights.specs.items():
        net.weights[name] = (np.abs(drawn.standard_normal(spec.shape)) + 0.1).astype(np.float32)
    return net


def gathers(layer: Layer) -> bool:
    """Whether Keras has it as operations that gather or weigh numbers by constants, which have no layer here."""
    if isinstance(layer, (LocalResponseNorm, LpPool2d)):
        return True
    if isinstance(layer, Upsample):
        whole = layer.scale_factor is not None and all(factor == int(factor) for factor in layer.scale_factor)
        return not whole or layer.align_corners
    mode = layer.padding_mode if isinstance(layer, Conv2d) else layer.mode if isinstance(layer, Pad2d) else ""
    return mode in ("replicate", "circular") or (isinstance(layer, MaxPool2d) and layer.dilation != (1, 1))


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_layer_is_said_in_keras(example: Example, tmp_path: Path) -> None:
    """A model of one layer gives the definition's numbers, also when Keras opened its file; or the layer is refused."""
    net = of_example(example)
    x, path = noise(net), tmp_path / "net.keras"
    if isinstance(example.layer, ConvTranspose2d) and example.layer.groups > 1:
        with pytest.raises(EngineError, match="Keras has no transposed convolution in groups"):
            net.to_keras()
        return
    wanted = net.predict(x, engine="reference")
    assert_close(in_keras(net.to_keras(), x), wanted)
    net.save(path)
    assert_close(in_keras(keras.saving.load_model(path), x), wanted)
    if gathers(example.layer):
        with pytest.raises(UnmappedError, match=r"which no layer here computes|where one number is"):
            pellucid.load(path)
        return
    back = pellucid.load(path)
    assert_close(back.predict(x, engine="reference"), wanted)


@pytest.mark.parametrize("name", BUILDS)
def test_networks_of_the_zoo_come_back(name: str) -> None:
    """Every famous network is the same after it was a model of Keras, and gives the numbers that Keras gives."""
    net = NETWORKS[name](input_shape=(3, 64, 64)) if name in SMALL else NETWORKS[name]()
    model = net.to_keras()
    back = pellucid.load(model)
    assert back.name == net.name
    assert_same(net, back)
    x = noise(net, 1)
    wanted = in_keras(model, x)
    assert_close(back.predict(x, engine=pellucid.engines.NativeEngine(exact=True)), wanted)


MODELS = [
    "burn-mnist/mnist.onnx",
    "cnn-explainer/model.json",
    "keras-digit-recognizer/mnist_cnn.h5",
    "keras-digit-recognizer/mnist_cnn.keras",
    "mlperf-tiny/pretrainedResnet.h5",
    "mlperf-tiny/vww_96.h5",
    "onnx-winml/ImageClassifier_cifar10.onnx",
    "onnx-winml/SqueezeNet_fp16.onnx",
    "onnx-winml/mnist.onnx",
    "onnxrt-mnist/mnist.onnx",
]


@pytest.mark.parametrize("place", MODELS)
def test_real_models_come_back(place: str, shared_data: Path, tmp_path: Path) -> None:
    """Models that others trained are the same after they were a file of Keras, which gives the same numbers."""
    net = pellucid.load(shared_data / place)
    net.save(tmp_path / "net.keras")
    back = pellucid.load(tmp_path / "net.keras")
    assert_same(net, back)
    x = noise(net, 1)
    wanted = net.predict(x, engine=pellucid.engines.NativeEngine(exact=True))
    assert_close(in_keras(keras.saving.load_model(tmp_path / "net.keras"), x), wanted)
    assert np.array_equal(back.predict(x, engine=pellucid.engines.NativeEngine(exact=True)), wanted)


@pytest.mark.parametrize("name", ["resnet20", "resnet32", "resnet44", "resnet56"])
def test_trained_residual_networks_come_back(name: str, shared_data: Path) -> None:
    """Weights that were trained in PyTorch come back from a Keras model bit by bit."""
    (path,) = (shared_data / "pytorch-resnet-cifar10").glob(f"{name}-*.th")
    net = NETWORKS[name]()
    net.load_weights(path)
    assert_same(net, pellucid.load(net.to_keras()))


def branches() -> Network:
    """Two inputs, two outputs, branches that meet, a layer used twice, and names with a "/"."""
    left, right = Input((2, 6, 6), "left"), Input((2, 6, 6), "stem/right")
    conv = Conv2d(3, 3, padding=((2, 0), (1, 1)), bias=False)
    first = ReLU()(conv(left, name="conv"), name="act/first")
    both = pellucid.layers.Add()(first, conv(right, name="conv_2"), name="sum")
    scores = Linear(4)(Flatten()(both, name="flat"), name="fc")
    return Network([left, right], [Sigmoid()(scores, name="fc/sigmoid"), both], seed=11)


def test_branches_and_shared_layers_come_back() -> None:
    """Inputs, outputs, wiring, names and the one weight of two calls are kept."""
    net = branches()
    model, x = net.to_keras(), noise(net)
    back = pellucid.load(model)
    assert_same(net, back)
    assert back.node("conv").layer is back.node("conv_2").layer
    for found, wanted in zip(back.predict(x, engine="reference"), net.predict(x, engine="reference"), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


def test_layers_are_called_and_made_as_one_would_in_keras() -> None:
    """Names are ours, with ">" for "/"; steps have a word behind a dot; an activation is inside its layer."""
    layers = [
        ("stem/conv", Conv2d(4, 3, padding=1)),
        ("stem/conv/relu", ReLU()),
        ("pool", MaxPool2d(2)),
        ("fc", Linear(2)),
    ]
    model = Network((3, 6, 8), [*layers[:3], ("flat", Flatten()), layers[3]]).to_keras()
    assert model.input_shape == (None, 6, 8, 3)
    assert [layer.name for layer in model.layers] == [
        "input", "stem>conv.pad", "stem>conv", "pool", "flat.first", "flat", "fc",
    ]  # fmt: skip
    assert model.get_layer("stem>conv").activation is keras.activations.relu
    assert pellucid.load(model).node("stem/conv/relu").layer == ReLU()


def test_a_model_can_be_trained_in_keras() -> None:
    """The model is an ordinary one: its batch norm and dropout train."""
    net = NETWORKS["resnet20"](input_shape=(3, 8, 8))
    model = net.to_keras()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(np.random.default_rng(0).random((8, 8, 8, 3), np.float32), np.arange(8), verbose=0)
    assert not np.array_equal(np.asarray(model.get_layer("bn1").moving_mean), net.weights["bn1.running_mean"])
    assert not np.array_equal(np.asarray(model.get_layer("linear").kernel).T, net.weights["linear.weight"])


@pytest.mark.parametrize(
    ("layer", "shape", "kinds"),
    [
        (AvgPool2d(3, padding=1, count_include_pad=False), (2, 6, 6), ["AvgPool2d", "Scale"]),
        (Permute((2, 0, 1)), (2, 3, 4), ["Permute"]),
        (Scale((0, 2), trainable=True), (2, 3, 4), ["Scale"]),
        (Conv2d(2, 3, stride=2, dilation=2, padding=2), (2, 8, 9), ["Conv2d"]),
        (Conv2d(2, 3, padding=2, padding_mode="reflect"), (2, 8, 9), ["Conv2d"]),
        (ConvTranspose2d(2, 3, stride=2, padding=1, output_padding=1), (2, 4, 5), ["ConvTranspose2d"]),
    ],
)
def test_what_takes_several_steps_comes_back_as_few_layers(
    layer: Layer, shape: tuple[int, ...], kinds: list[str]
) -> None:
    """Steps are one layer again where Keras's words tell it."""
    back = pellucid.load(Network(shape, [layer]).to_keras())
    assert [node.layer.kind for node in back.nodes if node.layer is not None] == kinds


def test_a_layer_that_keras_cannot_say_keeps_the_file_from_being_written(tmp_path: Path) -> None:
    """The error names the layer and why, and the old file stays."""
    path = tmp_path / "net.keras"
    path.write_bytes(b"old")
    net = Network((4, 5, 5), [("up", ConvTranspose2d(4, 3, groups=2))])
    with pytest.raises(ModelFileError, match=r"net.keras.*up(.|\n)*no transposed convolution in groups"):
        net.save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]

"""Saving ONNX: what a file says to its readers, what cannot be said, and what becomes of one that others changed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from crafted_files import small_network
from onnx import helper
from small_models import assert_close, by_runtime

import pellucid
from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.formats.onnx import saving
from pellucid.formats.onnx.saving import model_of
from pellucid.formats.onnx.writers import WRITERS
from pellucid.layers import (
    REGISTRY,
    AvgPool2d,
    Conv2d,
    Dropout2d,
    Flatten,
    Input,
    Layer,
    Linear,
    LpPool2d,
    MaxPool2d,
    Node,
    ReLU,
    Softplus,
    Upsample,
)

UNUSUAL: list[tuple[Layer, tuple[int, ...]]] = [
    (MaxPool2d(2, stride=3, padding=((1, 2), (0, 2)), ceil_mode=True), (2, 7, 6)),
    (MaxPool2d(3, stride=1, padding=((0, 2), (3, 0)), dilation=3), (2, 7, 9)),
    (AvgPool2d(2, stride=1, padding=3), (2, 5, 4)),
    (AvgPool2d(2, stride=3, padding=((2, 4), (0, 5)), ceil_mode=True), (2, 5, 6)),
    (LpPool2d(2, 3, stride=2, padding=((1, 0), (3, 1)), ceil_mode=True), (2, 7, 6)),
    (Conv2d(3, 2, padding=((5, 0), (1, 4)), stride=(3, 2)), (2, 4, 5)),
    (Upsample((0.6, 3.3)), (2, 15, 7)),
    (Upsample(0.6, mode="nearest-exact"), (2, 15, 25)),
    (Upsample((1.4, 0.3), mode="bilinear"), (2, 5, 10)),
    (Upsample((2.5, 1.3), mode="bilinear", align_corners=True), (2, 5, 7)),
    (Upsample(size=(11, 3)), (2, 7, 7)),
    (Upsample(size=(41, 30), mode="nearest-exact"), (1, 29, 43)),
    (Softplus(beta=0.5, threshold=1.0), (4, 3)),
    (Linear(3, bias=False), (4, 3, 5)),
]


@pytest.mark.parametrize(("layer", "shape"), UNUSUAL, ids=[str(layer) for layer, _ in UNUSUAL])
def test_what_operators_do_not_do_by_themselves(layer: Layer, shape: tuple[int, ...]) -> None:
    """More padding than runtimes take, factors that float32 rounds to other places, a threshold: the same numbers."""
    net = Network(shape, [layer])
    model = model_of(net)
    onnx.checker.check_model(model, full_check=True)
    given = np.random.default_rng(2).normal(0, 2, (2, *shape)).astype(np.float32)
    assert_close(by_runtime(model, [given])[0], net.predict(given, engine="reference"))
    assert pellucid.load(model).layers == net.layers


def test_a_file_is_readable(tmp_path: Path) -> None:
    """Values have the network's names, weights "layer.weight", the batch is N, and every layer's shape is told."""
    net = small_network()
    net.save(tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    assert [node.name for node in model.graph.node] == ["conv1", "relu1", "again", "pool1", "linear1"]
    assert [tuple(node.output) for node in model.graph.node] == [(name,) for name in net.layers]
    assert {tensor.name for tensor in model.graph.initializer} == {*net.weights, "pool1.axes"}
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in dims] == ["N", 2, 5, 4]
    assert [value.name for value in model.graph.value_info] == ["conv1", "relu1", "again", "pool1"]
    assert (model.producer_name, model.producer_version) == ("pellucid", pellucid.__version__)


def test_names_that_meet_are_kept_apart(tmp_path: Path) -> None:
    """A layer that is called like another's weight, or like a step inside another layer."""
    net = Network((1, 4, 4), [("a", Conv2d(2, 3)), ("a.weight", ReLU()), ("b", REGISTRY["SiLU"]()),
                              ("b/Sigmoid", Flatten()), ("c", Linear(2))])  # fmt: skip
    net.save(tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [tensor.name for tensor in model.graph.initializer][:2] == ["a.bias", "a.weight_2"]
    opened = pellucid.load(tmp_path / "net.onnx")
    assert list(opened.layers) == list(net.layers)
    assert opened.weights["a.weight"].tobytes() == net.weights["a.weight"].tobytes()


def test_a_model_that_was_changed_is_what_its_nodes_are() -> None:
    """Our metadata is not believed where the nodes say something else."""
    net = Network((2, 6, 6), [("conv", Conv2d(4, 3, padding=1)), ("drop", Dropout2d(0.2)), ("relu", ReLU())])
    model = model_of(net)
    assert pellucid.load(model).layers == net.layers
    model.graph.node[0].attribute.remove(next(item for item in model.graph.node[0].attribute if item.name == "pads"))
    model.graph.node[0].attribute.append(helper.make_attribute("pads", [0, 1, 1, 0]))
    model.graph.node[1].input[1] = ""
    model.graph.node[2].op_type = "Tanh"
    changed = pellucid.load(model)
    assert [str(layer) for layer in changed.layers.values()] == [
        "Conv2d(4, 3, padding=((0, 1), (1, 0)))", "Dropout()", "Tanh()"
    ]  # fmt: skip
    given = np.ones((1, 2, 6, 6), np.float32)
    assert_close(changed.predict(given), by_runtime(model, [given])[0])


def test_a_step_that_others_read_is_no_inside_of_a_layer() -> None:
    """Where a later tool reads what lies inside a layer of several nodes, they are read one by one."""
    net = Network((1, 4, 4), [("gate", REGISTRY["SiLU"]())])
    model = model_of(net)
    model.graph.output.append(helper.make_tensor_value_info("gate/Sigmoid", 1, ["N", 1, 4, 4]))
    assert [layer.kind for layer in pellucid.load(model).layers.values()] == ["Sigmoid", "Multiply"]


def test_a_shared_layer_whose_second_weight_was_changed() -> None:
    """A layer used twice is one only as long as both places have the same numbers."""
    image = Input((2, 5, 5))
    conv = Conv2d(2, 3, padding=1)
    net = Network(image, conv(conv(image, name="first"), name="second"))
    model = model_of(net)
    first, second = (node.layer for node in pellucid.load(model).nodes)
    assert first is second
    copy = onnx.TensorProto()
    copy.CopyFrom(next(tensor for tensor in model.graph.initializer if tensor.name == "first.weight"))
    copy.name = "other"
    model.graph.initializer.append(copy)
    model.graph.node[1].input[1] = "other"
    first, second = (node.layer for node in pellucid.load(model).nodes)
    assert first is second
    model.graph.initializer[-1].raw_data = bytes(len(copy.raw_data))
    opened = pellucid.load(model)
    assert opened.nodes[0].layer is not opened.nodes[1].layer
    assert not opened.weights["second.weight"].any()


# What cannot be said


def test_more_than_a_file_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A protocol buffer has fewer than 2 GiB: told before anything is written."""
    monkeypatch.setattr(saving, "LARGEST", 100)
    with pytest.raises(ModelFileError) as refused:
        small_network().save(tmp_path / "net.onnx")
    assert refused.value.got == "188 bytes of weights"
    assert refused.value.expected == "at most 100, as much as fits one ONNX file"
    assert refused.value.fix == "save the network as .safetensors"
    assert not list(tmp_path.iterdir())


def test_an_output_twice(tmp_path: Path) -> None:
    """ONNX wants each output once."""
    image = Input((2, 5, 5))
    node: Node = ReLU()(image, name="relu")
    with pytest.raises(ModelFileError) as refused:
        Network([image], [node, node]).save(tmp_path / "net.onnx")
    assert refused.value.where.endswith("net.onnx: output 'relu'")
    assert refused.value.fix == "give the network each output once"


def test_a_layer_that_onnx_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind without a writer is named, with what to do."""
    monkeypatch.delitem(WRITERS, "ReLU")
    with pytest.raises(ModelFileError) as refused:
        small_network().save(tmp_path / "net.onnx")
    assert refused.value.where.endswith("net.onnx: ReLU 'relu1'")
    assert refused.value.got == "a layer of kind ReLU, which is not written in ONNX"


def test_without_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Saving says what to install."""
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(pellucid.errors.MissingPackageError) as refused:
        small_network().save(tmp_path / "net.onnx")
    assert "onnx" in str(refused.value)

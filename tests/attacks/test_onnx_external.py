"""ONNX weights in other files: twelve places where none may lie, in eight places of a model where one may be said.

All are opened in a process that writes down what it opens: nothing but the model itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from small_models import small_model

import pellucid

WEIGHT = np.arange(18, dtype=np.float32).reshape(2, 1, 3, 3)
LOCATIONS = ("../w.bin", "a/../../w.bin", "/etc/hostname", "C:w.bin", "\\\\host\\share\\w.bin", "a\\w.bin", "link.bin",
             "linked/w.bin", "hard.bin", "pipe", "/dev/zero", "W.BIN")  # fmt: skip

# What may be tried: by its own name, in the model's folder, following no link.
BENEATH = {name: {name} for name in ("link.bin", "hard.bin", "pipe", "W.BIN")} | {"linked/w.bin": {"linked"}}

OPENS = """
import json, os, sys
from pathlib import Path
import pellucid
from pellucid.errors import ModelFileError
import pellucid.formats.onnx.opening
found, opened = {}, []
def watch(event, given):
    if event in ("open", "exec", "compile", "os.system", "subprocess.Popen", "ctypes.dlopen", "socket.connect"):
        opened.append(str(given[0]))
pellucid.load(sys.argv[2])  # everything that opening needs has been imported then
sys.addaudithook(watch)
for path in sorted(Path(sys.argv[1]).glob("*.onnx")):
    opened.clear()
    try:
        pellucid.load(path)
        told = ""
    except ModelFileError as error:
        told = str(error)
    found[path.name] = told, [place for place in opened if place not in (str(path), str(path.parent))]
print(json.dumps(found))
"""


def outside(location: str, name: str = "w") -> TensorProto:
    """A tensor in another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=WEIGHT.shape)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def of_initializer(tensor: TensorProto) -> onnx.ModelProto:
    """A weight of the graph."""
    model = small_model([("Conv", ["x", "w"], "y", {})], shape=("N", 1, 5, 7))
    model.graph.initializer.append(tensor)
    return model


def of_constant(tensor: TensorProto) -> onnx.ModelProto:
    """A Constant's value."""
    steps = [("Constant", [], "w", {"value": tensor}), ("Conv", ["x", "w"], "y", {})]
    return small_model(steps, shape=("N", 1, 5, 7))


def sparse(values: TensorProto, indices: TensorProto) -> onnx.ModelProto:
    """A sparse weight."""
    model = small_model([("Conv", ["x", "w"], "y", {})], shape=("N", 1, 5, 7))
    model.graph.sparse_initializer.append(onnx.SparseTensorProto(values=values, indices=indices, dims=WEIGHT.shape))
    return model


def of_sparse_values(tensor: TensorProto) -> onnx.ModelProto:
    """What a sparse weight holds."""
    return sparse(tensor, numpy_helper.from_array(np.arange(18), "i"))


def of_sparse_indices(tensor: TensorProto) -> onnx.ModelProto:
    """Where a sparse weight holds it."""
    return sparse(numpy_helper.from_array(np.ones(18, np.float32), "v"), tensor)


def of_list(tensor: TensorProto) -> onnx.ModelProto:
    """One of an attribute's list of tensors."""
    model = small_model([("Relu", ["x"], "y", {})])
    model.graph.node[0].attribute.append(helper.make_attribute("more", [tensor]))
    return model


def of_subgraph(tensor: TensorProto) -> onnx.ModelProto:
    """A weight of a graph in a node."""
    inner = helper.make_graph([], "inner", [], [], [tensor])
    return small_model([("Relu", ["x"], "y", {"body": inner})])


def of_function(tensor: TensorProto) -> onnx.ModelProto:
    """A constant in the body of a function."""
    model = small_model([("Relu", ["x"], "y", {})])
    body = [helper.make_node("Constant", [], ["c"], value=tensor)]
    model.functions.append(helper.make_function("own", "f", [], ["c"], body, [helper.make_opsetid("", 17)]))
    model.opset_import.append(helper.make_opsetid("own", 1))
    return model


def of_training(tensor: TensorProto) -> onnx.ModelProto:
    """A weight of how a model was trained."""
    model = small_model([("Relu", ["x"], "y", {})])
    model.training_info.add().initialization.initializer.append(tensor)
    return model


CARRIERS: tuple[Callable[[TensorProto], onnx.ModelProto], ...] = (
    of_initializer, of_constant, of_sparse_values, of_sparse_indices, of_list, of_subgraph, of_function, of_training,
)  # fmt: skip


def test_nothing_else_is_opened(tmp_path: Path) -> None:
    """Each of the 96 is refused, naming the tensor and the place, and no file is opened but the model."""
    home = tmp_path / "home"
    home.mkdir()
    for path in (tmp_path / "w.bin", home / "w.bin"):
        path.write_bytes(WEIGHT.tobytes())
    (home / "link.bin").symlink_to(tmp_path / "w.bin")
    (home / "linked").symlink_to(tmp_path)
    os.link(tmp_path / "w.bin", home / "hard.bin")
    os.mkfifo(home / "pipe")
    for carrier in CARRIERS:
        for number, location in enumerate(LOCATIONS):
            (home / f"{carrier.__name__} {number:02}.onnx").write_bytes(carrier(outside(location)).SerializeToString())
    whole = tmp_path / "whole.onnx"
    whole.write_bytes(of_initializer(numpy_helper.from_array(WEIGHT, "w")).SerializeToString())
    command = [sys.executable, "-W", "ignore", "-c", OPENS, str(home), str(whole)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found = json.loads(done.stdout)
    assert len(found) == len(CARRIERS) * len(LOCATIONS) == 96
    for name, (told, opened) in found.items():
        location = LOCATIONS[int(name.removesuffix(".onnx")[-2:])]
        assert "tensor 'w'" in told or "tensor 'Constant_w'" in told, name
        assert location.replace("\\", "\\\\") in told, name
        assert len(told) <= 300, name
        assert set(opened) <= (BENEATH.get(location, set())), (name, opened)


@pytest.mark.parametrize("carrier", [of_initializer, of_constant])
def test_the_harmless_twin_is_read(carrier: Callable[[TensorProto], onnx.ModelProto], tmp_path: Path) -> None:
    """A plain file beneath the model's folder holds the weight, bit for bit."""
    (tmp_path / "w.bin").write_bytes(WEIGHT.tobytes())
    path = tmp_path / "net.onnx"
    path.write_bytes(carrier(outside("w.bin")).SerializeToString())
    (weight,) = pellucid.load(path).weights.values()
    assert weight.tobytes() == WEIGHT.tobytes()


@pytest.mark.parametrize("carrier", [of_function, of_training])
def test_what_is_not_read_may_be_there(carrier: Callable[[TensorProto], onnx.ModelProto]) -> None:
    """A function that nobody calls, and how a model was trained, with their tensors in the model itself."""
    assert list(pellucid.load(carrier(numpy_helper.from_array(WEIGHT, "w"))).layers) == ["Relu_y"]

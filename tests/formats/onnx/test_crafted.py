"""Small models made here: what opens, and what is refused before anything is read from it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import pellucid
from pellucid.errors import ModelFileError, UnmappedError

WEIGHT = np.arange(2 * 1 * 3 * 3, dtype=np.float32).reshape(2, 1, 3, 3)


def model(weight: onnx.TensorProto | None = None, *, op: str = "Relu", opset: int = 17) -> onnx.ModelProto:
    """A convolution and one more node."""
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "conv", pads=[0, 1, 1, 0]), helper.make_node(op, ["y"], ["z"])]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 5, 7])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
        [weight or numpy_helper.from_array(WEIGHT, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def outside(location: str, **entries: str) -> onnx.TensorProto:
    """The weight, said to lie in another file."""
    tensor = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=WEIGHT.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def saved(folder: Path, tensor: onnx.TensorProto) -> Path:
    """A file of the model with this weight."""
    path = folder / "small.onnx"
    path.write_bytes(model(tensor).SerializeToString())
    return path


def test_a_model_in_memory_opens() -> None:
    """Names, sides of the padding and weights are kept; a batch of any size runs."""
    net = pellucid.load(model())
    assert net.layers["conv"].config()["padding"] == ((0, 1), (1, 0))
    assert net.weights["conv.weight"].tolist() == WEIGHT.tolist()
    assert net.predict(np.ones((3, 1, 5, 7))).shape == (3, 2, 4, 6)


def test_an_operator_without_a_layer_is_listed() -> None:
    """The node, its operator and the reason are told."""
    with pytest.raises(UnmappedError) as refused:
        pellucid.load(model(op="Det"))
    assert [item.op for item in refused.value.unmapped] == ["Det"]


@pytest.mark.parametrize("opset", [1, 6])
def test_an_opset_that_is_too_old_is_refused(opset: int) -> None:
    """Before opset 7 operators meant something else."""
    with pytest.raises(ModelFileError, match="opset"):
        pellucid.load(model(opset=opset))


def test_an_opset_that_is_too_new_is_refused() -> None:
    """What an operator will mean is not guessed."""
    with pytest.raises(ModelFileError, match="install a newer onnx"):
        pellucid.load(model(opset=1000))


def test_weights_beside_the_model_are_read(tmp_path: Path) -> None:
    """A plain file beneath the model's folder is opened."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "w.bin").write_bytes(b"\0" * 4 + WEIGHT.tobytes())
    net = pellucid.load(saved(tmp_path, outside("inner/w.bin", offset="4", length=str(WEIGHT.nbytes))))
    assert net.weights["conv.weight"].tolist() == WEIGHT.tolist()


@pytest.mark.parametrize(
    "location",
    ["../w.bin", "a/../../w.bin", "/etc/passwd", "C:w.bin", "\\\\host\\w.bin", "a\\w.bin", "", ".", "link.bin",
     "hard.bin", "linked/w.bin", "pipe", "folder", "absent.bin"],
)  # fmt: skip
def test_no_other_place_is_read(tmp_path: Path, location: str) -> None:
    """Paths that leave the folder, links of both kinds, pipes and folders are refused, naming tensor and place."""
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    (tmp_path / "w.bin").write_bytes(WEIGHT.tobytes())
    (home / "link.bin").symlink_to(tmp_path / "w.bin")
    os.link(tmp_path / "w.bin", home / "hard.bin")
    (home / "linked").symlink_to(tmp_path)
    os.mkfifo(home / "pipe")
    with pytest.raises(ModelFileError, match="tensor 'w' in"):
        pellucid.load(saved(home, outside(location)))


@pytest.mark.parametrize(
    "entries",
    [{"offset": "-1"}, {"offset": "x"}, {"offset": "1" + "0" * 15}, {"length": "3"}, {"__class__": "1"}, {"key": "1"}],
)
def test_false_entries_of_external_data_are_refused(tmp_path: Path, entries: dict[str, str]) -> None:
    """Offsets, lengths and keys are checked before anything is read."""
    (tmp_path / "w.bin").write_bytes(WEIGHT.tobytes())
    with pytest.raises(ModelFileError, match="tensor 'w'"):
        pellucid.load(saved(tmp_path, outside("w.bin", **entries)))


@pytest.mark.parametrize("dims", [(2, 1, 3, 4), (2, 1, 3), (2**40, 2**40), (-1, 1, 3, 3)])
def test_declared_shapes_are_compared_with_the_bytes(dims: tuple[int, ...]) -> None:
    """A tensor whose shape has another number of bytes is refused by its name."""
    tensor = numpy_helper.from_array(WEIGHT, "w")
    del tensor.dims[:]
    tensor.dims.extend(dims)
    with pytest.raises(ModelFileError, match="'w'"):
        pellucid.load(model(tensor))


def test_every_truncation_is_one_clear_error(tmp_path: Path) -> None:
    """Cut anywhere, a file is refused as damaged, or is a smaller model that is refused for what it lacks."""
    whole = model().SerializeToString()
    path = tmp_path / "cut.onnx"
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(ModelFileError, match=r"cut\.onnx"):
            pellucid.load(path)

"""What PyTorch saves is read bit for bit, in every way it saves, without PyTorch."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.formats.states.torch_file import open_torch
from pellucid.layers import BatchNorm2d, Conv2d, Flatten, Linear, ReLU


def everything() -> dict[str, torch.Tensor]:
    """A state dict with every type of number, layout and shape that one can have."""
    kinds = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16)
    kinds = (*kinds, torch.int8, torch.uint8, torch.bool)
    state = {str(kind): torch.arange(-3, 9).reshape(3, 4).to(kind) for kind in kinds}
    rows = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    state |= {
        "turned": rows.T,
        "a part": rows[1:4, 2:5],
        "the same again": rows,
        "every second": rows.flatten()[1::2],
        "spread": torch.tensor([1.5]).expand(2, 3),
        "nothing": torch.zeros(0, 3),
        "one": torch.tensor(3.25),
        "parameter": nn.Parameter(torch.ones(2)),
        "größe ☃": torch.ones(1),
    }
    return state


def numpy_of(tensor: torch.Tensor) -> np.ndarray:
    """The tensor's numbers; bfloat16, which NumPy lacks, as float32."""
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("zipped", [True, False])
def test_every_tensor_comes_out_bit_for_bit(zipped: bool, protocol: int, tmp_path: Path) -> None:
    """Every number type, stride, part of a storage and shape, in both containers and all protocols."""
    state, path = everything(), tmp_path / "all.pt"
    torch.save(state, path, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    with open_torch(path) as tensors:
        assert list(tensors) == list(state)
        for name, tensor in state.items():
            assert tensors[name].shape == tuple(tensor.shape)
            read, known = tensors[name].read(), numpy_of(tensor)
            assert (read.dtype, read.shape) == (known.dtype, known.shape)
            assert read.tobytes() == np.ascontiguousarray(known).tobytes()


def test_a_module_and_what_people_put_around_its_weights(tmp_path: Path) -> None:
    """A module's state dict, with its versions, is found under the usual names; what else is saved is left alone."""
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    state = module.state_dict()
    around = {
        "epoch": 3,
        "steps": 70000,
        "loss": -5,
        "seed": 2**40,
        7: torch.ones(1),
        "best": 0.5,
        "arch": "small",
        "args": {"lr": [0.1, None, True]},
        "size": torch.Size([1, 2]),
    }
    optimizer = torch.optim.Adam(module.parameters()).state_dict()
    for name, saved in {
        "bare": state,
        "state_dict": {**around, "state_dict": state, "optimizer": optimizer},
        "model": {"model": {"state_dict": state}, "device": torch.device("cpu"), "dtype": torch.float16},
    }.items():
        torch.save(saved, tmp_path / f"{name}.pth")
        with open_torch(tmp_path / f"{name}.pth") as tensors:
            assert list(tensors) == list(state)


def test_numbers_in_the_other_order(tmp_path: Path) -> None:
    """An archive that says it is big-endian is read as such."""
    torch.save({"a": torch.tensor([1.5, -2.0])}, tmp_path / "little.pt")
    with zipfile.ZipFile(tmp_path / "little.pt") as old, zipfile.ZipFile(tmp_path / "big.pt", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("byteorder"):
                data = b"big"
            elif name.endswith("data/0"):
                data = np.frombuffer(data, "<f4").astype(">f4").tobytes()
            new.writestr(name.replace("little", "big"), data)
    with open_torch(tmp_path / "big.pt") as tensors:
        assert tensors["a"].read().tolist() == [1.5, -2.0]


def test_the_oldest_ways_of_saying_a_tensor(tmp_path: Path) -> None:
    """A tensor as versions before 0.4 said it, and parts of a storage as they named them, are read."""
    head = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."
    part = b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x05U\x011K\x01K\x03\x87tQ"
    tensor = b"ctorch._utils\n_rebuild_tensor\n(" + part + b"K\x01K\x02\x85K\x01\x85tR"
    tree = b"\x80\x02ccollections\nOrderedDict\n](](U\x01a" + tensor + b"ee\x85R."
    storage = (5).to_bytes(8, "little") + np.arange(5, dtype="<f4").tobytes()
    path = tmp_path / "old.pt"
    path.write_bytes(head + tree + b"\x80\x02]U\x010a." + storage)
    with open_torch(path) as tensors:
        assert tensors["a"].read().tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("saved", "got"),
    [
        ({"epoch": 3, "arch": "x"}, "a dictionary of 'epoch', 'arch', and no tensors among them"),
        ({}, "an empty dictionary"),
        ([1.0], "a list"),
        (None, "nothing"),
    ],
)
def test_no_state_dict(saved: object, got: str, tmp_path: Path) -> None:
    """What holds no tensors by name is refused by what it holds."""
    torch.save(saved, tmp_path / "x.pt")
    with pytest.raises(ModelFileError) as refused, open_torch(tmp_path / "x.pt"):
        pass
    assert refused.value.got == got
    assert "torch.save(model.state_dict()" in refused.value.fix


def test_whole_models_and_programs_are_refused_by_name(tmp_path: Path) -> None:
    """A pickled module, a TorchScript archive and an exported program are told as what they are, with the fix."""
    torch.save(nn.Sequential(nn.Linear(2, 1)), tmp_path / "module.pt")
    for file, member in {"script.pt": "script/constants.pkl", "export.pt2": "x/archive_format"}.items():
        with zipfile.ZipFile(tmp_path / file, "w") as archive:
            archive.writestr(member, b"")
    for file, got in {
        "module.pt": "torch.nn.modules.container.Sequential, a whole model, a module of PyTorch's",
        "script.pt": "a TorchScript archive: a program, which only PyTorch runs",
        "export.pt2": "a program exported by torch.export",
    }.items():
        with pytest.raises(ModelFileError) as refused, open_torch(tmp_path / file):
            pass
        assert refused.value.got == got
        assert refused.value.fix == "save the weights alone: torch.save(model.state_dict(), 'weights.pt')"


def test_nothing_of_pytorch_is_imported(tmp_path: Path) -> None:
    """Weights of PyTorch are loaded in a process that has never heard of it, nor of Python's unpickler."""
    torch.save({"linear1.weight": torch.ones(1, 2), "linear1.bias": torch.zeros(1)}, tmp_path / "x.pt")
    code = (
        "import sys; sys.modules['torch'] = None; import pickle; pickle.Unpickler = pickle.load = pickle.loads = None\n"
        "from pellucid import Network; from pellucid.layers import Linear\n"
        "net = Network(2, [Linear(1)]); net.load_weights(sys.argv[1]); print(net.weights['linear1.weight'].tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.pt")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[[1.0, 1.0]]\n"


# Writing


def test_pytorch_reads_what_we_write(tmp_path: Path) -> None:
    """`net.save("x.pt")` is a state dict that torch.load takes as data alone, in place too, bit for bit."""
    net = Network((1, 4, 4), [("größe", Conv2d(2, 3)), ("norm", BatchNorm2d()), Flatten(), ("fc", Linear(3))])
    net.weights["fc.bias"] = [-0.0, 1e-40, 3e38]
    net.save(tmp_path / "x.pt")
    for mapped in (False, True):
        state = torch.load(tmp_path / "x.pt", weights_only=True, mmap=mapped)
        assert list(state) == list(net.weights)
        for name, tensor in state.items():
            assert tensor.is_contiguous()
            assert tensor.numpy().tobytes() == net.weights[name].tobytes()
            assert tensor.shape == net.weights[name].shape
        assert not mapped or all(tensor.data_ptr() % 64 == 0 for tensor in state.values())


def test_a_module_takes_what_we_write(tmp_path: Path) -> None:
    """A module of the same names loads the file as its state dict, and computes the same."""
    net = Network((3,), [("0", Linear(4)), ("1", ReLU()), ("2", Linear(2))])
    net.save(tmp_path / "x.pth")
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    module.load_state_dict(torch.load(tmp_path / "x.pth", weights_only=True))
    x = np.array([[1.0, -2.0, 0.5]], np.float32)
    np.testing.assert_allclose(module(torch.from_numpy(x)).detach(), net.predict(x), rtol=1e-6)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".th"])
def test_we_read_what_we_write(suffix: str, tmp_path: Path) -> None:
    """Weights come back bit for bit, and the same network gives the same bytes."""
    net, other = (Network((1, 4, 4), [Conv2d(2, 3), Flatten(), Linear(3)], seed=seed) for seed in (1, 2))
    net.save(tmp_path / f"a{suffix}")
    other.load_weights(tmp_path / f"a{suffix}")
    assert all(other.weights[name].tobytes() == net.weights[name].tobytes() for name in net.weights)
    other.save(tmp_path / f"b{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_others_read_our_safetensors_as_a_state_dict(tmp_path: Path) -> None:
    """A network saved as safetensors is to others a plain state dict under the same names."""
    net = Network((3,), [("0", Linear(4)), ("1", ReLU()), ("2", Linear(2))])
    net.save(tmp_path / "x.safetensors")
    state = safetensors.torch.load_file(tmp_path / "x.safetensors")
    nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).load_state_dict(state)
    assert {name: tensor.numpy().tobytes() for name, tensor in state.items()} == {
        name: net.weights[name].tobytes() for name in net.weights
    }

"""Weights go into a network all or none, by name and shape; whatever differs is told at once, completely."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from small_states import assert_loaded, bytes_of, saved, small, state
from torch import nn

import pellucid
from pellucid.errors import ModelFileError, UnknownNameError, WeightsError
from pellucid.formats import OpeningWarning
from pellucid.formats.finite import BLOCK, not_finite


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.module.", "model.net."])
@pytest.mark.parametrize("nest", [None, "state_dict", "model", "model_state_dict"])
def test_names_as_people_save_them(prefix: str, nest: str | None, tmp_path: Path) -> None:
    """What wraps all names, the dictionary around them, and counters of batches make no difference."""
    wrapped = {f"{prefix}{name}": tensor for name, tensor in state().items()}
    wrapped[f"{prefix}norm.num_batches_tracked"] = torch.tensor(7)
    net, before = small(), small()
    version = net.weights.version
    net.load_weights(saved(tmp_path / "x.pt", {nest: wrapped, "epoch": 2} if nest else wrapped))
    assert_loaded(net, state())
    assert net.weights.version > version
    assert bytes_of(before) != bytes_of(net)


def test_everything_that_differs_is_told_at_once(tmp_path: Path) -> None:
    """One error lists missing, unexpected and misshapen weights; the network is as it was."""
    path = saved(
        tmp_path / "x.pt",
        state(conv_weight=None, norm_bias=None, fc_weight=torch.zeros(5, 8), aux_weight=torch.zeros(1)),
    )
    net = small()
    before = bytes_of(net)
    with pytest.raises(WeightsError) as refused:
        net.load_weights(path)
    assert str(refused.value).splitlines() == [
        "x.pt",
        "  got       2 missing: 'conv.weight', 'norm.bias'; 1 unexpected: 'aux.weight'; "
        "1 of another shape: 'fc.weight' (5, 8), not (3, 8)",
        "  expected  the 8 weights of 'network', each of its shape",
        "  fix       load what fits with partial=True; error.missing, .unexpected and .shapes list all",
    ]
    for error in (refused.value, copy.copy(refused.value), pickle.loads(pickle.dumps(refused.value))):
        assert error.missing == ("conv.weight", "norm.bias")
        assert error.unexpected == ("aux.weight",)
        assert error.shapes == (("fc.weight", (5, 8), (3, 8)),)
    assert bytes_of(net) == before


def test_a_long_list_is_cut_and_complete_in_the_error(tmp_path: Path) -> None:
    """Beyond eight names the text counts; the error's lists hold all, and hostile names steer no terminal."""
    names = {f"extra\x1b[2J{i}" + "x" * 5000: torch.zeros(1) for i in range(30)}
    with pytest.raises(WeightsError) as refused:
        small().load_weights(saved(tmp_path / "x.pt", state() | names))
    assert "and 22 more" in refused.value.got
    assert len(refused.value.unexpected) == 30
    assert len(str(refused.value)) < 1500
    assert all(line.isprintable() for line in str(refused.value).splitlines())


def test_what_fits_can_be_loaded_alone(tmp_path: Path) -> None:
    """With `partial` the fitting weights are taken, the others stay, and a warning lists what differs."""
    path = saved(tmp_path / "x.pt", state(fc_weight=torch.zeros(5, 8)))
    net, fresh = small(), small()
    with pytest.warns(OpeningWarning, match=r"loaded in part: 1 of another shape: 'fc.weight' \(5, 8\)"):
        net.load_weights(path, partial=True)
    np.testing.assert_array_equal(net.weights["conv.weight"], state()["conv.weight"].numpy())
    np.testing.assert_array_equal(net.weights["fc.weight"], fresh.weights["fc.weight"])


def test_wrappers_without_end(tmp_path: Path) -> None:
    """Only a few wrappers are taken off a name, however many there are."""
    path = saved(tmp_path / "x.pt", {"module." * 100_000 + "fc.bias": torch.zeros(3)})
    with pytest.raises(WeightsError, match=r"8 missing: .*; 1 unexpected: 'module.module"):
        small().load_weights(path)


def test_where_nothing_fits_partial_is_an_error_too(tmp_path: Path) -> None:
    """A file of another network altogether is refused, whatever was asked for."""
    path = saved(tmp_path / "x.pt", {"a": torch.zeros(1)})
    with pytest.raises(WeightsError, match="load it into the network that it was saved from"):
        small().load_weights(path, partial=True)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64, torch.int32])
def test_other_numbers_become_float32(kind: torch.dtype, tmp_path: Path) -> None:
    """Half, bfloat16, double and whole numbers are converted."""
    net = small()
    net.load_weights(saved(tmp_path / "x.pt", {name: tensor.to(kind) for name, tensor in state().items()}))
    assert_loaded(net, {name: tensor.to(kind) for name, tensor in state().items()})


def test_numbers_beyond_float32_are_refused(tmp_path: Path) -> None:
    """A double that float32 cannot hold is an error that names the tensor; nothing was loaded."""
    net = small()
    before = bytes_of(net)
    path = saved(tmp_path / "x.pt", state(norm_bias=torch.tensor([1.0, 1e39], dtype=torch.float64)))
    with pytest.raises(ModelFileError, match=r"tensor 'norm.bias'\n.*numbers up to 1e\+39"):
        net.load_weights(path)
    assert bytes_of(net) == before


def test_into_a_network_or_one_of_the_zoo(tmp_path: Path) -> None:
    """`pellucid.load(path, into=...)` fills the network that is given, or builds the one that is named."""
    net = small()
    assert pellucid.load(saved(tmp_path / "x.pt", state()), into=net) is net
    assert_loaded(net, state())
    lenet = pellucid.zoo.lenet5()
    saved(tmp_path / "l.pt", {name: torch.from_numpy(lenet.weights[name] + 1) for name in lenet.weights})
    again = pellucid.load(tmp_path / "l.pt", into="lenet5")
    np.testing.assert_array_equal(again.weights["conv1.bias"], lenet.weights["conv1.bias"] + 1)
    with pytest.raises(UnknownNameError, match="did you mean 'resnet18'"):
        pellucid.load(tmp_path / "l.pt", into="resnet81")
    with pytest.raises(UnknownNameError, match=r"network \['lenet5'\]"):
        pellucid.load(tmp_path / "l.pt", into=["lenet5"])  # pyright: ignore[reportArgumentType]


def test_into_a_module_that_was_opened(tmp_path: Path) -> None:
    """A network that was opened from a PyTorch module has its names: another training of it can be loaded."""
    modules = [nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)) for _ in range(2)]
    net = pellucid.load(modules[0], input_shape=(3,))
    net.load_weights(saved(tmp_path / "x.pt", nn.DataParallel(modules[1]).state_dict()))
    x = torch.tensor([[1.0, -2.0, 0.5]])
    np.testing.assert_allclose(net.predict(x.numpy()), modules[1](x).detach(), rtol=1e-5, atol=1e-6)


def test_without_a_network_the_fix_is_told(tmp_path: Path) -> None:
    """A state dict alone is no network: the error counts its tensors and says what to do."""
    with pytest.raises(ModelFileError) as refused:
        pellucid.load(saved(tmp_path / "x.pt", state()))
    assert refused.value.got == "a state dict: 8 tensors without a network"
    assert "into='resnet18'" in refused.value.fix


def test_files_of_other_kinds(tmp_path: Path) -> None:
    """A suffix that is of no weights, an absent file and what is no path are errors that say what is."""
    (tmp_path / "x.onnx").write_bytes(b"\x08\x08\x12")
    with pytest.raises(ModelFileError, match=r"the suffix '.onnx', an ONNX model\n.*\.pt, \.pth, \.th"):
        small().load_weights(tmp_path / "x.onnx")
    with pytest.raises(ModelFileError, match="no such file"):
        small().load_weights(tmp_path / "x.pt")
    with pytest.raises(ModelFileError, match="5, which is no path"):
        small().load_weights(5)  # pyright: ignore[reportArgumentType]


# Numbers that are none


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1.0, np.nan, np.nan], "2 NaN of 3 numbers, the first at (1,)"),
        ([-np.inf, 1.0, np.nan], "1 NaN and 1 infinite of 3 numbers, the first at (0,)"),
        ([1.0, 0.0, 1e-40], "1 denormal of 3 numbers, the first at (2,)"),
    ],
)
def test_numbers_that_are_not_finite(values: list[float], told: str, tmp_path: Path) -> None:
    """By default one warning names the tensor, the count and the first place; with `strict` an error does."""
    path = saved(tmp_path / "x.pt", state(fc_bias=torch.tensor(values)))
    net = small()
    with pytest.warns(OpeningWarning) as warned:
        net.load_weights(path)
    assert [str(each.message) for each in warned] == [f"weights that are not finite: 'fc.bias': {told}"]
    np.testing.assert_array_equal(net.weights["fc.bias"], np.array(values, np.float32))
    fresh = small()
    before = bytes_of(fresh)
    with pytest.raises(ModelFileError) as refused:
        fresh.load_weights(path, strict=True)
    assert (refused.value.where, refused.value.got) == (f"{path}: tensor 'fc.bias'", f"'fc.bias': {told}")
    assert bytes_of(fresh) == before


def test_the_place_in_a_large_tensor() -> None:
    """Counts and the first place are right across the blocks that are looked at, and few denormals are none."""
    array = np.ones((3, BLOCK // 2, 2), np.float32)
    array[2, 5, 1] = np.inf
    array[2, 6, 0] = -np.inf
    array[0, 0, :] = 1e-42
    assert not_finite({"a": array}) == ("a", f"'a': 2 infinite of {array.size} numbers, the first at (2, 5, 1)")
    assert not_finite({"a": array[:2], "b": np.array(3.0, np.float32), "c": np.zeros((0, 4), np.float32)}) is None


def test_looking_takes_little_memory() -> None:
    """A large tensor is looked at in blocks, never as a whole."""
    array = np.ones(2**24, np.float32)
    array[-1] = np.nan
    tracemalloc.start()
    assert not_finite({"a": array}) == ("a", "'a': 1 NaN of 16777216 numbers, the first at (16777215,)")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def test_many_tensors_that_are_not_finite() -> None:
    """Beyond eight, tensors are counted."""
    found = not_finite({str(i): np.full(2, np.nan, np.float32) for i in range(10)})
    assert found is not None
    assert found[0] == "0"
    assert found[1].endswith("'7': 2 NaN of 2 numbers, the first at (0,); and 2 more tensors")

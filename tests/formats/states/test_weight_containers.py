"""Weights in other containers than PyTorch's: safetensors, NumPy's archives, and networks of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from small_states import assert_loaded, bytes_of, saved, small, state

from pellucid import Network
from pellucid.errors import ModelFileError, WeightsError


def written(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    """The file that the library of this suffix writes."""
    if path.suffix == ".safetensors":
        safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    elif path.suffix == ".npz":
        save: Any = np.savez_compressed if path.stem == "packed" else np.savez
        save(path, **{name: tensor.numpy() for name, tensor in tensors.items()})
    else:
        saved(path, tensors)
    return path


@pytest.mark.parametrize("name", ["x.pt", "x.pth", "x.th", "x.safetensors", "x.npz", "packed.npz"])
def test_every_container_gives_the_same_weights(name: str, tmp_path: Path) -> None:
    """PyTorch's, safetensors' and NumPy's files all load, and all tell what differs."""
    net = small()
    net.load_weights(written(tmp_path / name, state()))
    assert_loaded(net, state())
    with pytest.raises(WeightsError, match=r"1 missing: 'fc.bias'; 1 of another shape: 'conv.weight'"):
        net.load_weights(written(tmp_path / name, state(fc_bias=None, conv_weight=torch.zeros(1))))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool])
def test_other_numbers_in_safetensors(kind: torch.dtype, tmp_path: Path) -> None:
    """All the usual number types of safetensors are converted."""
    net, tensors = small(), {name: tensor.to(kind) for name, tensor in state().items()}
    net.load_weights(written(tmp_path / "x.safetensors", tensors))
    assert_loaded(net, tensors)


def test_orders_of_numpy(tmp_path: Path) -> None:
    """Arrays in Fortran's order, and numbers in the other byte order, have the same values."""
    net = small()
    arrays: dict[str, Any] = {name: tensor.numpy() for name, tensor in state().items()}
    arrays["conv.weight"] = np.asfortranarray(arrays["conv.weight"].astype(">f8"))
    arrays["fc.weight"] = np.asfortranarray(arrays["fc.weight"])
    np.savez(tmp_path / "x.npz", **arrays)
    net.load_weights(tmp_path / "x.npz")
    assert_loaded(net, state())


def test_texts_are_no_weights(tmp_path: Path) -> None:
    """An array of texts in a weight's place is refused by its name."""
    arrays: dict[str, Any] = {name: tensor.numpy() for name, tensor in state().items()}
    arrays["fc.bias"] = np.array(["a", "b", "c"])
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ModelFileError, match=r"tensor 'fc.bias'\n.*dtype <U1"):
        small().load_weights(tmp_path / "x.npz")


def test_a_network_of_ours_gives_its_weights(tmp_path: Path) -> None:
    """A file that Pellucid saved can be loaded into another network of the same weights, with all its checks."""
    net = small()
    net.weights["fc.bias"] = [1, 2, 3]
    net.save(tmp_path / "ours.safetensors")
    other = Network((1, 4, 4), list(small().layers.items()), name="other", seed=5)
    other.load_weights(tmp_path / "ours.safetensors")
    assert bytes_of(other) == bytes_of(net)
    content = bytearray((tmp_path / "ours.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "ours.safetensors").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"ours.safetensors: tensor '.*'\n.*SHA-256") as refused:
        other.load_weights(tmp_path / "ours.safetensors")
    assert refused.value.where.count("ours.safetensors") == 1
    assert bytes_of(other) == bytes_of(net)

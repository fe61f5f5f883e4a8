"""`.pt2` files open as the module that they were exported from does, and damaged ones are refused by name."""

from __future__ import annotations

import functools
import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import pellucid
from pellucid.errors import ModelFileError, UnmappedError


class Small(nn.Module):
    """A bit of everything that a file holds: dropout, buffers, a list of results, a view by the batch's size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding="same")
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.25)
        self.fc = nn.Linear(4 * 2 * 3, 5)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores, and half of the maps."""
        x = torch.relu_(self.norm(self.conv(image)))
        left, right = x.chunk(2, dim=1)
        x = torch.cat([right, left], dim=1)
        x = nn.functional.adaptive_avg_pool2d(x, (2, None))[:, :, :, :3]
        return self.fc(self.drop(x.reshape(x.size(0), -1))), left


def small() -> Small:
    """Return the module with weights of its own."""
    torch.manual_seed(3)
    module = Small().eval()
    assert module.norm.running_mean is not None
    module.norm.running_mean += torch.arange(4)
    return module


def save(path: Path, module: nn.Module, dynamic: bool = False) -> Path:
    """Save a module as torch.export does."""
    sizes: Any = ({0: torch.export.Dim("batch", min=1, max=1024)},) if dynamic else None
    torch.export.save(torch.export.export(module, (torch.zeros(2, 3, 6, 7),), dynamic_shapes=sizes), path)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the small module."""
    return save(tmp_path_factory.mktemp("pt2") / "small.pt2", small())


@pytest.fixture
def file(whole: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copy(whole, tmp_path))


def changed(path: Path, change: Callable[[str, bytes], bytes | None], packed: int = zipfile.ZIP_STORED) -> Path:
    """Write the archive again, its members changed, and left out where the change returns None."""
    target = path.with_name("changed.pt2")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", packed) as out:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                out.writestr(name, data)
    return target


def edited(path: Path, member: str, edit: Callable[[Any], Any]) -> Path:
    """Write the archive again with one JSON member edited."""

    def change(name: str, data: bytes) -> bytes:
        if not name.endswith(member):
            return data
        value = json.loads(data)
        return json.dumps(edit(value) or value).encode()

    return changed(path, change)


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_file_opens_as_its_module_does(tmp_path: Path, dynamic: bool) -> None:
    """Layers, names, weights and outputs are those of the module, whether the batch is a number or free."""
    module = small()
    net = pellucid.load(save(tmp_path / "small.pt2", module, dynamic))
    direct = pellucid.load(module, input_shape=(3, 6, 7))
    assert net.layers == direct.layers
    assert all(np.array_equal(net.weights[name], direct.weights[name]) for name in direct.weights)
    assert list(net.layers) == [
        "conv", "norm", "relu", "chunk", "chunk_2", "cat", "adaptive_avg_pool2d", "slice", "reshape", "drop", "fc",
    ]  # fmt: skip
    x = torch.randn(3, 3, 6, 7)
    with torch.no_grad():
        wanted = module(x)
    for found, theirs in zip(net.predict(x.numpy()), wanted, strict=True):
        np.testing.assert_allclose(found, theirs.numpy(), rtol=0, atol=1e-5 * float(theirs.abs().max()))


def test_a_program_in_memory_opens_as_its_file_does(whole: Path) -> None:
    """An ExportedProgram needs no input_shape, also one that torch.export has loaded."""
    assert pellucid.load(torch.export.load(whole)).layers == pellucid.load(whole).layers


def test_pytorch_is_not_needed(whole: Path) -> None:
    """A file is read without importing PyTorch, so that nothing of PyTorch's can run for it."""
    code = f"import sys, pellucid; pellucid.load({str(whole)!r}); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_compressed_archive_opens(file: Path) -> None:
    """Members may be deflated, as zip tools do it."""
    path = changed(file, lambda name, data: data, zipfile.ZIP_DEFLATED)
    assert len(pellucid.load(path).layers) == 11


def test_weights_of_other_types_are_converted(tmp_path: Path) -> None:
    """bfloat16 has no type in NumPy, and is read all the same."""
    conv = nn.Conv2d(3, 2, 1)
    module = nn.Sequential(conv, nn.ReLU()).bfloat16().eval()
    path = tmp_path / "half.pt2"
    torch.export.save(torch.export.export(module, (torch.zeros(2, 3, 4, 4, dtype=torch.bfloat16),)), path)
    assert np.array_equal(pellucid.load(path).weights["0.weight"], conv.weight.detach().float().numpy())


def test_texts_are_never_evaluated(file: Path, tmp_path: Path) -> None:
    """Expressions, guards and classes that hold code are compared as texts, or not read at all."""
    trap = tmp_path / "ran"
    code = f"__import__('pathlib').Path({str(trap)!r}).touch()"

    def poison(model: Any) -> None:
        model["guards_code"] = [code]
        model["range_constraints"] = {code: {"min_val": 1, "max_val": 2}}
        graph = model["graph_module"]["graph"]
        graph["sym_int_values"] = {"s": {"as_expr": {"expr_str": code, "hint": None}}}
        graph["nodes"][0]["metadata"]["nn_module_stack"] = f"L__self__,,{code}"

    net = pellucid.load(edited(file, "models/model.json", poison))
    assert len(net.layers) == 11
    assert not trap.exists()


def test_an_operation_by_any_name_is_only_a_name(file: Path) -> None:
    """A target is looked up in our table alone."""

    def poison(model: Any) -> None:
        model["graph_module"]["graph"]["nodes"][0]["target"] = "os.system"

    with pytest.raises(UnmappedError, match=r"'conv' \(os.system\): no layer computes it"):
        pellucid.load(edited(file, "models/model.json", poison))


def _first_weight(change: Callable[[Any], None]) -> Callable[[Any], None]:
    return lambda config: change(config["config"]["conv.weight"])


def _meta(**values: Any) -> Callable[[Any], None]:
    return _first_weight(lambda entry: entry["tensor_meta"].update(values))


def _ints(*sizes: int) -> list[dict[str, int]]:
    return [{"as_int": size} for size in sizes]


@pytest.mark.parametrize(
    ("member", "edit", "says"),
    [
        ("weights_config.json", _first_weight(lambda entry: entry.update(use_pickle=True)), "a Python pickle"),
        ("weights_config.json", _meta(storage_offset={"as_int": 1}), "from number 1 on, of 108 numbers"),
        ("weights_config.json", _meta(sizes=_ints(4, 3, 3, 2**40)), "of 108 numbers"),
        ("weights_config.json", _meta(strides=_ints(0, 0, 0, 0), sizes=_ints(2**20, 3, 3, 3)), "each used once"),
        ("weights_config.json", _meta(strides=_ints(27, 9, 3, -1)), "each used once"),
        ("weights_config.json", _meta(dtype=9), "PyTorch's type 9"),
        ("weights_config.json", _first_weight(lambda entry: entry.update(path_name="../x")), "no such member"),
        ("model.json", lambda model: model.update(schema_version={"major": 7, "minor": 1}), "got       7, by PyTorch"),
        ("model.json", lambda model: model["graph_module"]["graph"].update(nodes=3), "nodes"),
        ("model.json", lambda model: [1], "the model"),
    ],
)
def test_damaged_files_are_refused(file: Path, member: str, edit: Callable[[Any], Any], says: str) -> None:
    """A tensor outside its bytes, a pickle, another version, JSON of another kind: each is told."""
    path = edited(file, member, edit)
    with pytest.raises(ModelFileError) as refused:
        pellucid.load(path)
    assert says in str(refused.value)
    assert "changed.pt2" in refused.value.where


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"small/code/x.py": b"", "small/data.pkl": b""}, "TorchScript"),
        ({"serialized_exported_program.json": b"{}"}, "PyTorch before 2.8"),
        ({"small/data/aotinductor/model/a.so": b"", "small/models/model.json": b"{}"}, "machine code"),
        ({"small/models/a.json": b"{}", "small/models/b.json": b"{}"}, "2 models"),
        ({"small/models/a.json": b"{}", "small/byteorder": b"big"}, "numbers in the order b'big'"),
        ({"small/other": b""}, "0 models"),
    ],
)
def test_other_archives_are_refused_by_what_they_are(tmp_path: Path, members: dict[str, bytes], says: str) -> None:
    """What else is in a zip archive of this name is recognised, with what to do about it."""
    path = tmp_path / "small.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(ModelFileError) as refused:
        pellucid.load(path)
    assert says in refused.value.got


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*path, key))


def test_random_changes_are_opened_or_refused(file: Path) -> None:
    """Whatever stands in the graph's place, the file opens, or an error of ours says why not."""
    with zipfile.ZipFile(file) as archive:
        (member,) = (name for name in archive.namelist() if name.endswith("models/model.json"))
        model = json.loads(archive.read(member))
    model["graph_module"]["module_call_graph"] = []
    places = [path for path in _places({"graph_module": model["graph_module"]}) if path]
    others = [None, 0, -1, 2**40, "x", [], {}, [1], 1.5, True, {"as_int": 3}, {"as_none": True}, {"as_float": "NaN"}]
    rng = random.Random(7)
    refused = 0
    for _ in range(100):
        changed_model = json.loads(json.dumps(model))
        *folders, last = rng.choice(places)
        functools.reduce(lambda value, key: value[key], folders, changed_model)[last] = rng.choice(others)
        try:
            pellucid.load(edited(file, "models/model.json", lambda _, found=changed_model: found))
        except ModelFileError:
            refused += 1
    assert refused > 30

"""What is not a network of ours is refused by one clear error: what it is, and what to do."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from crafted_files import CraftedFile, small_network
from safetensors.numpy import save as safetensors_bytes

from pellucid.errors import ModelFileError, PellucidError
from pellucid.formats import load, save


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, so that paths are short."""
    monkeypatch.chdir(tmp_path)


def refused(path) -> list[str]:
    """Return the lines of the error that opening `path` raises."""
    with pytest.raises(ModelFileError) as error:
        load(path)
    lines = str(error.value).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["got", "expected", "fix"]
    return [lines[0], *(line[12:] for line in lines[1:])]


def torch_file(old: bool) -> bytes:
    """Return what `torch.save` writes, today or in its old way."""
    file = io.BytesIO()
    torch.save({"weight": torch.zeros(2)}, file, _use_new_zipfile_serialization=not old)
    return file.getvalue()


def npz_file() -> bytes:
    """Return what `numpy.savez` writes."""
    file = io.BytesIO()
    np.savez(file, weight=np.zeros(2))
    return file.getvalue()


STATE_DICT = "give it the suffix of what it is; weights alone: net.load_weights(path)"
AGAIN = "the file is damaged: get it again, or save the network again"

CONTENTS = {  # what a file named .safetensors holds -> got, fix
    "nothing": (lambda: b"", "an empty file", "get the file again, or save the network again"),
    "a new torch file": (
        lambda: torch_file(old=False),
        "a zip archive, such as PyTorch's .pt, Keras's .keras or NumPy's .npz",
        STATE_DICT,
    ),
    "an old torch file": (
        lambda: torch_file(old=True),
        "a Python pickle, such as an old PyTorch .pt: opening it could run code",
        STATE_DICT,
    ),
    "a pickle": (lambda: pickle.dumps(list(range(99))), "a Python pickle: opening it could run code", STATE_DICT),
    "an npz": (npz_file, "a zip archive, such as PyTorch's .pt, Keras's .keras or NumPy's .npz", STATE_DICT),
    "HDF5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file, such as Keras's .h5", STATE_DICT),
    "ONNX": (lambda: b"\x08\x08\x12\x07pytorch\x1a\x05" + bytes(99), "an ONNX model", STATE_DICT),
    "Git LFS": (
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "a Git LFS pointer, not the file itself",
        "fetch the file: git lfs pull",
    ),
    "a web page": (
        lambda: b"<!DOCTYPE html><html>not found</html>",
        "a web page or XML",
        "download the file itself, not the page about it",
    ),
    "an image": (
        lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "an image",
        "give the network first, then the image",
    ),
    "text": (
        lambda: b"hello, I am not a network at all",
        "a header of 5269260421095515496 bytes, more than 16777216",
        "save the network from Pellucid: net.save('name.safetensors')",
    ),
    "seven bytes": (
        lambda: CraftedFile().bytes()[:7],
        "7 bytes, where the header alone takes 1554: the file is cut short",
        "save the network from Pellucid: net.save('name.safetensors')",
    ),
    "half a header": (
        lambda: CraftedFile().bytes()[:900],
        "900 bytes, where the header alone takes 1554: the file is cut short",
        "save the network from Pellucid: net.save('name.safetensors')",
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_other_contents_are_recognised(name, tmp_path):
    """A file with our suffix and other contents is refused by what it is."""
    make, got, fix = CONTENTS[name]
    path = Path("net.safetensors")
    path.write_bytes(make())
    assert refused(path) == [f"{path}: start of the file", got, "a safetensors file", fix]


def test_weights_without_a_network(tmp_path):
    """A state dict in a safetensors file has no network: the error says what to do with it."""
    path = Path("net.safetensors")
    path.write_bytes(safetensors_bytes({"a": np.zeros(2, np.float16), "b": np.zeros((), np.int64)}, {"format": "pt"}))
    assert refused(path) == [
        f"{path}: header",
        "a safetensors file with 2 tensors and no network",
        'a network in the metadata, under "pellucid"',
        "load them into one: pellucid.load(path, into='resnet18') or net.load_weights(path)",
    ]


def test_data_cut_short(tmp_path):
    """A file whose last bytes are missing is refused by the tensor that lacks them."""
    path = Path("net.safetensors")
    path.write_bytes(CraftedFile().bytes()[:-1])
    assert refused(path) == [
        f"{path}: tensor 'linear1.bias'",
        "bytes 176 to 188",
        "12 bytes of the file's 187",
        AGAIN,
    ]


def test_absent_folder_and_pipe(tmp_path):
    """What is absent, a folder or a pipe is refused as what it is, without waiting for anything."""
    os.mkfifo("pipe.safetensors")
    Path("folder.safetensors").mkdir()
    assert refused("net.safetensors")[1:3] == ["no such file", "an existing file"]
    assert refused("folder.safetensors")[1:3] == ["a folder", "a file"]
    assert refused(tmp_path)[1:3] == ["a folder", "a file"]
    assert refused("pipe.safetensors")[1:3] == ["a pipe or a device", "a file"]
    assert refused("net\0.safetensors")[:2] == ["net\\x00.safetensors", "embedded null byte"]


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    """When the system refuses to open or to read a file, its reason is told."""
    path = Path("net.safetensors")
    path.write_bytes(CraftedFile().bytes())

    def deny(*args):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.open", deny)
        assert refused(path)[1:] == ["Permission denied", "a file that can be read", "check its path and rights"]
    monkeypatch.setattr("pellucid.formats.pellucid.read_header", deny)
    assert refused(path)[1:] == ["Permission denied", "a file that can be read", "check the disk"]


@pytest.mark.parametrize(
    ("name", "content", "got", "fix"),
    [
        ("net.zip", torch_file(old=False), "the suffix '.zip', a zip archive, such as PyTorch's .pt", STATE_DICT),
        ("net.pb", b"\x08\x08", "the suffix '.pb', an ONNX model", STATE_DICT),
        ("photo.png", b"\x89PNG", "the suffix '.png', an image", "give the network first, then the image"),
        ("net", b"", "no suffix", "save the network from Pellucid: net.save('name.safetensors')"),
    ],
)
def test_an_unknown_suffix_lists_what_can_be_opened(name, content, got, fix, tmp_path):
    """A file of another suffix is refused by it and by what the file is; the suffixes that can be opened are listed."""
    Path(name).write_bytes(content)
    place, said, expected, advice = refused(name)
    assert place == name
    assert said.startswith(got)
    assert expected.startswith("a file that ends in .safetensors")
    assert advice == fix


@pytest.mark.parametrize(("name", "got"), [("net.onnxx", "the suffix '.onnxx'"), ("net", "no suffix")])
def test_saving_under_an_unknown_suffix(name, got, tmp_path):
    """Saving needs a suffix that says the format; the error proposes a name."""
    with pytest.raises(ModelFileError) as error:
        save(small_network(), tmp_path / name)
    assert error.value.got == got
    assert error.value.expected.startswith("a file that ends in .safetensors")
    assert error.value.fix == "name it 'net.safetensors'"
    assert not list(tmp_path.iterdir())


def test_a_long_path_is_shortened_to_the_name(tmp_path):
    """An error names the file even when its path is very long, and stays short."""
    deep = tmp_path.joinpath(*["folder" * 9] * 9)
    place = refused(deep / "net.safetensors")[0]
    assert place == "net.safetensors"


def test_errors_are_of_our_family():
    """A program can catch them as Pellucid's or as Python's own ValueError."""
    with pytest.raises(PellucidError):
        load("none.safetensors")
    with pytest.raises(ValueError, match="no such file"):
        load("none.safetensors")


@pytest.mark.parametrize("version", [1, 2, 3, 10])
def test_onnx_of_every_age_is_recognised(version):
    """An ONNX model is told as one from the first version of its format on."""
    Path("net.pb").write_bytes(bytes((8, version)) + b"\x12\x07pytorch")
    assert refused("net.pb")[1] == "the suffix '.pb', an ONNX model"

"""A checkpoint's file: every damage is noticed, and no crash while writing costs the old one."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import ModelFileError, TrainingError
from pellucid.train import Checkpoints, Dataset, Epoch
from pellucid.train.checkpoints import Snapshot, load

from .conftest import bits, small_network
from .test_checkpoints import crash, train

# Damage


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A checkpoint with all kinds of arrays."""
    path = tmp_path_factory.mktemp("written") / "run.checkpoint"
    train(small_network(), path, epochs=2)
    load(path)
    return path.read_bytes()


def refusal(path: Path, content: bytes) -> ModelFileError:
    """The error that a file of this content is refused with."""
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        load(path)
    assert caught.value.where == f"checkpoint {str(path)!r}"
    return caught.value


@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_a_flipped_bit(written: bytes, tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    """A single bit that changed, anywhere in the file, is noticed."""
    damaged = bytearray(written)
    damaged[place % len(damaged)] ^= 1 << bit
    refusal(tmp_path_factory.getbasetemp() / "flipped", bytes(damaged))


@given(length=st.integers(0, 10**9))
def test_a_file_cut_short(written: bytes, tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    """A file that ends early, anywhere, is noticed."""
    refusal(tmp_path_factory.getbasetemp() / "cut", written[: length % len(written)])


def test_damage_names_the_array_and_both_digests(written: bytes, tmp_path: Path) -> None:
    """The error of a changed number names its array, and what was found instead of what."""
    damaged = bytearray(written)
    damaged[-1] ^= 1
    error = refusal(tmp_path / "damaged", bytes(damaged))
    assert error.got.startswith("ValueError: array '")
    assert " has the digest " in error.got
    assert error.expected == "a checkpoint of this version, as it was written"
    assert error.fix == "go on from an older copy, or begin anew at another path"


def test_swapped_arrays(written: bytes, tmp_path: Path) -> None:
    """Two arrays that changed places are noticed, though each is whole."""
    arrays = safetensors.numpy.load(written)
    length = int.from_bytes(written[:8], "little")
    metadata = json.loads(written[8 : 8 + length])["__metadata__"]
    names = ("weights/norm1.running_mean", "weights/norm1.running_var")
    arrays[names[0]], arrays[names[1]] = arrays[names[1]], arrays[names[0]]
    assert "has the digest" in refusal(tmp_path / "swapped", safetensors.numpy.save(arrays, metadata)).got
    del arrays[names[0]]
    assert "has the digest None" in refusal(tmp_path / "less", safetensors.numpy.save(arrays, metadata)).got


def test_other_files(tmp_path: Path) -> None:
    """A network's file, a text, and nothing at all are no checkpoints."""
    small_network().save(tmp_path / "net.safetensors")
    refusal(tmp_path / "copy", (tmp_path / "net.safetensors").read_bytes())
    later = {"format": "pellucid-checkpoint-2"}
    error = refusal(tmp_path / "later", safetensors.numpy.save({"w": np.zeros(1)}, later))
    assert error.got == "ValueError: format 'pellucid-checkpoint-2' instead of 'pellucid-checkpoint-1'"
    refusal(tmp_path / "text", b"Dear diary, today I trained a network.")
    refusal(tmp_path / "empty", b"")
    refusal(tmp_path / "huge", b"\xff" * 8 + b"{}")


def test_a_damaged_checkpoint_stops_the_training(tmp_path: Path) -> None:
    """Going on from a damaged file is refused, and the network keeps its weights."""
    path, net = tmp_path / "run.checkpoint", small_network()
    crash(path, 1)
    path.write_bytes(path.read_bytes()[:-1])
    before = bits(net)
    with pytest.raises(ModelFileError):
        train(net, Checkpoints(path, resume=True))
    assert bits(net) == before


# Writing

SNAPSHOT = Snapshot({"seed": "0"}, (), {"w": np.arange(3, dtype=np.float32)}, {}, {"step": np.array(7)})
FAULTS: dict[str, Mapping[str, Any]] = {
    "no space to write": {"call": "fsync", "error": OSError(errno.ENOSPC, "No space left on device")},
    "a bad disk": {"call": "fsync", "error": OSError(errno.EIO, "Input/output error")},
    "no permission": {"call": "open", "error": PermissionError(errno.EACCES, "Permission denied")},
}


@pytest.mark.parametrize("what", FAULTS)
def test_faults_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """When writing fails, the old checkpoint is there as it was, nothing else is, and the error says what is needed."""
    path = tmp_path / "run.checkpoint"
    Checkpoints(path).write(SNAPSHOT)
    before, fault = path.read_bytes(), FAULTS[what]

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise fault["error"]

    if fault["call"] == "open":
        monkeypatch.setattr(Path, "open", fail)
    else:
        monkeypatch.setattr(os, fault["call"], fail)
    with pytest.raises(TrainingError) as caught:
        Checkpoints(path).write(SNAPSHOT)
    monkeypatch.undo()
    assert str(caught.value) == (
        f"checkpoint {str(path)!r}\n"
        f"  got       {fault['error'].strerror}; the previous checkpoint, if any, is untouched\n"
        f"  expected  room and permission to write {len(before):,} bytes\n"
        "  fix       free space or choose another place, then go on with Checkpoints(path, resume=True)"
    )
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.checkpoint"]


def test_ctrl_c_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-C within the writing stops the training like any other, and leaves the old checkpoint and no litter."""
    path, net = tmp_path / "run.checkpoint", small_network()
    real, calls = os.fsync, list[int]()

    def interrupted(file: int) -> None:
        calls.append(file)
        if len(calls) == 5:  # two a checkpoint: of the third one's content
            raise KeyboardInterrupt
        real(file)

    monkeypatch.setattr(os, "fsync", interrupted)
    history = train(net, path)
    monkeypatch.undo()
    assert history.stopped
    assert len(load(path).epochs) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.checkpoint"]


def test_order_of_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file is on the disk before it takes the old one's name, and the folder is flushed after."""
    path, seen = tmp_path / "run.checkpoint", list[str]()
    Checkpoints(path).write(SNAPSHOT)
    fsync, replace = os.fsync, Path.replace

    def unnumbered(name: str) -> str:
        return re.sub(r"\.[0-9a-f]{8}\.", ".*.", name)

    def flushing(file: int) -> None:
        number = os.fstat(file).st_ino
        name = next(entry.name for entry in (tmp_path, *tmp_path.iterdir()) if entry.stat().st_ino == number)
        seen.append(f"flush {unnumbered(name)}")
        fsync(file)

    def replacing(self: Path, target: Path) -> Path:
        seen.append(f"{unnumbered(self.name)} -> {target.name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(Path, "replace", replacing)
    Checkpoints(path).write(SNAPSHOT)
    assert seen == [
        "flush .run.checkpoint.*.partial",
        ".run.checkpoint.*.partial -> run.checkpoint",
        f"flush {tmp_path.name}",
    ]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Arrays come back with their shapes, dtypes and bits; numbers that are not finite in a history too."""
    path = tmp_path / "run.checkpoint"
    epochs = (Epoch(1, 0.1, float("nan"), None, None, 1 / 3, 0.1),)
    arrays = {"a": np.array([[1, np.nan, -0.0]], np.float32).T, "b": np.zeros((0, 2)), "c": np.array(2**40)}
    Checkpoints(path).write(Snapshot({"seed": "ü"}, epochs, arrays, {"a": arrays["a"]}, {}))
    found = load(path)
    assert found.settings == {"seed": "ü"}
    assert repr(found.epochs) == repr(epochs)
    assert list(found.best) == ["a"]
    assert found.state == {}
    for name, array in arrays.items():
        assert found.weights[name].dtype == array.dtype
        assert found.weights[name].shape == array.shape
        assert found.weights[name].tobytes() == array.tobytes()


def test_a_text_path_is_a_path(tmp_path: Path, data: Dataset) -> None:
    """Network.fit takes the path as text."""
    net = small_network()
    net.fit(data, epochs=1, checkpoints=str(tmp_path / "run.checkpoint"))
    assert load(tmp_path / "run.checkpoint").weights.keys() == dict(net.weights).keys()

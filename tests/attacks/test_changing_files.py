"""Files that are truncated, replaced, removed or grow while they are read: one error that says so, never a mixture."""

from __future__ import annotations

import io
import os
import pathlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch

import pellucid
from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.layers import Linear

POINTS = 20


def net() -> Network:
    """A network with weights that take several reads."""
    return Network((300,), [("a", Linear(100)), ("b", Linear(100)), ("c", Linear(100))])


def write_torch(path: Path) -> None:
    """An archive of torch.save's."""
    made = net()
    torch.save({name: torch.from_numpy(made.weights[name].copy()) for name in made.weights}, path)


def write_stream(path: Path) -> None:
    """The older stream of torch.save's."""
    made = net()
    state = {name: torch.from_numpy(made.weights[name].copy()) for name in made.weights}
    torch.save(state, path, _use_new_zipfile_serialization=False)


def write_npz(path: Path) -> None:
    """An archive of NumPy's."""
    made = net()
    arrays = {name: made.weights[name] for name in made.weights}
    np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]


def write_foreign(path: Path) -> None:
    """A safetensors file without a network."""
    made = net()
    safetensors.numpy.save_file({name: made.weights[name] for name in made.weights}, path)


def load(path: Path) -> None:
    """Load weights."""
    net().load_weights(path)


FORMATS: dict[str, tuple[Callable[[Path], None], Callable[[Path], object]]] = {
    "x.pt": (write_torch, load),
    "x.th": (write_stream, load),
    "x.npz": (write_npz, load),
    "foreign.safetensors": (write_foreign, load),
    "ours.safetensors": (lambda path: net().save(path), pellucid.load),
}


def truncate(path: Path) -> None:
    """Cut the file in its middle."""
    os.truncate(path, path.stat().st_size // 2)


def grow(path: Path) -> None:
    """Add to the file."""
    with path.open("ab") as file:
        file.write(bytes(1000))


def replace(path: Path) -> None:
    """Put another file of the same size in its place."""
    other = path.with_name("other")
    other.write_bytes(bytes(path.stat().st_size))
    other.replace(path)


def overwrite(path: Path) -> None:
    """Write over the last bytes, some of which may be read already."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(-50_000, os.SEEK_END)
        file.write(bytes(50_000))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))  # the clock of some disks is coarse


class Meddled(io.FileIO):
    """A file that something happens to before its read number `when`."""

    reads = 0
    when = -1

    @staticmethod
    def change() -> None:
        """What happens to it."""

    def _count(self) -> None:
        if Meddled.reads == Meddled.when:
            Meddled.change()
        Meddled.reads += 1

    def readinto(self, buffer: object, /) -> int:
        """Count, and read."""
        self._count()
        return super().readinto(buffer)  # pyright: ignore[reportArgumentType]

    def read(self, size: int | None = -1, /) -> bytes:
        """Count, and read."""
        self._count()
        return super().read(size)

    def readall(self) -> bytes:
        """Count, and read."""
        self._count()
        return super().readall()


@pytest.fixture
def meddle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Callable[[Path], None], int], None]:
    """A function that has a file changed by `change` before a certain read of it."""
    real = pathlib.Path.open
    target: list[Path] = []

    def opened(path: Path, mode: str = "r", *args: object, **kwargs: object) -> object:
        if path in target and mode == "rb":
            return io.BufferedReader(Meddled(path, "r"), 4096)
        return real(path, mode, *args, **kwargs)  # pyright: ignore[reportCallIssue, reportArgumentType]

    def prepare(path: Path, change: Callable[[Path], None], when: int) -> None:
        target[:] = [path]
        monkeypatch.setattr(Meddled, "reads", 0)
        monkeypatch.setattr(Meddled, "when", when)
        monkeypatch.setattr(Meddled, "change", staticmethod(lambda: change(path)))

    monkeypatch.setattr(pathlib.Path, "open", opened)
    return prepare


@pytest.mark.parametrize("change", [truncate, grow, replace, overwrite, Path.unlink])
@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_changes_while_it_is_read(
    name: str,
    change: Callable[[Path], None],
    tmp_path: Path,
    meddle: Callable[[Path, Callable[[Path], None], int], None],
) -> None:
    """At twenty points of the reading, every change is told as one, with the file's name."""
    write, act = FORMATS[name]
    path = tmp_path / name
    write(path)
    content = path.read_bytes()
    meddle(path, change, -1)
    act(path)
    reads = Meddled.reads
    assert reads >= 4
    for when in sorted({point * reads // POINTS for point in range(POINTS)}):
        path.write_bytes(content)
        meddle(path, change, when)
        with pytest.raises(ModelFileError) as error:
            act(path)
        assert error.value.got == "the file changed while it was read", (when, str(error.value))
        assert error.value.where == str(path)


def test_a_file_that_is_written_again_later(tmp_path: Path) -> None:
    """What was loaded stays as it was, whatever becomes of the file: nothing is read from it any more."""
    path = tmp_path / "x.pt"
    write_torch(path)
    loaded = net()
    loaded.load_weights(path)
    truncate(path)
    path.unlink()
    assert loaded.weights["a.weight"].tobytes() == net().weights["a.weight"].tobytes()

"""Checkpoints: going on exactly, surviving crashes at any moment, and refusing what is damaged or does not belong."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pellucid import Network
from pellucid.errors import ParameterError
from pellucid.layers import Flatten, Linear
from pellucid.train import SGD, Adam, Checkpoints, Cosine, Epoch, History, MeanSquaredError, Status, fit
from pellucid.train.checkpoints import load

from .conftest import bits, small_network, stripes


def train(net: Network, checkpoints: Checkpoints | Path | None = None, **changed: Any) -> History:
    """Train with all that has a state: momenta, statistics, chance, a schedule, a best epoch."""
    settings: dict[str, Any] = {
        "test": stripes(seed=4),
        "epochs": 5,
        "batch_size": 8,
        "optimizer": Adam(0.02, weight_decay=0.01),
        "schedule": Cosine(warmup=0.1),
        "seed": 11,
        "checkpoints": checkpoints,
    }
    return fit(net, changed.pop("train", stripes()), **{**settings, **changed})


class CrashError(Exception):
    """The power went out."""


def crash_after(number: int) -> Callable[[Epoch], None]:
    """A callback that ends the process's training after an epoch."""

    def on_epoch(epoch: Epoch) -> None:
        if epoch.number == number:
            raise CrashError

    return on_epoch


def crash(path: Path, number: int, **changed: Any) -> None:
    """Train until the crash after an epoch."""
    with pytest.raises(CrashError):
        train(small_network(), Checkpoints(path), on_epoch=crash_after(number), **changed)


def records(history: History) -> list[tuple[Any, ...]]:
    """What a history says, but for how long it took."""
    return [(e.number, e.loss, e.accuracy, e.test_loss, e.test_accuracy, e.rate) for e in history.epochs]


# Going on


@pytest.mark.parametrize("number", [1, 2, 4])
def test_goes_on_exactly(tmp_path: Path, number: int) -> None:
    """After a crash, another network with other weights goes on to the same bits and records as without it."""
    path, whole, resumed = tmp_path / "run.checkpoint", small_network(), small_network(seed=99)
    expected = train(whole)
    crash(path, number)
    found = train(resumed, Checkpoints(path, resume=True))
    assert bits(resumed) == bits(whole)
    assert records(found) == records(expected)
    assert (found.best, found.stopped) == (expected.best, False)


KILLED = """
import os, signal, sys
from pellucid.train import Checkpoints
sys.path.insert(0, {tests!r})
from train.conftest import small_network
from train.test_checkpoints import train

def on_step(status):
    if (status.epoch, status.step) == (3, 4):
        os.kill(os.getpid(), signal.SIGKILL)

train(small_network(), Checkpoints({path!r}), on_step=on_step)
"""


def test_goes_on_exactly_after_a_kill(tmp_path: Path) -> None:
    """A process killed in the middle of an epoch leaves a checkpoint from which another reaches the same bits."""
    path, whole, resumed = tmp_path / "run.checkpoint", small_network(), small_network()
    code = KILLED.format(tests=str(Path(__file__).parents[1]), path=str(path))
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert len(load(path).epochs) == 2
    train(whole)
    train(resumed, Checkpoints(path, resume=True))
    assert bits(resumed) == bits(whole)


def test_goes_on_between_checkpoints(tmp_path: Path) -> None:
    """With a checkpoint every second epoch, a crash after the third goes on from the second."""
    path, whole, resumed = tmp_path / "run.checkpoint", small_network(), small_network()
    train(whole)
    with pytest.raises(CrashError):
        train(small_network(), Checkpoints(path, every=2), on_epoch=crash_after(3))
    assert len(load(path).epochs) == 2
    train(resumed, Checkpoints(path, every=2, resume=True))
    assert len(load(path).epochs) == 5  # the last epoch is always written
    assert bits(resumed) == bits(whole)


def test_begins_where_there_is_no_file(tmp_path: Path) -> None:
    """Resume without a file begins: the same command starts and goes on."""
    path, whole, begun = tmp_path / "run.checkpoint", small_network(), small_network()
    train(whole)
    train(begun, Checkpoints(path, resume=True))
    assert bits(begun) == bits(whole)
    assert path.exists()


def test_a_complete_training_is_only_loaded(tmp_path: Path) -> None:
    """Going on from a complete training makes no step, and gives its weights and history."""
    path, net, other = tmp_path / "run.checkpoint", small_network(), small_network(seed=3)
    expected = train(net, path)
    steps: list[Status] = []
    assert train(other, Checkpoints(path, resume=True), on_step=steps.append) == expected
    assert steps == []
    assert bits(other) == bits(net)


def test_more_epochs_at_a_constant_rate(tmp_path: Path) -> None:
    """A training at a constant rate can be made longer, to the same bits as one of that length."""
    path, whole, longer = tmp_path / "run.checkpoint", small_network(), small_network()
    train(whole, schedule=None, epochs=6)
    train(small_network(), path, schedule=None, epochs=2)
    train(longer, Checkpoints(path, resume=True), schedule=None, epochs=6)
    assert bits(longer) == bits(whole)
    with pytest.raises(ParameterError, match="got       epochs=3, where 6 are already made"):
        train(small_network(), Checkpoints(path, resume=True), schedule=None, epochs=3)


def test_the_best_epoch_is_remembered(tmp_path: Path) -> None:
    """A Ctrl-C after going on gives the weights of the best epoch, even if that was before the crash."""
    path, kept = tmp_path / "run.checkpoint", dict[int, bytes]()
    first, worse = small_network(), {"optimizer": SGD(3.0), "schedule": None, "test": None}

    def crash_in_fourth(epoch: Epoch) -> None:
        kept[epoch.number] = bits(first)
        if epoch.number == 4:
            raise CrashError

    with pytest.raises(CrashError):
        train(first, Checkpoints(path), on_epoch=crash_in_fourth, **worse)
    best = min(load(path).epochs, key=lambda epoch: epoch.loss).number
    assert best < 4

    def stop(status: Status) -> None:
        raise KeyboardInterrupt

    resumed = small_network()
    history = train(resumed, Checkpoints(path, resume=True), on_step=stop, **worse)
    assert (history.stopped, history.best) == (True, best)
    assert bits(resumed) == kept[best]


# Refusals


def test_a_file_that_exists(tmp_path: Path) -> None:
    """Without resume nothing is overwritten: the error says how to go on, and no weight moves."""
    path, net = tmp_path / "run.checkpoint", small_network()
    path.write_bytes(b"precious")
    before = bits(net)
    with pytest.raises(ParameterError) as caught:
        train(net, path)
    assert str(caught.value) == (
        f"checkpoint {str(path)!r}\n  got       a file that exists\n"
        "  expected  a new file, or a training to go on with\n"
        "  fix       use Checkpoints(path, resume=True) to go on, or another path"
    )
    assert path.read_bytes() == b"precious"
    assert bits(net) == before


OTHER = Network((1, 6, 6), [Flatten(), Linear(3)])
SETTINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"seed": 12}, "seed 12", "seed 11"),
    ({"batch_size": 9}, "batch_size 9", "batch_size 8"),
    (
        {"optimizer": SGD(0.1)},
        "optimizer SGD(rate=0.1, momentum=0.0, nesterov=False, weight_decay=0.0)",
        "optimizer Adam(rate=0.02, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)",
    ),
    ({"schedule": Cosine()}, "schedule Cosine(warmup=0.0)", "schedule Cosine(warmup=0.1)"),
    ({"epochs": 6}, "epochs 6", "epochs 5"),
    ({"loss": MeanSquaredError()}, "loss MeanSquaredError()", "loss CrossEntropy(probabilities=False)"),
    ({"train": stripes(34)}, "samples 34", "samples 35"),
    ({"train": stripes(seed=5)}, "data ", "data "),
    ({"test": stripes(seed=6)}, "test data ", "test data "),
]


@pytest.mark.parametrize(("changed", "got", "expected"), SETTINGS)
def test_other_settings(tmp_path: Path, changed: dict[str, Any], got: str, expected: str) -> None:
    """Settings with which the bits would differ are refused, each by name."""
    path = tmp_path / "run.checkpoint"
    crash(path, 1)
    with pytest.raises(ParameterError) as caught:
        train(small_network(), Checkpoints(path, resume=True), **changed)
    assert caught.value.where == f"checkpoint {str(path)!r}"
    assert caught.value.got.startswith(got)
    assert caught.value.expected.startswith(expected)
    assert caught.value.expected.endswith(", with which the training in the file began")
    assert caught.value.fix == "go on with the same settings, or begin anew at another path"


def test_another_network(tmp_path: Path) -> None:
    """The checkpoint of another network is refused."""
    path = tmp_path / "run.checkpoint"
    crash(path, 1)
    with pytest.raises(ParameterError, match="layers "):
        train(OTHER, Checkpoints(path, resume=True))


def test_a_schedule_where_there_was_none(tmp_path: Path) -> None:
    """A setting that the file does not know is told as such."""
    path = tmp_path / "run.checkpoint"
    crash(path, 1, schedule=None)
    with pytest.raises(ParameterError) as caught:
        train(small_network(), Checkpoints(path, resume=True))
    assert caught.value.expected.startswith("schedule Constant()")


@pytest.mark.parametrize("place", ["", "missing/run.checkpoint"])
def test_places_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    """A folder, or a file in a folder that does not exist, is refused before the first step."""
    steps: list[Status] = []
    with pytest.raises(ParameterError) as caught:
        train(small_network(), tmp_path / place, on_step=steps.append)
    assert caught.value.got == (
        f"a file in the folder {str(tmp_path / 'missing')!r}, which does not exist" if place else "a folder"
    )
    assert steps == []


def test_every_must_be_whole() -> None:
    """Checkpoints every half epoch cannot be."""
    with pytest.raises(ParameterError) as caught:
        Checkpoints("x", every=0)
    assert str(caught.value) == (
        "Checkpoints\n  got       every=0\n  expected  a whole number, 1 or more\n  fix       use every=1 or more"
    )


def test_settings_of_another_kind() -> None:
    """A number is no path, and a word is neither yes nor no."""
    with pytest.raises(ParameterError) as refused:
        Checkpoints(5)  # pyright: ignore[reportArgumentType] - what the test is about
    assert str(refused.value) == (
        'Checkpoints\n  got       path=5\n  expected  the path of a file\n  fix       use "run.checkpoint", say'
    )
    with pytest.raises(ParameterError, match=r"resume='no'\n  expected  True or False"):
        Checkpoints("a", resume="no")  # pyright: ignore[reportArgumentType] - what the test is about


@pytest.mark.parametrize(("name", "got"), [("a\0b", "embedded null byte"), ("x" * 300, "File name too long")])
def test_names_that_no_file_can_have(tmp_path: Path, name: str, got: str) -> None:
    """A name that the system does not take is refused before the training, not at its first checkpoint."""
    path = tmp_path / name
    with pytest.raises(ParameterError) as refused:
        Checkpoints(path).start({})
    assert refused.value.where == f"checkpoint {str(path)!r}"
    assert got in refused.value.got

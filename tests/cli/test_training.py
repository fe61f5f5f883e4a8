"""`pellucid train`: what it writes, what it leaves behind, and going on after a stop."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from pellucid.formats import load, save
from pellucid.train import SGD, Adam, fit
from pellucid.train.data import load as load_data
from pellucid.train.digits import digits_network
from pellucid.zoo import lenet5

QUICK = ("--epochs", "1", "--batch-size", "256")


def assert_same_weights(a, b):
    """Fail unless all weights have the same bits."""
    for name in a.weights:
        np.testing.assert_array_equal(a.weights[name], b.weights[name])


def test_it_trains_and_saves(pellucid, folder):
    """The file holds the network that the same training in Python gives, and no checkpoint is left."""
    result = pellucid("train", "digits", "digits", "-o", "new.safetensors", "--epochs", "2", "--seed", "3")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "saved new.safetensors"
    assert [line.split()[0] for line in result.stdout.splitlines()[1:5]] == ["loss", "test", "accuracy", "test"]
    assert "epoch" in result.stderr
    train, test = load_data("digits")
    net = digits_network(3)
    fit(net, train, test=test, epochs=2, seed=3)
    assert_same_weights(net, load("new.safetensors"))
    assert not list(folder.glob("*.checkpoint"))


def test_for_programs(pellucid):
    """--json gives what each epoch gave."""
    result = pellucid("train", "digits", "digits", "-o", "new.safetensors", "--epochs", "2", "--json")
    found = json.loads(result.stdout)
    assert found["file"] == "new.safetensors"
    assert [epoch["number"] for epoch in found["epochs"]] == [1, 2]
    assert found["epochs"][1]["test_accuracy"] > found["epochs"][0]["test_accuracy"]


def test_a_network_of_the_zoo_is_built_for_the_data(pellucid):
    """A network of the zoo gets the input's shape and the classes from the data: here photos, a folder a class."""
    assert pellucid("train", "lenet5", "photos", "--size", "28x28", "-o", "new.safetensors", *QUICK).exit_code == 0
    net = load("new.safetensors")
    assert net.inputs[0].shape == (1, 28, 28)
    assert net.classes == tuple("0123456789")
    train, _ = load_data("photos", size=(28, 28))
    same = lenet5(train.classes)
    fit(same, train, epochs=1, batch_size=256)
    assert_same_weights(same, net)


def test_a_file_goes_on(pellucid, trained):
    """A network's file is trained on, with the images of a folder brought to its size."""
    assert pellucid("train", "net.safetensors", "photos", "-o", "new.safetensors", *QUICK).exit_code == 0
    train, test = load_data("photos", size=(8, 8))
    same = load("net.safetensors")
    fit(same, train, test=test, epochs=1, batch_size=256)
    assert_same_weights(same, load("new.safetensors"))
    assert_same_weights(trained, load("net.safetensors"))


def test_optimizer_and_rate(pellucid):
    """The options reach the optimizer."""
    for options, rule in (
        (("--optimizer", "adam"), Adam(0.001)),
        (("--optimizer", "sgd", "--rate", "0.01", "--momentum", "0.5"), SGD(0.01, momentum=0.5)),
    ):
        assert pellucid("train", "digits", "digits", "-o", "new.safetensors", *QUICK, *options).exit_code == 0
        net = digits_network()
        fit(net, load_data("digits")[0], epochs=1, batch_size=256, optimizer=rule)
        assert_same_weights(net, load("new.safetensors"))


def test_an_unfinished_training_is_not_overwritten(pellucid, folder):
    """Where a checkpoint lies, a training begins only when it is told to go on."""
    (folder / "new.checkpoint").write_bytes(b"unfinished")
    result = pellucid("train", "digits", "digits", "-o", "new.safetensors", *QUICK)
    assert result.exit_code == 2
    assert "got       an unfinished training to the same file" in result.stderr
    assert "fix       add --resume to go on, or remove it to begin anew" in result.stderr
    assert (folder / "new.checkpoint").read_bytes() == b"unfinished"


def test_resume_where_nothing_had_begun(pellucid):
    """--resume without a checkpoint begins, and says so: one command line serves a job that may be started again."""
    result = pellucid("train", "digits", "digits", "-o", "new.safetensors", *QUICK, "--resume")
    assert result.exit_code == 0
    assert "no checkpoint new.checkpoint: the training begins\n" in result.stderr


# What was begun in the background may have been told to ignore Ctrl-C.
HEARING = """
import signal
from pellucid.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def test_ctrl_c_and_resume(pellucid, folder):
    """Ctrl-C leaves a checkpoint and no network; --resume gives the bits of a training that was never stopped."""
    command = ["train", "digits", "digits", "-o", "new.safetensors", "--batch-size", "256"]
    process = subprocess.Popen(
        [sys.executable, "-c", HEARING, *command, "--epochs", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not (folder / "new.checkpoint").exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=600)
    finally:
        process.kill()
    assert (process.returncode, output) == (130, "")
    assert "Traceback" not in errors
    words = errors.splitlines()[-1].split()
    assert words[:2] == ["stopped", "after"]
    assert words[-4:] == ["go", "on", "with", "--resume"]
    assert sorted(path.name for path in folder.glob("new*")) == ["new.checkpoint"]
    epochs = str(int(words[2]) + 1)
    assert pellucid(*command, "--epochs", epochs, "--resume").exit_code == 0
    assert sorted(path.name for path in folder.glob("new*")) == ["new.safetensors"]
    assert pellucid(*command[:-3], "never-stopped.safetensors", *command[-2:], "--epochs", epochs).exit_code == 0
    assert Path("never-stopped.safetensors").read_bytes() == Path("new.safetensors").read_bytes()


def test_options_that_would_do_nothing_are_refused(pellucid, folder):
    """A momentum for adam, a size for digits: nothing is ignored in silence, and nothing is begun."""
    for options, text in (
        (("--optimizer", "adam", "--momentum", "0.5"), "--momentum\n  got       0.5 with adam"),
        (("--size", "28x28"), "got       size=(28, 28)"),
    ):
        result = pellucid("train", "digits", "digits", "-o", "new.safetensors", *QUICK, *options)
        assert result.exit_code == 2
        assert text in result.stderr
    assert not (folder / "new.safetensors").exists()
    assert not (folder / "new.checkpoint").exists()


def test_a_checkpoint_that_someone_removed(pellucid, folder, monkeypatch):
    """A network that is saved is saved, also when its checkpoint is gone already."""

    def save_and_clean(net, path):
        for left in folder.glob("*.checkpoint"):
            left.unlink()
        save(net, path)

    monkeypatch.setattr("pellucid.formats.save", save_and_clean)
    assert pellucid("train", "digits", "digits", "-o", "new.safetensors", *QUICK).exit_code == 0
    assert (folder / "new.safetensors").exists()


def test_what_is_not_a_file_is_refused_before_training(pellucid, folder):
    """A folder in the output's place is noticed before the first epoch."""
    (folder / "new.safetensors").mkdir()
    result = pellucid("train", "digits", "digits", "-o", "new.safetensors", *QUICK)
    assert result.exit_code == 2
    assert "got       a folder" in result.stderr
    assert "epoch" not in result.stderr


def test_a_checkpoint_that_cannot_be_written_is_told_to_someone_at_a_terminal(pellucid, monkeypatch):
    """The error says how the command goes on, not how Python does."""

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pellucid.train.checkpoints.replace_file", full)
    result = pellucid("train", "digits", "digits", "-o", "new.safetensors", *QUICK)
    assert result.exit_code == 2
    assert "then go on with --resume" in result.stderr
    assert "Checkpoints(" not in result.stderr

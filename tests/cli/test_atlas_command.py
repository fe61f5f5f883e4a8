"""`pellucid atlas`: the page is written, what is left out is told, and bad input leaves nothing behind."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pellucid.cli.atlas import _bar  # pyright: ignore[reportPrivateUsage]
from pellucid.explain import excitations, facts
from pellucid.train import data


def test_a_page_is_written(pellucid, folder):
    """It says how much was looked through, what is not shown, and where the page is."""
    result = pellucid("atlas", "net.safetensors", "digits", "-o", "a.html", "--channels", "3", "--top", "2")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "2 layers, 6 of 18 channels, 360 images looked through",
        "not shown: 3 layers; name them with --layers",
        "not shown: 12 channels; see more with --channels",
        "saved a.html",
    ]
    text = Path("a.html").read_text("utf-8")
    assert text.count("<img ") == 6 * 2
    assert str(folder) not in text


def test_nothing_is_left_out(pellucid):
    """Where all is shown, nothing is said of the rest."""
    result = pellucid(
        "atlas",
        "net.safetensors",
        "digits",
        "-o",
        "a.html",
        "--layers",
        "conv1,relu1,pool1,flatten1, linear1",
        "--channels",
        "200",
        "--top",
        "1",
    )
    assert result.exit_code == 0, result.stderr
    assert [line.split(",")[0] for line in result.stdout.splitlines()] == ["5 layers", "saved a.html"]


def test_for_programs(pellucid, trained):
    """--json prints the facts that the page was made of, and of which images."""
    result = pellucid(
        "atlas", "net.safetensors", "digits", "-o", "a.html", "--layers", "conv1", "--part", "train", "--json"
    )
    told = json.loads(result.stdout)
    train, _ = data.load("digits")
    assert told == {
        "file": "a.html",
        "data": "digits, train",
        "channels_shown": 16,
        "layers_left_out": ["relu1", "pool1", "flatten1", "linear1"],
        **facts.excitations(excitations(trained, train.images, layers=["conv1"])),
    }


def test_folders_of_images(pellucid):
    """The images of a folder are brought to the size that the network reads."""
    result = pellucid("atlas", "net.safetensors", "photos", "-o", "a.html", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["data"] == "photos, test"


def test_networks_that_are_not_trained(pellucid):
    """It says so where values come from first values."""
    result = pellucid("atlas", "lenet5", "photos", "-o", "a.html", "--top", "1")
    assert result.exit_code == 0, result.stderr
    assert "lenet5 is not trained" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("net.safetensors", "digits", "-o", "a.txt"), "name it 'a.html'"),
        (("net.safetensors", "digits", "-o", "nowhere/a.html"), "no folder 'nowhere'"),
        (("net.safetensors", "digits", "-o", "a.html", "--layers", "conv9"), "did you mean 'conv1'?"),
        (("net.safetensors", "digits", "-o", "a.html", "--part", "tests"), "did you mean 'test'?"),
        (("net.safetensors", "digits", "-o", "a.html", "--top", "4000"), "pictures, of 2 layers"),
        (("net.safetensors", "digits", "-o", "a.html", "--size", "8"), "HEIGHTxWIDTH"),
        (("net.safetensors", "digit", "-o", "a.html"), "did you mean 'digits'?"),
        (("lenet5", "digits", "-o", "a.html"), "shape (360, 1, 8, 8)"),
        (("net.safetensors", "digits"), "Missing option"),
    ],
)
def test_bad_input(pellucid, arguments, words):
    """One message, exit code 2, no traceback, and no page."""
    result = pellucid("atlas", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("a.html").exists()


def test_progress_is_for_terminals(monkeypatch, capsys):
    """A terminal is shown how many images were looked at; a file is not."""
    with _bar() as progress:
        assert progress is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with _bar() as progress:
        assert progress is not None
        progress(64, 360)
        progress(360, 360)
    assert "360/360" in capsys.readouterr().err

"""Names are printed as they are: square brackets, colons and escape sequences in them mean nothing."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from pellucid import Network
from pellucid.layers import Flatten, Linear

QUICK = ("--epochs", "1", "--batch-size", "256")


@pytest.mark.parametrize("name", ["x[red].png", "[b].png", ":smile:.png", f"{'long' * 40}.png"])
def test_names_of_images_are_printed_whole(pellucid, folder, name):
    """An image is told by its own name, unbroken, whatever signs are in it."""
    (folder / name).write_bytes((folder / "photo.jpg").read_bytes())
    result = pellucid("predict", "net.safetensors", name)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split()[0] == name


def test_a_path_that_looks_like_markup(pellucid, folder):
    """A folder and a name that together look like a closing tag are a path."""
    (folder / "x[").mkdir()
    (folder / "x[" / "red].png").write_bytes((folder / "photo.jpg").read_bytes())
    assert "x[/red].png" in pellucid("predict", "net.safetensors", "x[/red].png").stdout


def test_classes_are_printed_as_they_are(pellucid):
    """Markup in a class's name is its letters, what would steer a terminal is escaped, and JSON has the name itself."""
    names = ["[/b]", ":smile:\x1b[2J"]
    Network((1, 8, 8), [Flatten(), Linear(2)], classes=names).save("two.safetensors")
    text = pellucid("predict", "two.safetensors", "photo.jpg").stdout
    assert "[/b]" in text
    assert ":smile:\\x1b[2J" in text
    assert "\x1b" not in text
    found = pellucid("predict", "two.safetensors", "photo.jpg", "--json").stdout
    assert {one["class"] for one in json.loads(found)[0]["classes"]} == set(names)


@pytest.mark.parametrize("name", ["run[b].safetensors", ":smile:.safetensors", f"{'long' * 40}.safetensors"])
def test_the_saved_file_is_told_by_its_name(pellucid, folder, name):
    """The last line of a training names the file exactly, in one line."""
    result = pellucid("train", "digits", "digits", "-o", name, *QUICK)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"saved {name}"
    assert (folder / name).exists()


@pytest.mark.parametrize("command", [("predict",), ("explain",)])
def test_infinities_are_told_without_warnings(pellucid, command):
    """Weights of both infinities give NaN, one note that they are there, and no word about how that was computed."""
    net = Network((1, 8, 8), [Flatten(), Linear(2)])
    net.weights["linear1.weight"] = np.stack([np.full(64, np.inf), np.resize([np.inf, -np.inf], 64)])
    net.save("inf.safetensors")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        args = (*command, "inf.safetensors", "photo.jpg", *(("linear1[1]",) if command == ("explain",) else ()))
        result = pellucid(*args)
    assert result.exit_code == 0
    assert "nan" in result.stdout
    assert result.stderr.splitlines() == [
        "note: weights that are not finite: 'linear1.weight': 128 infinite of 128 numbers, the first at (0, 0)"
    ]

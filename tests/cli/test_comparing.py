"""`pellucid compare` and `pellucid convert`: what they say, what they write, and their exit codes."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from pellucid import load
from pellucid.comparison import compare


@pytest.fixture
def other(folder: Path, trained) -> str:
    """A file of the trained network with one weight turned."""
    net = load("net.safetensors")
    net.weights["conv1.weight"] = net.weights["conv1.weight"][..., ::-1, ::-1]
    net.save("other.safetensors")
    return "other.safetensors"


def test_the_same_is_told_by_exit_code_0(pellucid):
    """Two files of one network are the same; on two engines they are, but for rounding."""
    result = pellucid("compare", "net.safetensors", "net.safetensors")
    assert result.exit_code == 0
    assert "the same, number by number\n" in result.stdout
    result = pellucid("compare", "net.safetensors", "net.safetensors", "--engines", "native,reference")
    assert result.exit_code == 0
    assert "A  quick: 5 layers, 1,370 parameters, on native\nB  quick: " in result.stdout
    assert "the same, but for rounding\n" in result.stdout


def test_a_difference_is_told_by_exit_code_1(pellucid, other):
    """Another network is another: the first layer, the rule and the fix are told, for people and for programs."""
    result = pellucid("compare", "net.safetensors", other)
    assert result.exit_code == 1
    assert "first difference: 'conv1' and 'conv1' (Conv2d), by " in result.stdout
    assert "kernel rotated: B's kernel is A's rotated by 180 degrees" in result.stdout
    result = pellucid("compare", "net.safetensors", other, "--json")
    assert result.exit_code == 1
    facts = json.loads(result.stdout)
    assert facts["same"] is False
    assert facts["differences"][0]["findings"][0]["rule"] == "kernel rotated"
    assert facts["sentence"] == compare("net.safetensors", other).sentence


def test_an_image_may_be_given(pellucid, other):
    """With an image there is one trial, on that image."""
    facts = json.loads(pellucid("compare", "net.safetensors", other, "photo.jpg", "--json").stdout)
    assert [trial["name"] for trial in facts["trials"]] == ["given"]
    facts = json.loads(pellucid("compare", "net.safetensors", other, "digits:17", "--json").stdout)
    assert facts["trials"][0]["verdict"] == "differs"


def test_infinite_differences_are_told_in_json(pellucid):
    """What JSON has no number for is told as a word."""
    facts = json.loads(pellucid("compare", "net.safetensors", "./net.safetensors", "--json").stdout)
    assert facts["same"] is True
    assert facts["trials"][3]["name"] == "NaN"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("net.safetensors", "lost.safetensors"), "no such file"),
        (("net.safetensors", "lenet5"), "inputs (1, 8, 8) in A and (1, 28, 28) in B"),
        (("net.safetensors", "net.safetensors", "lost.jpg"), "lost.jpg"),
        (("net.safetensors", "net.safetensors", "--engines", "a,b,c"), "one name, or two with a comma"),
        (("net.safetensors", "net.safetensors", "--engines", "fast"), "engine 'fast'"),
    ],
)
def test_bad_input_is_told_by_exit_code_2(pellucid, arguments, error):
    """What cannot be compared ends with one message."""
    result = pellucid("compare", *arguments)
    assert result.exit_code == 2
    assert error in result.stderr
    assert "Traceback" not in result.stderr


def test_untrained_networks_are_noted(pellucid):
    """Networks of the zoo have first values: a note says so, once."""
    result = pellucid("compare", "resnet20", "resnet20")
    assert result.exit_code == 0
    assert result.stderr.count("resnet20 is not trained") == 1


def test_convert_writes_what_can_be_opened(pellucid, trained):
    """A network in another file is the same."""
    result = pellucid("convert", "net.safetensors", "copy.safetensors")
    assert result.stdout == "saved copy.safetensors\n"
    assert compare(trained, "copy.safetensors").sentence == "the same, number by number"


def test_convert_writes_source(pellucid, trained):
    """A file that ends in .py holds a program, in the dialect that was asked for."""
    assert pellucid("convert", "net.safetensors", "net.py").exit_code == 0
    assert Path("net.py").read_text() == trained.code("torch")
    assert pellucid("convert", "net.safetensors", "net.py", "--dialect", "numpy").exit_code == 0
    assert Path("net.py").read_text() == trained.code("numpy")
    made = runpy.run_path("net.py")
    image = np.linspace(-1, 1, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    weights = {name: np.asarray(array) for name, array in trained.weights.items()}
    assert made["network"](image, weights) == pytest.approx(trained.predict(image), abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("net.safetensors", "net.txt"), "the suffix '.txt'"),
        (("net.safetensors", "net.py", "--dialect", "caffe"), "the dialect 'caffe'"),
        (("net.safetensors", "net.onnx", "--dialect", "torch"), "a file that ends in .py"),
        (("net.safetensors", "lost/net.py"), "lost"),
        (("lost.onnx", "net.safetensors"), "lost.onnx"),
    ],
)
def test_what_cannot_be_converted_is_told(pellucid, arguments, error):
    """Bad input ends with one message and exit code 2, and nothing is written."""
    result = pellucid("convert", *arguments)
    assert result.exit_code == 2
    assert error in result.stderr
    assert sorted(path.name for path in Path().iterdir()) == ["net.safetensors", "photo.jpg", "photos"]

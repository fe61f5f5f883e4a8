"""Keras configurations that would import, call or fetch something: refused by their place in the JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from crafted_keras import BIAS, KERNEL, MEBI, dense, keras, layer, legacy, model, refused, written

import pellucid

AT = "config.layers[1]"
LAMBDA = {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}}
UNSAFE = {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"}
FETCH = {"module": "keras.utils", "class_name": "function", "config": "get_file"}


def nested(depth: int) -> bytes:
    """A configuration with brackets this deep in it."""
    text = json.dumps(model(dense(), layer("Dense", "x", units="HERE")))
    return text.replace('"HERE"', "[" * depth + "]" * depth).encode()


CONFIGS: dict[str, tuple[Any, str]] = {  # the configuration, and what the error must say
    "a Lambda": (model(layer("Lambda", function=LAMBDA)), f"{AT}.class_name is 'Lambda'"),
    "a Lambda by its name": (model(layer("Lambda", function="os.system")), f"{AT}.class_name is 'Lambda'"),
    "the module os": (model(dense(module="os", class_name="system")), f"{AT}.module names 'os'"),
    "a module that looks like Keras": (model(dense(module="keras_evil.layers")), f"{AT}.module names 'keras_evil"),
    "a function of Keras's": (model(dense(**UNSAFE)), f"{AT}.config"),
    "a registered name": (model(dense(registered_name="builtins>eval")), f"{AT}.registered_name names 'builtins>eval'"),
    "get_file for an activation": (model(layer("Dense", units=2, activation=FETCH)), f"{AT}.config.activation"),
    "unsafe opening for an activation": (model(layer("Dense", units=2, activation=UNSAFE)), f"{AT}.config.activation"),
    "a Lambda for an activation": (model(layer("Dense", units=2, activation=LAMBDA)), f"{AT}.config.activation"),
    "an address for an activation": (
        model(layer("Dense", units=2, activation="https://example.org/a.py")),
        f"{AT}.config.activation",
    ),
    "a SavedModel": (model(layer("TFSMLayer", filepath="/etc")), f"{AT}.class_name is 'TFSMLayer'"),
    "a module of PyTorch's": (model(layer("TorchModuleWrapper", module="os")), f"{AT}.class_name is 'TorchModuleW"),
    "words from a file": (
        model(layer("StringLookup", vocabulary="/etc/passwd")),
        f"{AT}.class_name is 'StringLookup'",
    ),
    "words from an address": (
        model(layer("StringLookup", vocabulary="https://example.org/words")),
        f"{AT}.class_name is 'StringLookup'",
    ),
    "a class of somebody's": (model(layer("Custom")), f"{AT}.class_name is 'Custom'"),
    "a class that is an object": (model(dense(class_name={"a": 1})), f"{AT}.class_name"),
    "a model of somebody's": (model() | {"class_name": "Evil"}, ".class_name is no model"),
    "no layers": (model() | {"config": {"name": "x"}}, "config.layers"),
    "layers that are a text": (model() | {"config": {"name": "x", "layers": "os"}}, "config.layers"),
    "a layer that is a number": (model(7), AT),
    "10**8 units": (model(layer("Dense", units=10**8)), f"{AT}"),
    "10**10 units": (model(layer("Dense", units=10**10)), f"{AT}"),
    "units of 10**400": (model(layer("Dense", units=10**400)), f"{AT}"),
    "negative units": (model(layer("Dense", units=-2)), f"{AT}"),
    "units that are a fraction": (model(layer("Dense", units=2.5)), f"{AT}.config.units"),
    "an input of 10**12": (
        model() | {"config": {"name": "x", "layers": [layer("InputLayer", batch_shape=[None, 10**6, 10**6])]}},
        "",
    ),
    "an option nobody knows": (model(layer("Dense", units=2, backdoor=True)), f"{AT}.config.backdoor"),
    "models in models without end": (None, "nested too deeply"),
    "brackets 100,000 deep": (nested(100_000), "nested too deeply"),
    "brackets 500 deep": (nested(500), f"{AT[:-3]}[2]"),
    "a name twice": (json.dumps(model()).replace('"name": "small"', '"name": "a", "name": "b"').encode(), "twice"),
    "NaN": (json.dumps(model(layer("Dense", units=float("nan")))).encode(), "the number NaN"),
    "no JSON": (b"__import__('os')", "expecting value"),
}


def matryoshka(depth: int) -> dict[str, Any]:
    """Models in models."""
    inner: dict[str, Any] = dense()
    for number in range(depth):
        inner = model(inner)
        inner["config"]["name"] = f"m{number}"
    return inner


CONFIGS["models in models without end"] = (matryoshka(30), "nested too deeply")


ALSO_IN_HDF5 = [*list(CONFIGS)[:15], "10**8 units", "10**10 units", "brackets 100,000 deep"]


@pytest.mark.parametrize(
    ("name", "suffix"), [*((name, ".keras") for name in CONFIGS), *((name, ".h5") for name in ALSO_IN_HDF5)]
)
def test_a_configuration_made_to_harm(name: str, suffix: str, tmp_path: Path) -> None:
    """It is refused by its place in the configuration, whichever file holds it."""
    config, said = CONFIGS[name]
    told = str(refused(tmp_path / f"x{suffix}", keras(config) if suffix == ".keras" else legacy(config)))
    assert said in told


def test_a_configuration_of_spaces(tmp_path: Path) -> None:
    """Spaces without end, which pack well, are refused by what they would unpack to, and by their length."""
    text = json.dumps(model()).encode()
    assert "config.json" in str(refused(tmp_path / "x.keras", keras(text + b" " * (80 * MEBI))))
    assert "config.json" in str(refused(tmp_path / "y.keras", keras(text + b" " * (20 * MEBI))))


@pytest.mark.parametrize("content", [keras(), keras(json.dumps(model()).encode() + b" " * MEBI), keras(matryoshka(1))])
def test_its_twin_is_opened(content: bytes, tmp_path: Path) -> None:
    """The same model without harm is opened with its weights."""
    net = pellucid.load(written(tmp_path / "x.keras", content))
    (weight, bias) = net.weights.values()
    np.testing.assert_array_equal(weight, KERNEL.T)
    np.testing.assert_array_equal(bias, BIAS)


def test_its_older_twin_is_opened(tmp_path: Path) -> None:
    """The same model in HDF5 is opened with its weights."""
    net = pellucid.load(written(tmp_path / "x.h5", legacy(model())))
    np.testing.assert_array_equal(net.weights["dense.weight"], KERNEL.T)


WATCHER = """
import json, sys, pellucid
from pellucid.errors import ModelFileError
first, *files = sys.argv[1:]
pellucid.load(first)  # what is imported on first use is imported now
seen, refused, watching = set(), 0, True
def hook(event, args):
    if watching and event.split(".")[0] in ("open", "import", "exec", "compile", "socket", "ctypes", "urllib", "os"):
        seen.add((event, str(args[0]) if args else ""))
sys.addaudithook(hook)
for file in files:
    try:
        pellucid.load(file)
    except ModelFileError:
        refused += 1
watching = False
print(json.dumps([refused, sorted(seen)]))
"""


def test_nothing_happens_but_reading(tmp_path: Path) -> None:
    """In a process that watches, none of these files causes an import, a connection, or a look at another file."""
    paths = [tmp_path / f"{number}.keras" for number in range(len(ALSO_IN_HDF5) + 1)]
    contents = [keras(), *(keras(CONFIGS[name][0]) for name in ALSO_IN_HDF5)]
    for path, content in zip(paths, contents, strict=True):
        written(path, content)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path / "own")}
    (tmp_path / "own").mkdir()
    command = [sys.executable, "-c", WATCHER, *map(str, paths)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    count, events = json.loads(done.stdout)
    assert count == len(ALSO_IN_HDF5)
    own = {str(path) for path in paths[1:]} | {"/dev/null"}
    strange = [
        [event, what]
        for event, what in events
        if not (event == "open" and (what in own or what.startswith(str(tmp_path / "own")) or what.isdigit()))
    ]
    assert [each for each in strange if not each[0].startswith("os.")] == []
    assert {event for event, _ in strange} <= {"os.kill"}  # of the process that reads HDF5

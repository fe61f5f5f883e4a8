"""Files in our own format changed at random: the same network comes out, or an error of ours, and nothing else."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys

import pytest
from crafted_files import CraftedFile, assert_same_network, small_network
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import ModelFileError
from pellucid.formats import load, save

CUT = st.tuples(st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=40))  # from, how many, put there instead


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The place where this module's files lie."""
    return tmp_path_factory.mktemp("mutations") / "net.safetensors"


@pytest.fixture(scope="module")
def content(path):
    """The bytes of the small network's file."""
    save(small_network(), path)
    return path.read_bytes()


def opened(path):
    """Return the network, or None if the file is refused in few words."""
    try:
        return load(path)
    except ModelFileError as error:
        refusal = str(error)
    assert len(refusal) <= 300
    return None


def test_a_changed_bit_is_noticed(path, content):
    """Whichever bit of the file is changed, the file is refused; in the weights, by the tensor's name."""
    names = ["conv1.weight", "conv1.bias", "linear1.weight", "linear1.bias"]
    weights = small_network().weights
    owner = [name for name in names for _ in range(weights[name].nbytes)]  # of each byte at the end of the file
    for bit in range(0, 8 * len(content), 3):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(ModelFileError) as error:
            load(path)
        if bit // 8 >= len(content) - len(owner):
            assert f"tensor {owner[bit // 8 - len(content)]!r}" in error.value.where
            assert error.value.got.startswith("SHA-256")


def test_a_file_cut_anywhere_is_refused(path, content):
    """Whatever is missing at the end, the file is refused."""
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError):
            load(path)


@settings(max_examples=200)
@given(cuts=st.lists(CUT, max_size=3))
def test_random_changes_of_the_bytes(path, content, cuts):
    """With pieces cut out, put in or replaced, the same network is opened or the file is refused."""
    changed = content
    for start, length, new in cuts:
        changed = changed[:start] + new + changed[start + length :]
    path.write_bytes(changed)
    net = opened(path)
    assert net is not None or changed != content
    if net is not None:
        assert_same_network(small_network(), net)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from(["input", "conv1", "relu1", "again", "Conv2d", "Flatten", "Add", "same", 2**31, 1e300, -1, 0]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def spots(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the way to every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(spot for key, item in inner for spot in spots(item, (*at, key)))]


@settings(max_examples=300)
@given(data=st.data())
def test_random_changes_of_the_network(path, data):
    """With a value of the description replaced and the digests made to fit, a sound network is opened or none is."""
    crafted = CraftedFile()
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(spots(crafted.network)[1:]))
        target = crafted.network
        for key in way:
            target = target[key]
        target[last] = copy.deepcopy(data.draw(VALUES))
    path.write_bytes(crafted.bytes())
    net = opened(path)
    if net is not None:
        save(net, path)
        assert_same_network(net, load(path))


@settings(max_examples=200)
@given(data=st.data())
def test_random_changes_of_the_header(path, data):
    """With a value of what is said of the tensors replaced, the same network is opened or the file is refused."""
    crafted = CraftedFile()
    *way, last = data.draw(st.sampled_from(spots(crafted.tensors)[1:]))
    target = crafted.tensors
    for key in way:
        target = target[key]
    target[last] = data.draw(VALUES)
    path.write_bytes(crafted.bytes())
    net = opened(path)
    if net is not None:
        assert_same_network(small_network(), net)


WATCHED = """
import json, sys
from pathlib import Path
from pellucid.errors import ModelFileError
from pellucid.formats import load
first, *files = sys.argv[1:]
load(first)  # what is imported on first use is imported now
seen, watching = [], True
QUIET = ("object.__getattr__", "code.__new__", "sys._getframe", "builtins.id")
def hook(event, args):
    if watching and event not in QUIET:
        seen.append([event, str(args[0]) if args else ""])
sys.addaudithook(hook)
for file in files:
    try:
        load(file)
    except ModelFileError:
        pass
watching = False
print(json.dumps(seen))
"""


def test_opening_a_file_does_nothing_but_read_it(tmp_path, content):
    """Opened or refused, a file makes nothing be imported, compiled or started, and no other file be opened."""
    bad, worse = CraftedFile(), CraftedFile()
    bad.network["nodes"][1].update(layer="os.system", params={"command": "echo"})
    worse.network["nodes"][1].update(params={"__reduce__": ["os.system", "echo"]})
    paths = [tmp_path / f"{number}.safetensors" for number in range(4)]
    for path, made in zip(paths, (content, content, bad.bytes(), worse.bytes()), strict=True):
        path.write_bytes(made)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WATCHED, *map(str, paths)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    events = json.loads(done.stdout)
    assert events == [["open", str(path)] for path in paths[1:]]

"""A network that is saved and opened again is the same network, down to the bits of its weights."""

from __future__ import annotations

import numpy as np
import pytest
from crafted_files import CraftedFile, assert_same_network, small_network
from safetensors import safe_open
from safetensors.numpy import save_file

import pellucid.formats
from pellucid import Network
from pellucid.errors import ModelFileError
from pellucid.formats import FORMATS, OpeningWarning, load, save
from pellucid.layers import REGISTRY, Add, Concat, Conv2d, Dropout, Flatten, Input, Linear, MaxPool2d, ReLU
from pellucid.zoo import lenet5, resnet18

# Keras has fewer words: what comes back of its files is told in keras/test_round_trip.py.
SAVED = [suffix for suffix, known in FORMATS.items() if known.save and known.load and suffix != ".keras"]
EXAMPLES = [
    pytest.param(example, id=f"{kind}-{i}") for kind in REGISTRY for i, example in enumerate(REGISTRY[kind].examples())
]


def of_example(example) -> Network:
    """Return a network of the example's layer alone."""
    inputs = [Input(shape, f"in{number}") for number, shape in enumerate(example.shapes)]
    return Network(inputs, example.layer(*inputs, name="layer"), seed=3)


def branches() -> Network:
    """Return a network with two inputs, two outputs, branches that meet, and a layer used three times."""
    left, right = Input((2, 6, 6), "left"), Input((3, 6, 6), "right")
    conv = Conv2d(2, 3, padding=((2, 0), (1, 1)), bias=False)
    relu = ReLU()
    x = relu(conv(relu(conv(left))))
    joined = Concat()(x, right, Add()(x, conv(x)))
    scores = Linear(4)(Dropout(0.25)(Flatten("HWC")(joined)))
    return Network([left, right], [scores, joined], seed=11, classes=["w", "x", "y", "z"])


def odd_names() -> Network:
    """Return a network whose names need care in JSON, and whose seed needs 64 bits."""
    return Network(
        (1, 4, 4),
        [("größe \"1\" \\ 'x'", Conv2d(2, 3)), ("層/0", Flatten()), ("a.b.c", Linear(2))],
        seed=2**64 - 1,
        classes=["\x00\n\u202e", "😀 \ud800"],
        name='a "quoted" \\ name\nof two lines',
    )


NETWORKS = {
    "lenet5": lenet5,
    "resnet18": lambda: resnet18(5, input_shape=(3, 32, 32)),
    "small": small_network,
    "branches": branches,
    "odd names": odd_names,
    "no layers": lambda: Network([image := Input((2, 3, 3), "image")], [image]),
    "negative seed": lambda: Network((1, 4, 4), [MaxPool2d(2), Flatten(), Linear(2)], seed=-5),
}


@pytest.mark.parametrize("suffix", SAVED)
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_layer_comes_back(example, suffix, tmp_path):
    """Each example of each layer comes back with the same parameters and weights."""
    net = of_example(example)
    save(net, tmp_path / f"net{suffix}")
    assert_same_network(net, load(tmp_path / f"net{suffix}"))


@pytest.mark.parametrize("suffix", SAVED)
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_come_back(name, suffix, tmp_path):
    """Branches, shared layers, several inputs and outputs, and names of any kind come back as they were."""
    net = NETWORKS[name]()
    save(net, tmp_path / f"net{suffix}")
    assert_same_network(net, load(tmp_path / f"net{suffix}"))


@pytest.mark.parametrize("suffix", SAVED)
def test_weights_that_are_not_first_values_come_back(suffix, tmp_path):
    """Infinities, NaN with its payload, negative zero and denormal numbers come back bit by bit."""
    net = small_network()
    special = np.array([0x7F800000, 0xFF800000, 0x7FC12345, 0x80000000, 0x00000001, 0x807FFFFF], np.uint32)
    net.weights["linear1.weight"] = special.view(np.float32).reshape(3, 2)
    save(net, tmp_path / f"net{suffix}")
    with pytest.warns(OpeningWarning, match="1 NaN and 2 infinite and 2 denormal of 6 numbers"):
        opened = load(tmp_path / f"net{suffix}")
    assert_same_network(net, opened)
    with pytest.raises(ModelFileError, match=r"net.*: tensor 'linear1.weight'\n.*1 NaN"):
        load(tmp_path / f"net{suffix}", strict=True)


@pytest.mark.parametrize("suffix", SAVED)
def test_the_same_network_gives_the_same_bytes(suffix, tmp_path):
    """Saving twice, and saving what was opened, gives the same file."""
    paths = [tmp_path / f"{number}{suffix}" for number in range(3)]
    save(branches(), paths[0])
    save(branches(), paths[1])
    save(load(paths[0]), paths[2])
    assert paths[0].read_bytes() == paths[1].read_bytes() == paths[2].read_bytes()


def test_the_safetensors_library_reads_ours(tmp_path):
    """What we write is a standard safetensors file, with the network in its metadata."""
    net = odd_names()
    save(net, tmp_path / "net.safetensors")
    with safe_open(tmp_path / "net.safetensors", "np") as file:
        assert set(file.keys()) == set(net.weights)
        for name in net.weights:
            np.testing.assert_array_equal(file.get_tensor(name), net.weights[name])
        assert set(file.metadata()) == {"pellucid", "sha256"}


def test_we_read_what_the_safetensors_library_writes(tmp_path):
    """A file that the safetensors library wrote again, in its own order, is the same network."""
    net = resnet18(3, input_shape=(3, 32, 32))
    save(net, tmp_path / "ours.safetensors")
    with safe_open(tmp_path / "ours.safetensors", "np") as file:
        tensors = {name: file.get_tensor(name) for name in reversed(list(file.keys()))}
        save_file(tensors, tmp_path / "theirs.safetensors", file.metadata())
    assert_same_network(net, load(tmp_path / "theirs.safetensors"))


def test_a_file_made_by_hand_is_read(tmp_path):
    """The format is what its description says: a file written by hand from it is the network."""
    (tmp_path / "net.safetensors").write_bytes(CraftedFile().bytes())
    assert_same_network(small_network(), load(tmp_path / "net.safetensors"))


def test_a_parameter_that_the_file_leaves_out_has_its_default(tmp_path):
    """A file of an older version, which lacks a parameter that was added later, is read with the default."""
    crafted = CraftedFile()
    del crafted.network["nodes"][3]["params"]["keepdims"]
    (tmp_path / "net.safetensors").write_bytes(crafted.bytes())
    assert_same_network(small_network(), load(tmp_path / "net.safetensors"))


def test_the_suffix_in_capitals(tmp_path):
    """The suffix's case does not matter."""
    save(small_network(), tmp_path / "NET.SAFETENSORS")
    assert_same_network(small_network(), load(str(tmp_path / "NET.SAFETENSORS")))


def test_the_network_knows_the_way(tmp_path):
    """`net.save` is the same door, and the outputs of what is opened are the same."""
    net = branches()
    net.save(tmp_path / "net.safetensors")
    images = tuple(np.random.default_rng(0).standard_normal((2, *node.shape)) for node in net.inputs)
    opened = pellucid.formats.load(tmp_path / "net.safetensors")
    for a, b in zip(net.predict(images), opened.predict(images), strict=True):
        np.testing.assert_array_equal(a, b)

"""Networks: every shape known when built, errors that name the layer, shared layers, depth without limit."""

from __future__ import annotations

import copy
import hashlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from by_hand import Refusal

from pellucid import Input, Network
from pellucid.errors import ParameterError, ShapeError, UnknownNameError
from pellucid.layers import Add, BatchNorm2d, Concat, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU


def lenet(seed: int = 0) -> Network:
    """LeNet-5 on 28 x 28."""
    return Network(
        (1, 28, 28),
        [
            *[Conv2d(6, 5, padding=2), ReLU(), MaxPool2d(2), Conv2d(16, 5), ReLU(), MaxPool2d(2), Flatten()],
            *[Linear(120), ReLU(), Linear(84), ReLU(), Dropout(0.5), Linear(10)],
        ],
        seed=seed,
        name="lenet",
    )


def test_shapes() -> None:
    """Every value's shape is known when the network is built, inputs first, in the order of running."""
    assert lenet().shapes == {
        "input": (1, 28, 28),
        "conv1": (6, 28, 28),
        "relu1": (6, 28, 28),
        "pool1": (6, 14, 14),
        "conv2": (16, 10, 10),
        "relu2": (16, 10, 10),
        "pool2": (16, 5, 5),
        "flatten1": (400,),
        "linear1": (120,),
        "relu3": (120,),
        "linear2": (84,),
        "relu4": (84,),
        "dropout1": (84,),
        "linear3": (10,),
    }


def test_what_a_network_says_of_itself() -> None:
    """Its repr tells its name, ends, layers and parameters, of several inputs and outputs too."""
    assert repr(lenet()) == "<Network 'lenet': input (1, 28, 28) -> linear3 (10,), 13 layers, 61,706 parameters>"
    a, b = Input((2,), "a"), Input((3,))
    both = Network([a, b], [Linear(4)(a), Concat()(a, b)])
    assert repr(both) == (
        "<Network 'network': a (2,) and input1 (3,) -> linear1 (4,) and concat1 (5,), 2 layers, 12 parameters>"
    )


def test_parameters_are_what_is_trained() -> None:
    """Running averages are no parameters, and sizes beyond 64 bits are counted right."""
    assert Network((3, 4, 4), [BatchNorm2d()]).params == 6
    assert Network((2**31 - 1,), [Linear(2**31 - 1), Linear(2**31 - 1), Linear(2**31 - 1)]).params == 3 * (
        (2**31 - 1) ** 2 + 2**31 - 1
    )


def test_nodes_by_name() -> None:
    """A node is found by name, an input's too."""
    net = lenet()
    assert net.node("conv2").layer == Conv2d(16, 5)
    assert net.node("input").layer is None
    assert net.node("conv2").inputs == (net.node("pool1"),)


def test_weight_names() -> None:
    """A layer's weights are known by its own words and by the network's; inputs and layers without have none."""
    net = lenet()
    assert net.weight_names("conv1") == {"weight": "conv1.weight", "bias": "conv1.bias"}
    assert net.weight_names("relu1") == net.weight_names("input") == {}


def test_one_layer_used_twice_has_one_set_of_weights() -> None:
    """A layer called twice is run twice with the same weights, which carry the name of its first place."""
    shared, x = Linear(3), Input((3,))
    net = Network(x, shared(ReLU()(shared(x))))
    assert list(net.layers) == ["linear1", "relu1", "linear2"]
    assert list(net.weights) == ["linear1.weight", "linear1.bias"]
    assert net.weight_names("linear2") == net.weight_names("linear1")
    assert net.params == 12
    net.weights["linear1.weight"], net.weights["linear1.bias"] = 2 * np.eye(3), [1, 1, 1]
    assert net.predict(np.array([[1, 2, -9]]), engine="reference").tolist() == [[7, 11, 1]]


def test_equal_layers_are_not_shared() -> None:
    """Two layers that are equal, but made apart, have weights of their own."""
    net = Network((3,), [Linear(3), Linear(3)])
    assert list(net.weights) == ["linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"]
    assert net.weights["linear1.weight"].tobytes() != net.weights["linear2.weight"].tobytes()


def test_several_inputs_and_outputs() -> None:
    """A network takes a tuple for several inputs and gives one for several outputs, in the order they were named."""
    a, b = Input((2,)), Input((2,))
    net = Network([a, b], [ReLU()(b), Add()(a, b)])
    first, second = net.predict((np.array([[1, 2]]), np.array([[-5, 7]])), engine="reference")
    assert (first.tolist(), second.tolist()) == ([[0, 7]], [[-4, 9]])


def test_classes() -> None:
    """Names of classes are kept as text, one for each channel of the first output."""
    assert Network((4,), [Linear(2)], classes=["cat", 7]).classes == ("cat", "7")  # pyright: ignore[reportArgumentType]
    assert lenet().classes is None


def test_depth_has_no_limit() -> None:
    """A chain of 5,000 layers is built, summed up, run, copied and pickled without recursion."""
    deep = Network((2,), [ReLU() for _ in range(5000)])
    assert deep.outputs[0].name == "relu5000"
    assert len(deep.summary().layers) == 5000
    assert deep.predict(np.array([[1, -1]]), engine="reference").tolist() == [[1, 0]]
    for twin in (copy.deepcopy(deep), pickle.loads(pickle.dumps(deep))):
        assert list(twin.shapes) == list(deep.shapes)


@pytest.mark.parametrize("changed", [False, True])
def test_copies_are_the_same_network(changed: bool) -> None:
    """A pickled or deeply copied network computes the same bits, before and after its weights were touched."""
    net = lenet(seed=3)
    if changed:
        net.weights["conv1.bias"] = np.arange(6)
    image = np.random.default_rng(0).random((1, 1, 28, 28))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert repr(twin) == repr(net)
        assert twin.layers == net.layers
        assert twin.predict(image, engine="reference").tobytes() == net.predict(image, engine="reference").tobytes()
        twin.weights["conv1.bias"] = np.full(6, 9)
        assert net.weights["conv1.bias"][0] != 9


def test_a_network_from_another_process_can_be_built_upon() -> None:
    """Layers called on the nodes of a network that another process pickled come after them."""
    code = (
        "import pickle, sys; from pellucid import Network; from pellucid.layers import Linear, ReLU\n"
        "nets = [Network((3,), [Linear(4), ReLU()]) for _ in range(50)]\n"
        "sys.stdout.buffer.write(pickle.dumps(nets[-1]))"
    )
    net = pickle.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    longer = Network(net.inputs[0], Linear(2)(net.outputs[0]))
    assert list(longer.layers) == ["linear1", "relu1", "linear2"]


def test_the_same_seed_gives_the_same_bits() -> None:
    """All first values of a network are pinned: the digest was written down once."""
    digest = hashlib.sha256()
    net = lenet(seed=7)
    for name in net.weights:
        digest.update(net.weights[name].tobytes())
    assert digest.hexdigest() == "f2c754b92508b44165d093eaad34c6f44f56c106befab619c493c4aa2da333fe"
    assert lenet(seed=-(2**63)).weights["conv1.weight"].any()
    assert Network((3,), [Linear(2)], seed=np.int64(5)).seed == 5  # pyright: ignore[reportArgumentType]


SHARED, LEFT, RIGHT = Linear(3), Input((2,)), Input((5,))
REFUSED = [
    Refusal(
        lambda: Network((1, 28, 28), [Conv2d(6, 5), MaxPool2d(2), Conv2d(16, 13)]),
        ShapeError,
        "Conv2d 'conv2'",
        "input (6, 12, 12): kernel 13 spans 13; 12 places + padding 0 + 0 = 12",
        "at least 13 places, padding included",
        "use a smaller kernel, a larger input, or 1 more padding",
    ),
    Refusal(
        lambda: Network((1, 28, 28), [Flatten(), ("late", Conv2d(6, 5))]),
        ShapeError,
        "Conv2d 'late'",
        "input (784,): 1 axes",
        "maps of shape (channels, height, width)",
        "put it before Flatten",
    ),
    Refusal(
        lambda: Network((3,), [ReLU(), Add()]),
        ShapeError,
        "Add 'add1'",
        "1 inputs",
        "2 or more",
        "call it on 2 or more node(s)",
    ),
    Refusal(
        lambda: Network([LEFT, RIGHT], [SHARED(LEFT), SHARED(RIGHT)]),
        ShapeError,
        "Linear 'linear2'",
        "the layer of 'linear1' again, now with weight (3, 5)",
        "weight (3, 2): one layer used twice has one set of weights",
        "make a second layer, or give it an input with as many channels",
    ),
    Refusal(
        lambda: Network((0, 28, 28), [ReLU()]),
        ShapeError,
        "Input",
        "shape (0, 28, 28)",
        "(channels, height, width), each a whole number of 1 or more, without the batch",
        "write for instance Input((3, 224, 224))",
    ),
    Refusal(
        lambda: Network((4,), [Linear(3)], classes=["a", "b"]),
        ParameterError,
        "Network",
        "2 class names",
        "3, one an output of 'linear1'",
        "give a name for each output",
    ),
    Refusal(
        lambda: Network((4,), [Linear(3)], seed=0.5),  # pyright: ignore[reportArgumentType]
        ParameterError,
        "seed",
        "0.5",
        "a whole number, -2**63 to 2**64 - 1",
        "use a number such as 0",
    ),
    *(
        Refusal(
            make,
            UnknownNameError,
            "layer 'conv3'",
            "'conv3'",
            "one of input, conv1, relu1, pool1, conv2, relu2, pool2, flatten1, linear1, relu3, linear2, relu4, "
            "... (14 in all)",
            "did you mean 'conv2'?",
        )
        for make in (lambda: lenet().node("conv3"), lambda: lenet().weight_names("conv3"))
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: f"{refusal.where}: {refusal.got}")
def test_refused(refusal: Refusal) -> None:
    """What cannot run is refused when the network is built, under the name of the layer that is to blame."""
    refusal.check()

"""What can be asked of an attribution, and what is said where it cannot."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from pellucid import Input, Network
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import DataError, ParameterError, PellucidError, ShapeError, UnknownNameError
from pellucid.explain.attribution import METHODS, Attribution, GradCAM, IntegratedGradients, Occlusion, Strong
from pellucid.explain.attribution.grad_cam import late_layer
from pellucid.layers import Add, Conv2d, Flatten, GlobalAvgPool2d, Linear, LogSoftmax, MaxPool2d, ReLU, Softmax
from pellucid.zoo import NETWORKS

X = np.random.default_rng(0).standard_normal((2, 6, 5)).astype(np.float32)


def network() -> Network:
    """Four named classes."""
    layers = [Conv2d(3, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(4), Softmax()]
    return Network((2, 6, 5), layers, seed=5, classes=["ant", "bee", "cat", "dog"])


def test_a_class_by_number_by_name_or_predicted() -> None:
    """A class can be said in three ways; the score is what stands before the softmax."""
    net = network()
    trace = net.trace(X)
    best = int(trace["softmax1"].argmax())
    names = net.classes or ()
    targets: list[Any] = [None, best, names[best], np.int64(best)]
    for target in targets:
        found = trace.attribute("gradient", target)
        assert (found.target, found.label, found.address) == (best, names[best], f"linear1[{best}]")
        assert found.score == trace["linear1"][best]
        assert (found.input, found.engine, found.layer, found.reference, found.error) == (
            "input", "native", None, None, None,
        )  # fmt: skip
    wide = Network((2, 6, 5), [Conv2d(4, (6, 5)), Softmax(0)])  # scores in maps of one place, as some files have them
    found = wide.trace(X).attribute("gradient", 2)
    assert (found.target, found.address) == (2, "conv1[2,0,0]")
    logs = Network((2, 6, 5), [Flatten(), Linear(4), LogSoftmax()])
    assert logs.trace(X).attribute("gradient").source == "linear1"


def test_any_number_of_any_layer() -> None:
    """A place in a layer is a question too: only its receptive field counts."""
    trace = network().trace(X)
    found = trace.attribute("gradient", ("conv1", (2, 1, 1)))
    assert (found.address, found.target, found.label) == ("conv1[2,1,1]", None, None)
    assert found.values.shape == (2, 6, 5)
    inside = np.zeros((2, 6, 5), bool)
    inside[:, 1:4, 1:4] = True
    assert np.array_equal(found.values != 0, inside)
    np.testing.assert_array_equal(found.values[:, 1:4, 1:4], network().weights["conv1.weight"][2])
    only = Network(3, [Linear(1)])
    assert only.trace([1, 2, 3]).attribute("gradient").values.tolist() == only.weights["linear1.weight"][0].tolist()
    assert only.trace([1, 2, 3]).attribute("gradient x input").map.shape == (3,)
    assert only.trace([1, 2, 3]).attribute("gradient").strongest() == ()


def test_one_of_several_inputs() -> None:
    """The first image is weighed unless another input is named; the others stay as they are."""
    a, b = Input((3,), name="facts"), Input((1, 3, 3), name="picture")
    net = Network([a, b], Add()(Linear(2)(a), Linear(2)(Flatten()(b))))
    trace = net.trace((np.arange(3), np.ones((1, 3, 3))))
    assert trace.attribute("integrated gradients").input == "picture"
    found = trace.attribute("integrated gradients", 1, of="facts")
    assert found.values == pytest.approx(net.weights["linear1.weight"][1] * np.arange(3), abs=1e-6)
    assert trace.attribute("gradient", ("linear1", (0,))).input == "facts"
    with pytest.raises(UnknownNameError, match="one of facts, picture"):
        trace.attribute("gradient", of="pictures")


def test_an_engine_of_its_own_and_progress() -> None:
    """The engine of the trace computes, or the one that is named; progress comes after each batch."""

    class Own(ReferenceEngine):
        name: ClassVar[str] = "own"

    told: list[tuple[int, int]] = []
    trace = network().trace(X, engine=Own())
    found = trace.attribute("integrated gradients", steps=10, batch_size=4, progress=lambda *x: told.append(x))
    assert found.engine == "own"
    assert told == [(4, 10), (8, 10), (10, 10)]
    told.clear()
    assert trace.attribute("gradient", engine="native", progress=lambda *x: told.append(x)).engine == "native"
    assert told == [(1, 1)]
    told.clear()
    trace.attribute("occlusion", size=3, stride=3, progress=lambda *x: told.append(x))
    assert told == [(4, 4)]


def test_printing_tells_the_story() -> None:
    """The method, the number, the layer or the sum, and the strongest places with their signs."""
    net = Network((1, 2, 2), [Conv2d(1, 1, bias=False), Flatten(), Linear(2, bias=False)], classes=["no", "yes"])
    net.weights["conv1.weight"], net.weights["linear1.weight"] = [[[[2]]]], [[1, 0, 0, -2], [0, 0, 0, 0]]
    trace = net.trace([[[1, 1], [1, 3]]])
    assert str(trace.attribute("integrated gradients", "no", steps=1)) == (
        "integrated gradients for linear1[0], class 'no': score -10\n"
        "  sum -10 = -10 - 0, but for 0\n"
        "  strongest (row, column): (1, 1) -12, (0, 0) +2"
    )
    assert str(trace.attribute("grad-cam", "yes")) == (
        "grad-cam for linear1[1], class 'yes': score 0\n  maps of conv1\n  strongest (row, column): none"
    )


def test_the_strongest_places_lie_apart() -> None:
    """Neighbours of a strong place are left out, as far as a sixteenth of the image or as far as is asked."""
    map = np.zeros((32, 32), np.float32)
    map[3, 4], map[3, 5], map[3, 6], map[20, 0] = 9, 8, -7, np.nan
    found = Attribution(IntegratedGradients(), "native", "input", "y", (0,), 0, None, 1.0, values=map, map=map)
    assert found.strongest() == (Strong(3, 4, 9.0), Strong(3, 6, -7.0))
    assert found.strongest(apart=0) == (Strong(3, 4, 9.0), Strong(3, 5, 8.0), Strong(3, 6, -7.0))
    assert found.strongest(1, apart=5) == (Strong(3, 4, 9.0),)
    map[10:14, 10:14] = 5  # a patch of equal numbers is one place
    assert found.strongest()[-1:] == (Strong(10, 10, 5.0),)


def test_the_late_layer_of_famous_networks() -> None:
    """It is what papers use: the last feature maps that everything goes through, before the last pool."""
    wanted = {
        "alexnet": ("features.11", (256, 13, 13)),
        "vgg16": ("features.29", (512, 14, 14)),
        "resnet50": ("layer4.2.relu3", (2048, 7, 7)),
        "googlenet": ("inception5b.concat", (1024, 7, 7)),
        "mobilenet_v2": ("features.18.2", (1280, 7, 7)),
        "densenet121": ("relu", (1024, 7, 7)),
    }
    for name, (layer, shape) in wanted.items():
        net = NETWORKS[name]()
        found = late_layer(net, "input", str(net.outputs[0].name))
        assert (name, net.shapes[found]) == (name, shape), found
        assert found == layer
    x = Input((1, 4, 4), name="x")
    heads = [Linear(2)(Flatten()(Conv2d(2, 3)(x))) for _ in range(2)]  # neither sees all that the score depends on
    assert late_layer(Network(x, Add()(*heads, name="both")), "x", "both") == "x"
    plain = Network((1, 4, 4), [Flatten(), Linear(2)])
    assert late_layer(plain, "input", "linear1") == "input"
    assert plain.trace(np.ones((1, 4, 4))).attribute("grad-cam").layer == "input"


TRACED = network().trace(X)
WIDE = Network((2, 6, 5), [Conv2d(3, 3)]).trace(X)
VECTOR = Network(3, [Linear(2)]).trace([1, 2, 3])
OTHERS = '"gradient", "gradient x input" or "integrated gradients"'
MAPS = "maps (channels, height, width) between 'input' and 'linear1'"
SIDE = "a whole number of 1 or more, or (height, width)"
Refusal = tuple[type[PellucidError], str, str, str, str]  # where, got, expected, fix


@pytest.mark.parametrize(
    ("arguments", "settings", "refusal"),
    [
        (
            ("gradients",),
            {},
            (UnknownNameError, "method 'gradients'", "'gradients'", f"one of {', '.join(METHODS)}", "did you mean"),
        ),
        (("gradient",), {"steps": 3}, (ParameterError, "method 'gradient'", "steps=3", "no settings", "leave it out")),
        (
            ("occlusion",),
            {"sise": 3},
            (UnknownNameError, "setting of 'occlusion' 'sise'", "'sise'", "one of size, stride, baseline", "did you"),
        ),
        (
            (GradCAM(),),
            {"layer": "conv1"},
            (
                ParameterError,
                "attribute",
                "GradCAM(layer=None) and layer",
                "a method that is made, or its name and settings",
                "put them into GradCAM(...)",
            ),
        ),
        (("gradient", "cow"), {}, (UnknownNameError, "class 'cow'", "'cow'", "one of ant, bee, cat, dog", "")),
        (
            ("gradient", 4),
            {},
            (ParameterError, "attribute", "target=4", "a class from 0 to 3, or its name", "leave it out for the pred"),
        ),
        (("gradient", True), {}, (ParameterError, "attribute", "target=True", "a class from 0 to 3", "leave it out")),
        (
            ("gradient", (1, 2, 3)),
            {},
            (
                ParameterError,
                "attribute",
                "target=(1, 2, 3)",
                "a class, or a layer's name with a place",
                'write for instance target=("conv2", (3, 10, 12))',
            ),
        ),
        (("gradient", ("conv9", (0,))), {}, (UnknownNameError, "layer 'conv9'", "'conv9'", "one of input", "did you")),
        (
            ("gradient", ("conv1", (0, 0, 9))),
            {},
            (ShapeError, "layer 'conv1'", "place (0, 0, 9)", "3 numbers", "count"),
        ),
        (
            ("gradient", ("input", (0, 0, 0))),
            {},
            (ParameterError, "attribute", "input 'input'", "a layer's number", "an input is given, not computed"),
        ),
        (
            ("gradient",),
            {"batch_size": 0},
            (ParameterError, "attribute", "batch_size 0", "1 to", "use a batch_size of 1 or more"),
        ),
        (
            ("integrated gradients",),
            {"steps": 0},
            (ParameterError, "integrated gradients", "steps 0", "1 to", "use a st"),
        ),
        (
            ("integrated gradients",),
            {"baseline": [1, 2]},
            (
                ShapeError,
                "integrated gradients",
                "a baseline of shape (2,)",
                "one number, or an array (2, 6, 5)",
                "give it the shape of one input, without a batch",
            ),
        ),
        (
            ("occlusion",),
            {"baseline": np.nan},
            (ParameterError, "occlusion", "a baseline with NaN or infinity", "finite numbers", "replace them"),
        ),
        (("occlusion",), {"baseline": "black"}, (DataError, "occlusion, baseline", "dtype <U5", "an array", "convert")),
        (("occlusion",), {"size": 0}, (ParameterError, "occlusion", "size=0", SIDE, "use for instance size=8")),
        (("occlusion",), {"stride": (1, 2, 3)}, (ParameterError, "occlusion", "stride=(1, 2, 3)", SIDE, "use for")),
        (
            ("occlusion",),
            {"stride": 1.5},
            (ParameterError, "occlusion", "stride=1.5", SIDE, "use for instance stride=8"),
        ),
        (
            ("occlusion",),
            {"size": (2, 3), "stride": 3},
            (
                ParameterError,
                "occlusion",
                "stride (3, 3) of patches (2, 3)",
                "a stride no larger than the size",
                "use stride=(2, 3) or less",
            ),
        ),
        (
            ("grad-cam",),
            {"layer": "linear1"},
            (ShapeError, "grad-cam", "layer 'linear1' of shape (4,)", MAPS, "use 'pool1"),
        ),
        (
            ("grad-cam", ("conv1", (0, 0, 0))),
            {"layer": "relu1"},
            (ShapeError, "grad-cam", "layer 'relu1' of shape (3, 4, 3)", "maps", "use 'conv1'"),
        ),
        (("grad-cam",), {"layer": "conv9"}, (UnknownNameError, "layer 'conv9'", "'conv9'", "one of", "did you mean")),
    ],
)
def test_what_cannot_be_asked(arguments: tuple[Any, ...], settings: dict[str, Any], refusal: Refusal) -> None:
    """Each mistake has one clear error, before anything runs."""
    check_refused(TRACED, arguments, settings, refusal)


def check_refused(trace: Any, arguments: tuple[Any, ...], settings: dict[str, Any], refusal: Refusal) -> None:
    """Assert that a question is refused: where it is, what came, and how what was expected and the fix begin."""
    error, where, got, expected, fix = refusal
    with pytest.raises(error) as raised:
        trace.attribute(*arguments, **settings)
    assert (raised.value.where, raised.value.got) == (where, got)
    assert raised.value.expected.startswith(expected)
    assert raised.value.fix.startswith(fix)


def test_what_needs_classes_or_images_says_so() -> None:
    """A network without classes is asked for a number, and what is no image cannot be covered."""
    check_refused(
        WIDE,
        ("gradient",),
        {},
        (
            ShapeError,
            "output 'conv1'",
            "shape (3, 4, 3), and no place in it",
            "scores of classes",
            "name the number: target=('conv1', (0, 0, 0))",
        ),
    )
    for method in ("occlusion", "grad-cam"):
        wanted = "an image (channels, height, width)"
        check_refused(
            VECTOR, (method,), {}, (ShapeError, method, "input 'input' of shape (3,)", wanted, f"use {OTHERS}")
        )


def test_maps_that_are_not_there_point_elsewhere() -> None:
    """Where a number depends on no maps, another method is named."""
    a, b = Input((3,), name="facts"), Input((1, 3, 3), name="picture")
    net = Network([a, b], [Linear(2)(a), GlobalAvgPool2d()(b)])
    trace = net.trace((np.arange(3), np.ones((1, 3, 3))))
    with pytest.raises(ShapeError, match='fix       use "integrated gradients"'):
        trace.attribute("grad-cam", of="picture", layer="picture")
    with pytest.raises(ShapeError, match="got       layer 'picture' of shape"):
        trace.attribute("grad-cam", of="picture")


def test_old_traces_are_refused() -> None:
    """A trace from before the weights changed is no longer the network's."""
    net = network()
    trace = net.trace(X)
    net.weights["linear1.bias"] = net.weights["linear1.bias"] + 1
    with pytest.raises(ParameterError) as raised:
        trace.attribute("gradient")
    assert str(raised.value) == (
        "attribute\n  got       a trace from before 'linear1.bias' was assigned\n"
        "  expected  a trace of the network as it is\n  fix       trace the image again"
    )


def test_every_method_says_what_it_is() -> None:
    """Each method of the table has its name, and a sentence for people."""
    assert list(METHODS) == ["gradient", "gradient x input", "integrated gradients", "occlusion", "grad-cam"]
    for name, method in METHODS.items():
        assert method.name == name
        assert len(method.about) > 20
    assert Occlusion().patches((224, 224))[-1] == (slice(196, 224), slice(196, 224))

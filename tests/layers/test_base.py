"""What all layers share: they are values, say how they were made, and complain by name."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from by_hand import Refusal

from pellucid import layers
from pellucid.errors import ParameterError, ShapeError, UnknownNameError
from pellucid.layers import (
    REGISTRY,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Input,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
)
from pellucid.layers.base import Cost, Run
from pellucid.window import Window

LAYERS = [example.layer for kind in REGISTRY.values() for example in kind.examples()]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_layers_are_values(layer: Layer) -> None:
    """A layer equals, and hashes as, another of the same parameters, however it came about."""
    twins = [
        type(layer)(**layer.config()),
        REGISTRY[layer.kind](**layer.config()),
        eval(repr(layer), {name: getattr(layers, name) for name in layers.__all__}),
        copy.copy(layer),
        copy.deepcopy(layer),
        pickle.loads(pickle.dumps(layer)),
    ]
    for twin in twins:
        assert twin == layer
        assert hash(twin) == hash(layer)
        assert type(twin) is type(layer)


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_layers_cannot_be_changed(layer: Layer) -> None:
    """No parameter can be set after the check at making, and no attribute added."""
    for name in [*layer.config(), "something"]:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(layer, name, 1)


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_configurations_are_plain(layer: Layer) -> None:
    """A configuration holds numbers, text, truths, None and tuples of them alone, so that any format can hold it."""

    def plain(value: object) -> bool:
        if isinstance(value, tuple):
            return all(plain(item) for item in value)
        return value is None or type(value) in (int, float, str, bool)

    assert all(plain(value) for value in layer.config().values())


def test_different_layers_differ() -> None:
    """Other parameters, or another kind with the same ones, make another layer."""
    assert Conv2d(5, 3) != Conv2d(5, 3, stride=2)
    assert Conv2d(5, 3) != Conv2d(6, 3)
    assert MaxPool2d(2) != AvgPool2d(2)
    assert Dropout(0.5) != layers.Dropout2d(0.5)
    assert ReLU() == ReLU()
    assert Conv2d(5, 3, padding=1) == Conv2d(5, (3, 3), padding=((1, 1), (1, 1)))


@pytest.mark.parametrize(
    ("layer", "shown"),
    [
        (Conv2d(5, 3), "Conv2d(5, 3)"),
        (Conv2d(5, (3, 2), stride=2, padding=1), "Conv2d(5, (3, 2), stride=2, padding=1)"),
        (Conv2d(5, 3, padding=(1, 0)), "Conv2d(5, 3, padding=(1, 0))"),
        (Conv2d(5, 3, padding=((0, 1), (2, 3))), "Conv2d(5, 3, padding=((0, 1), (2, 3)))"),
        (Conv2d(5, 3, padding="same", bias=False), "Conv2d(5, 3, padding='same', bias=False)"),
        (MaxPool2d(2), "MaxPool2d(2)"),
        (MaxPool2d(2, stride=1), "MaxPool2d(2, stride=1)"),
        (AdaptiveAvgPool2d(None), "AdaptiveAvgPool2d(None)"),
        (Dropout(), "Dropout()"),
        (LeakyReLU(0.3), "LeakyReLU(negative_slope=0.3)"),
        (Flatten("HWC"), "Flatten(order='HWC')"),
    ],
)
def test_shown_as_written(layer: Layer, shown: str) -> None:
    """A layer shows itself as a person would write it: defaults left out, equal sides once."""
    assert repr(layer) == shown


def test_parameters_are_named_in_errors() -> None:
    """A parameter's error names the layer's kind and the parameter, and shows what was given."""
    Refusal(
        lambda: Conv2d(5, 3, stride=(1, 2, 3)),  # pyright: ignore[reportArgumentType]
        ParameterError,
        "Conv2d",
        "stride=(1, 2, 3)",
        "one number, or a pair (height, width)",
        "give two numbers",
    ).check()


SHAPES = [
    Refusal(
        lambda: Conv2d(5, 3)(Input((5,)), name="late"),
        ShapeError,
        "Conv2d 'late'",
        "input (5,): 1 axes",
        "maps of shape (channels, height, width)",
        "put it before Flatten",
    ),
    Refusal(
        lambda: Conv2d(5, 3).shape_of((3, 4)),
        ShapeError,
        "Conv2d",
        "input (3, 4): 2 axes",
        "maps of shape (channels, height, width)",
        "give it three axes, without the batch",
    ),
    Refusal(
        lambda: Conv2d(5, 5)(Input((1, 3, 9)), name="conv7"),
        ShapeError,
        "Conv2d 'conv7'",
        "input (1, 3, 9): kernel 5 spans 5; 3 places + padding 0 + 0 = 3",
        "at least 5 places, padding included",
        "use a smaller kernel, a larger input, or 2 more padding",
    ),
    Refusal(
        lambda: ReLU().shape_of((3,), (3,)),
        ShapeError,
        "ReLU",
        "2 inputs",
        "1",
        "call it on 1 node(s)",
    ),
    Refusal(lambda: ReLU()(), ShapeError, "ReLU", "0 inputs", "1", "call it on 1 node(s)"),
    Refusal(lambda: Add()(Input((3,))), ShapeError, "Add", "1 inputs", "2 or more", "call it on 2 or more node(s)"),
    Refusal(
        lambda: ReLU()(np.ones((3, 4, 5))),  # pyright: ignore[reportArgumentType]
        ParameterError,
        "ReLU",
        "a call on a value of type ndarray",
        "nodes: an Input, or what another layer gave",
        "build a Network with it, and call the network's predict",
    ),
]


@pytest.mark.parametrize("refusal", SHAPES, ids=lambda refusal: f"{refusal.where}: {refusal.got}")
def test_what_cannot_be_read(refusal: Refusal) -> None:
    """Shapes and inputs that a layer cannot read are refused where it is called, under the layer's name."""
    refusal.check()


def test_costs_add_up() -> None:
    """Costs are added column by column."""
    assert Cost(1, 2, 3, 4, 5) + Cost(macs=10, specials=1) == Cost(11, 2, 3, 4, 6)


def test_a_run_goes_from_layer_to_layer() -> None:
    """A run told another layer is the same run but for the layer."""
    run = Run(training=True, seed=1, step=2, samples=np.array([3]), layer="a")
    there = run.at("b")
    assert (there.training, there.seed, there.step, there.samples, there.layer) == (True, 1, 2, run.samples, "b")


class Twice(Layer):
    """A layer of its own that says only what it must."""

    prefix = "twice"


def test_what_a_layer_must_say() -> None:
    """A layer that only has a name costs and learns nothing and reads place by place; the rest it must say itself."""
    layer = Twice()
    x = np.ones((1, 2))
    assert layer.weights((2,)) == {}
    assert layer.cost((2,)) == Cost()
    assert layer.windows((2,)) == (Window(1), Window(1))
    assert layer.updates(x, w={}) == {}
    mask = np.array([True, False])
    assert layer.reads(mask, (2,), (2,)) == (mask, mask)
    for unsaid in (
        lambda: layer.output_shape((2,)),
        lambda: layer.forward(x, w={}, run=Run()),
        lambda: layer.backward(x, x, y=x, w={}, run=Run()),
        lambda: layer.explain((0,), x, w={}, run=Run()),
        Twice.examples,
    ):
        with pytest.raises(NotImplementedError):
            unsaid()


def test_the_registry_is_the_export() -> None:
    """Every layer that can be imported is in the registry under its own name, and none besides."""
    exported = {
        name: value
        for name in layers.__all__
        if isinstance(value := getattr(layers, name), type) and issubclass(value, Layer) and value is not Layer
    }
    assert exported == REGISTRY


def test_batches_of_none() -> None:
    """No samples give no outputs and gradients of no samples, in both modes and for every kind of layer."""
    for kind in REGISTRY.values():
        for example in kind.examples():
            layer, shapes = example.layer, example.shapes
            xs = [np.ones((0, *shape)) for shape in shapes]
            w = {name: spec.initial(np.random.default_rng(0)) for name, spec in layer.weights(*shapes).items()}
            for run in (Run(), Run(training=not isinstance(layer, BatchNorm2d))):  # no batch has no mean
                y = layer.forward(*xs, w=w, run=run)
                assert y.shape == (0, *layer.shape_of(*shapes))
                found = layer.backward(y, *xs, y=y, w=w, run=run)
                assert [x.shape for x in found.inputs] == [x.shape for x in xs]
                assert all((grad == 0).all() and grad.shape == w[name].shape for name, grad in found.weights.items())


def test_equal_layers_in_a_set() -> None:
    """Layers can be counted and looked up, as any value."""
    assert len({Linear(3), Linear(3), Linear(4)}) == 2


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: Conv2d(1, 6, 5),  # pyright: ignore[reportCallIssue] - PyTorch's order: in, out, kernel
            "Conv2d\n  got       3 values without names: 1, 6, 5\n"
            "  expected  out_channels, kernel_size; all others by name\n"
            "  fix       name the others, and leave the input's channels out: they are inferred",
        ),
        (
            lambda: BatchNorm2d(64),  # pyright: ignore[reportCallIssue] - PyTorch's num_features
            "BatchNorm2d\n  got       1 values without names: 64\n  expected  none; all others by name",
        ),
        (lambda: Linear(120, 84), "Linear\n  got       2 values without names: 120, 84"),  # pyright: ignore[reportCallIssue]
        (
            lambda: Conv2d(6, 5, strides=2),  # pyright: ignore[reportCallIssue] - Keras's name
            "Conv2d parameter 'strides'\n  got       'strides'\n  expected  one of out_channels, kernel_size, stride, ",
        ),
        (lambda: Conv2d(6), "Conv2d\n  got       no kernel_size"),  # pyright: ignore[reportCallIssue]
        (lambda: Conv2d(kernel_size=3), "Conv2d\n  got       no out_channels"),  # pyright: ignore[reportCallIssue]
    ],
)
def test_parameters_of_other_frameworks_are_refused(make: Callable[[], object], text: str) -> None:
    """What PyTorch and Keras call otherwise, or put elsewhere, is never taken for something else."""
    with pytest.raises((ParameterError, UnknownNameError)) as refused:
        make()
    assert str(refused.value).startswith(text)

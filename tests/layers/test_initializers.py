"""First values of weights: their bounds, spread and fans, as the frameworks define them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from by_hand import Refusal

from pellucid.errors import ParameterError
from pellucid.layers import BatchNorm2d, Conv2d, Linear
from pellucid.layers.initializers import INITIALIZERS, Weight
from pellucid.random import generator

FAN_IN, FAN_OUT = 27, 80
COUNT = 200_000
GLOROT = 2 / (FAN_IN + FAN_OUT)  # variances
HE = 2 / FAN_IN
UNIFORM = {
    "pytorch": 1 / (3 * FAN_IN),
    "keras": GLOROT,
    "glorot_uniform": GLOROT,
    "xavier_uniform": GLOROT,
    "he_uniform": HE,
    "kaiming_uniform": HE,
}
NORMAL = {"glorot_normal": GLOROT, "xavier_normal": GLOROT, "he_normal": HE, "kaiming_normal": HE}
CONSTANT = {"zeros": 0.0, "ones": 1.0, "prelu": 0.25}


def drawn(name: str) -> np.ndarray:
    """Many first values of one kind."""
    weight = Weight((COUNT // 100, 100), name, FAN_IN, FAN_OUT)
    values = weight.initial(generator(0, "here"))
    assert values.shape == weight.shape
    assert values.dtype == np.float32
    return values.astype(np.float64)


def test_every_initializer_is_tested() -> None:
    """The tables above are the whole table."""
    assert {*UNIFORM, *NORMAL, *CONSTANT} == set(INITIALIZERS)


@pytest.mark.parametrize(("name", "variance"), UNIFORM.items())
def test_uniform(name: str, variance: float) -> None:
    """Values spread evenly over +-sqrt(3 * variance), mean and variance within five standard errors."""
    values = drawn(name)
    bound = (3 * variance) ** 0.5
    assert np.abs(values).max() <= bound * (1 + 1e-6)
    assert np.abs(values).max() > bound * 0.999
    assert abs(values.mean()) < 5 * (variance / COUNT) ** 0.5
    assert abs(values.var() / variance - 1) < 5 * (0.8 / COUNT) ** 0.5  # a uniform's fourth moment is 1.8 variance^2


@pytest.mark.parametrize(("name", "variance"), NORMAL.items())
def test_normal(name: str, variance: float) -> None:
    """Values are normal: mean, variance, and the share beyond one deviation, within five standard errors."""
    values = drawn(name)
    assert abs(values.mean()) < 5 * (variance / COUNT) ** 0.5
    assert abs(values.var() / variance - 1) < 5 * (2 / COUNT) ** 0.5
    beyond = (np.abs(values) > variance**0.5).mean()
    assert abs(beyond - 0.31731) < 5 * (0.31731 * 0.68269 / COUNT) ** 0.5


@pytest.mark.parametrize(("name", "value"), CONSTANT.items())
def test_constants(name: str, value: float) -> None:
    """Constants are constant."""
    assert (drawn(name) == value).all()


@pytest.mark.parametrize("groups", [1, 2])
def test_fans_of_a_convolution(groups: int) -> None:
    """A kernel's fans are those that PyTorch counts, and Keras too: groups lessen what is summed, not what is fed."""
    weight = Conv2d(6, (3, 2), groups=groups).weights((4, 9, 9))["weight"]
    shape = torch.empty(weight.shape)
    assert (weight.fan_in, weight.fan_out) == torch.nn.init._calculate_fan_in_and_fan_out(shape)
    assert (weight.fan_in, weight.fan_out) == (4 // groups * 6, 36)


def test_fans_of_a_linear_layer() -> None:
    """A linear layer sums over its inputs and feeds its outputs; its bias goes by the same numbers."""
    weights = Linear(7).weights((5,))
    assert [(of.shape, of.fan_in, of.fan_out) for of in weights.values()] == [((7, 5), 5, 7), ((7,), 5, 7)]


@pytest.mark.parametrize("bias", [False, True])
def test_pytorchs_bounds(bias: bool) -> None:
    """By default kernels and biases are drawn as PyTorch draws them: within +-1/sqrt(fan in), to its very edge."""
    ours = Conv2d(600, 3).weights((3, 9, 9))["bias" if bias else "weight"].initial(generator(0, "here"))
    theirs = torch.nn.Conv2d(3, 600, 3).state_dict()["bias" if bias else "weight"].numpy()
    for values in (ours, theirs):
        assert 0.98 * 27**-0.5 < np.abs(values).max() <= 27**-0.5 * (1 + 1e-6)


def test_the_keras_way() -> None:
    """Keras's defaults are asked for by name: Glorot's uniform kernels, and biases of zero."""
    weights = Conv2d(8, 3, weight_init="keras", bias_init="zeros").weights((3, 9, 9))
    kernel, bias = (of.initial(generator(0, "here")) for of in weights.values())
    bound = (6 / (27 + 72)) ** 0.5
    assert 0.98 * bound < np.abs(kernel).max() <= bound * (1 + 1e-6)
    assert (bias == 0).all()


def test_batch_norm_begins_as_the_identity() -> None:
    """Scale and running variance begin at one, shift and running mean at zero; only the first two are trained."""
    weights = BatchNorm2d().weights((3, 2, 2))
    assert {name: (of.initializer, of.trainable) for name, of in weights.items()} == {
        "weight": ("ones", True),
        "bias": ("zeros", True),
        "running_mean": ("zeros", False),
        "running_var": ("ones", False),
    }


@pytest.mark.parametrize("name", ["weight_init", "bias_init"])
def test_unknown_initializer(name: str) -> None:
    """An initializer that does not exist is refused with the list of those that do."""
    Refusal(
        lambda: replace(Linear(5), **{name: "he"}),
        ParameterError,
        "Linear",
        f"{name}='he'",
        "one of 'pytorch', 'keras', 'glorot_uniform', 'xavier_uniform', 'glorot_normal', 'xavier_normal', "
        "'he_uniform', 'kaiming_uniform', 'he_normal', 'kaiming_normal', 'zeros', 'ones', 'prelu'",
        "use 'pytorch'",
    ).check()

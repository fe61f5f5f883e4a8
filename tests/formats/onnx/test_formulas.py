"""Formulas that are one layer, rows and volumes: as exporters write them, with ONNX Runtime's numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from onnx_steps import F, kinds, opened, reason, step
from small_models import small_model

import pellucid
from pellucid.errors import UnmappedError

# Formulas

HALF, ONE, ROOT = F(0.5), F(1), F(math.sqrt(2))
GELU = {
    "of PyTorch": (step("Div", "x r", "a"), step("Erf", "a", "b"), step("Add", "b o", "c"), step("Mul", "x c", "d"),
                   step("Mul", "d h")),
    "half first": (step("Mul", "x h", "d"), step("Mul", "x i", "a"), step("Erf", "a", "b"), step("Add", "o b", "c"),
                   step("Mul", "d c")),
    "half last": (step("Mul", "i x", "a"), step("Erf", "a", "b"), step("Add", "b o", "c"), step("Mul", "h c", "d"),
                  step("Mul", "x d")),
}  # fmt: skip
TANH = (step("Pow", "x p", "a"), step("Mul", "a k", "b"), step("Add", "x b", "c"), step("Mul", "c s", "d"),
        step("Tanh", "d", "e"), step("Add", "e o", "f"), step("Mul", "x f", "g"), step("Mul", "g h"))  # fmt: skip
NUMBERS = {"h": HALF, "o": ONE, "r": ROOT, "i": F(1 / math.sqrt(2)), "p": F(3), "k": F(0.044715),
           "s": F(math.sqrt(2 / math.pi)), "t": F(3), "z": F(0), "six": F(6)}  # fmt: skip


@pytest.mark.parametrize("order", GELU)
def test_gelu_is_known_by_its_formula(order: str) -> None:
    """In whatever order its factors stand."""
    assert kinds(opened(*GELU[order], constants=NUMBERS)) == ["GELU"]


def test_gelu_of_tanh_is_known_by_its_formula() -> None:
    """The other one, whose constants are not taken for those of the first."""
    net = opened(*TANH, constants=NUMBERS)
    assert net.layers["Mul_y"].config() == {"approximate": "tanh"}
    with pytest.raises(UnmappedError):
        pellucid.load(small_model(GELU["of PyTorch"], constants={**NUMBERS, "r": F(1.5)}))


def test_gates_are_known_by_their_formulas() -> None:
    """SiLU, Mish, HardSwish by two formulas, and HardSigmoid."""
    gated = {
        "Softsign": (step("Abs", "x", "a"), step("Add", "o a", "b"), step("Div", "x b")),
        "SiLU": (step("Sigmoid", "x", "a"), step("Mul", "x a")),
        "Mish": (step("Softplus", "x", "a"), step("Tanh", "a", "b"), step("Mul", "b x")),
        "HardSigmoid": (step("Add", "x t", "a"), step("Clip", "a z six", "b"), step("Div", "b six")),
        "HardSwish": (step("Add", "x t", "a"), step("Clip", "a z six", "b"), step("Mul", "x b", "c"),
                      step("Div", "c six")),
    }  # fmt: skip
    spelt = (step("Neg", "x", "a"), step("Exp", "a", "b"), step("Add", "b o", "c"), step("Div", "x c"))
    assert kinds(opened(*spelt, constants=NUMBERS)) == ["SiLU"]
    for kind, steps in gated.items():
        assert kinds(opened(*steps, constants=NUMBERS)) == [kind]
    assert kinds(opened(step("HardSigmoid", "x", "a", alpha=1 / 6), step("Mul", "x a"))) == ["HardSwish"]


def test_what_is_read_elsewhere_is_no_part_of_a_formula() -> None:
    """A sigmoid that is an output too stays a layer, and the product one."""
    net = opened(step("Sigmoid", "x", "a"), step("Mul", "x a"), outputs=("y", "a"))
    assert kinds(net) == ["Sigmoid", "Multiply"]


def test_activations_by_their_operators() -> None:
    """Operators of newer opsets, and Selu with other constants."""
    opened(step("Gelu", "x", approximate="tanh"), opset=20)
    opened(step("Mish", "x"), opset=18)
    opened(step("HardSwish", "x"), opset=14)
    assert kinds(opened(step("Selu", "x", alpha=2.0, gamma=3.0))) == ["ELU", "Scale"]


# Rows and volumes


def test_windows_over_rows() -> None:
    """Convolutions and pools along one axis are those of maps of one row."""
    shape = ("N", 4, 9)
    weight = np.random.default_rng(1).normal(size=(6, 2, 3)).astype(F)
    told: dict[str, Any] = {"pads": [1, 0], "strides": [2], "dilations": [2]}
    net = opened(step("Conv", "x w", group=2, **told), shape=shape, constants={"w": weight})
    assert kinds(net) == ["Reshape", "Conv2d", "Reshape"]
    opened(step("ConvTranspose", "x w", strides=[2], output_padding=[1]), shape=("N", 6, 5), constants={"w": weight})
    for op in ("MaxPool", "AveragePool"):
        opened(step(op, "x", kernel_shape=[3], pads=[1, 1], ceil_mode=1, strides=[2]), shape=shape)
    for op in ("GlobalMaxPool", "GlobalAveragePool"):
        opened(step(op, "x"), shape=shape)


def test_numbers_that_go_through_six_axes() -> None:
    """Exporters of old spelt out DepthToSpace and its way back: they are known for what they do."""
    for perm, shape, kind in (
        ([0, 1, 4, 2, 5, 3], [-1, 2, 2, 2, 4, 6], ["PixelShuffle"]),
        ([0, 3, 4, 1, 5, 2], [-1, 2, 2, 2, 4, 6], ["PixelShuffle"]),
        ([0, 3, 5, 1, 2, 4], [-1, 8, 2, 2, 3, 2], ["Reshape", "Permute", "Reshape", "Permute", "Reshape"]),
        ([0, 1, 3, 5, 2, 4], [-1, 8, 2, 2, 3, 2], ["Reshape", "Permute", "Reshape", "Permute", "Reshape"]),
        ([0, 1, 2, 3, 4, 5], [-1, 8, 2, 2, 3, 2], ["Reshape"]),
    ):
        whole = [-1, 2, 8, 12] if kind == ["PixelShuffle"] else [-1, 32, 2, 3]
        steps = step("Reshape", "x a", "t"), step("Transpose", "t", "p", perm=perm), step("Reshape", "p b")
        net = opened(*steps, shape=("N", 8, 4, 6), constants={"a": np.array(shape), "b": np.array(whole)})
        assert kinds(net) == kind
    other = step("Reshape", "x a", "t"), step("Transpose", "t", "p", perm=[0, 5, 4, 3, 2, 1]), step("Reshape", "p b")
    constants = {"a": np.array([-1, 2, 2, 2, 4, 6]), "b": np.array([-1, 2, 8, 12])}
    assert "which no layer here does" in reason(*other, shape=("N", 8, 4, 6), constants=constants)
    assert "more than 5 axes" in reason(step("Reshape", "x a"), shape=("N", 8, 4, 6), constants=constants)


def test_batch_norm_of_volumes() -> None:
    """The places of a channel are as many, however they lie."""
    numbers = {name: np.array([1, 2, 3], F) for name in "sbmv"}
    opened(step("BatchNormalization", "x s b m v"), shape=("N", 3, 2, 4, 5), constants=numbers)

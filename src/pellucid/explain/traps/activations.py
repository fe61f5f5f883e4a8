"""Traps of activations: slopes and formulas that differ from framework to framework under one name."""

from __future__ import annotations

import math

from ...layers import CELU, ELU, GELU, HardSigmoid, HardSwish, LeakyReLU, PReLU, SiLU, Softplus
from .trap import Place, Rules, Trap

SLOPES = {"PyTorch and ONNX": 0.01, "Keras's layer": 0.3, "keras.ops and tf.nn": 0.2, "Darknet": 0.1}


def slope(at: Place, layer: LeakyReLU) -> Trap | None:
    """Every framework has another slope below 0."""
    own = layer.negative_slope
    others = [f"{whose} {slope:g}" for whose, slope in SLOPES.items() if slope != own]
    mine = [whose for whose, slope in SLOPES.items() if slope == own]
    said = f", the default of {mine[0]}" if mine else ""
    return Trap(
        "The slope below 0",
        f"-1 becomes {-own:g}{said}. Other defaults: {', '.join(others)}. Write it out wherever it is moved to.",
    )


def formula(at: Place, layer: GELU) -> Trap | None:
    """GELU is two formulas."""
    exact, tanh = _gelu(2.0), _gelu_tanh(2.0)
    if layer.approximate == "tanh":
        return Trap(
            "Two formulas of one name",
            f"This is the approximation by tanh: 2 becomes {tanh:.6f}. PyTorch's default, nn.GELU(), is the exact one, "
            f"{exact:.6f}; they are up to 0.0005 apart.",
        )
    return Trap(
        "Two formulas of one name",
        f"This is the exact one: 2 becomes {exact:.6f}. keras.ops.gelu and many transformers take the approximation by "
        f"tanh, {tanh:.6f}; they are up to 0.0005 apart.",
    )


def _gelu(x: float) -> float:
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


def _gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def hard(at: Place, layer: HardSigmoid) -> Trap | None:
    """Hard sigmoids have two slopes."""
    ours = min(max(layer.alpha + layer.beta, 0), 1)
    if layer.alpha == 0.2:
        return Trap(
            "Two slopes of one name",
            f"The slope is 0.2: 1 becomes {ours:g}, as in Keras 2 and by ONNX's default. In PyTorch and Keras 3 it is "
            f"1/6: {1 / 6 + 0.5:.4f}.",
        )
    return Trap(
        "Two slopes of one name",
        f"The slope is {layer.alpha:.4g}: 1 becomes {ours:.4f}. In Keras 2, and by ONNX's default, it is 0.2, which "
        "gives 0.7.",
    )


def hard_swish(at: Place, layer: HardSwish) -> Trap | None:
    """Built of a hard sigmoid, it inherits its slope."""
    return Trap(
        "Built from a hard sigmoid",
        "x times a hard sigmoid of slope 1/6: 1 becomes 0.6667. Made by hand from Keras 2's or ONNX's default hard "
        "sigmoid, of slope 0.2, it would become 0.7.",
    )


def silu(at: Place, layer: SiLU) -> Trap | None:
    """One function, two names."""
    text = "SiLU and Swish are the same: x * sigmoid(x). ONNX has it since opset 24 only; before, it is two nodes."
    return Trap("One function, two names", text)


def elu(at: Place, layer: ELU | CELU) -> Trap | None:
    """ELU and CELU are the same at alpha 1 only."""
    if layer.alpha == 1:
        return None
    a = layer.alpha
    e, c = a * math.expm1(-1), a * math.expm1(-1 / a)
    ours, theirs, other = (c, e, "ELU") if isinstance(layer, CELU) else (e, c, "CELU")
    return Trap(
        "Two curves of one alpha",
        f"With alpha={a:g}, -1 becomes {ours:.4f} here and {theirs:.4f} by {other}: only at alpha=1 are they the same.",
    )


def slopes(at: Place, layer: PReLU) -> Trap | None:
    """Keras learns a slope for every number."""
    if len(at.shapes[0]) != 3:
        return None
    channels, height, width = at.shapes[0]
    own = at.weight("weight")
    if layer.axes not in ((), (0,)):
        return None
    axes = "[1, 2]" if layer.axes else "[1, 2, 3]"
    return Trap(
        "How many slopes",
        f"{math.prod(own):,} here. Keras's PReLU learns one a number, {channels * height * width:,}, unless "
        f"shared_axes={axes}; ONNX wants them as {(*own, 1, 1)[-3:]}.",
    )


def straight(at: Place, layer: Softplus) -> Trap | None:
    """PyTorch's softplus turns straight, and has a beta."""
    if layer.beta == 1:
        return None
    at_zero = math.log(2) / layer.beta
    return Trap(
        "Beta",
        f"beta={layer.beta:g}: 0 becomes {at_zero:.4f}. Keras and ONNX know beta 1 only, {math.log(2):.4f}.",
    )


TRAPS: Rules = {
    CELU: (elu,),
    ELU: (elu,),
    GELU: (formula,),
    HardSigmoid: (hard,),
    HardSwish: (hard_swish,),
    LeakyReLU: (slope,),
    PReLU: (slopes,),
    SiLU: (silu,),
    Softplus: (straight,),
}

"""Activations, softmax and dropout: every number by itself, or along one axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .....layers import Node
from .....random import name_key
from .....wiring import name_of
from ..builder import Builder
from ..curves import SELU
from ..dropout import DropoutForward
from ..elementwise import Activation, Backward, Forward
from ..held import Held
from ..learning import TrainingBuilder
from ..log_softmax import LogSoftmaxBackward, LogSoftmaxForward
from ..softmax import SoftmaxBackward, SoftmaxForward
from .base import Rule, layer_of

ACTIVATIONS: dict[str, Callable[[Any], Activation]] = {
    "ReLU": lambda layer: Activation("relu"),
    "LeakyReLU": lambda layer: Activation("leaky_relu", layer.negative_slope),
    "ReLU6": lambda layer: Activation("relu6"),
    "Clip": lambda layer: Activation("clip", _or(layer.min, -math.inf), _or(layer.max, math.inf)),
    "Tanh": lambda layer: Activation("tanh"),
    "Sigmoid": lambda layer: Activation("sigmoid"),
    "HardSigmoid": lambda layer: Activation("hard_sigmoid", layer.alpha, layer.beta),
    "HardSwish": lambda layer: Activation("hard_swish"),
    "SiLU": lambda layer: Activation("silu"),
    "ELU": lambda layer: Activation("elu", layer.alpha, 1.0),
    "CELU": lambda layer: Activation("celu", layer.alpha),
    "SELU": lambda layer: Activation(*SELU),
    "Softplus": lambda layer: Activation("softplus", layer.beta, layer.threshold),
    "Softsign": lambda layer: Activation("softsign"),
    "Mish": lambda layer: Activation("mish"),
    "GELU": lambda layer: Activation("gelu" if layer.approximate == "none" else "gelu_tanh"),
}


def activation_of(node: Node) -> Activation | None:
    """Return what a node's layer does to each number, or None if it is no activation."""
    layer = layer_of(node)
    return ACTIVATIONS[layer.kind](layer) if layer.kind in ACTIVATIONS else None


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound


class ActivationRule(Rule):
    """Activations, unless the step before did them already."""

    def forward(self, b: Builder, node: Node) -> None:
        """Add the function, unless it is done."""
        if b.fused_with(node) is not None:
            return
        activation = activation_of(node)
        assert activation is not None
        x, y = b.read(node.inputs[0]), b.new(node)
        b.step(name_of(node), Forward(activation, x.maps, y.maps), x, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Multiply with the slope; in place where the layer before was fused with this one."""
        activation = activation_of(node)
        assert activation is not None
        name, dy = name_of(node), b.grad(node)
        dx, add = b.into(node.inputs[0])
        seen = b.values[name] if activation.needs == "y" else b.values[name_of(node.inputs[0])]
        in_place = dx.buffer is dy.buffer
        b.step(name, Backward(activation, seen.maps, dy.maps, dx.maps, add and not in_place), seen, dy, dx)


class SoftmaxRule(Rule):
    """Softmax along one axis, or its logarithm.

    Args:
        made: the kernel of its value.
        gradient: the kernel of its input's gradient.
    """

    def __init__(
        self, made: type[SoftmaxForward | LogSoftmaxForward], gradient: type[SoftmaxBackward | LogSoftmaxBackward]
    ) -> None:
        self._made, self._gradient = made, gradient

    def forward(self, b: Builder, node: Node) -> None:
        """Add it."""
        x, y = b.read(node.inputs[0], dense=True), b.new(node)
        kernel = self._made(node.shape, _axis(node), x.maps, y.maps)
        b.step(name_of(node), kernel, x, y)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Add its gradient."""
        name = name_of(node)
        y, dy = b.values[name], b.grad(node)
        dx, add = b.into(node.inputs[0])
        b.step(name, self._gradient(node.shape, _axis(node), y.maps, dy.maps, dx.maps, add), y, dy, dx)


def _axis(node: Node) -> int:
    """Return the axis that sums to 1, counted from 0."""
    return layer_of(node).axis % len(node.shape)


class DropoutRule(Rule):
    """Dropout: in training a mask, otherwise nothing."""

    def forward(self, b: Builder, node: Node) -> None:
        """Multiply with the mask."""
        if b.is_same(node):
            b.same(node)
            return
        x, y = b.read(node.inputs[0]), b.new(node)
        self._mask(b, node, x, y, add=False)
        b.finished(node)

    def backward(self, b: TrainingBuilder, node: Node) -> None:
        """Multiply the gradient with the same mask."""
        dy = b.grad(node)
        dx, add = b.into(node.inputs[0])
        self._mask(b, node, dy, dx, add=add)

    def _mask(self, b: Builder, node: Node, source: Held, target: Held, *, add: bool) -> None:
        layer, name, call = layer_of(node), name_of(node), b.arguments.call
        per_map = layer.mask_shape(node.shape) != node.shape
        kernel = DropoutForward(source.maps, target.maps, layer.p, name_key(name), per_map, add)
        b.step(name, kernel, source, call["samples"], call["random"], target)


SOFTMAX = {
    "Softmax": SoftmaxRule(SoftmaxForward, SoftmaxBackward),
    "LogSoftmax": SoftmaxRule(LogSoftmaxForward, LogSoftmaxBackward),
}

"""PyTorch's operations number by number, with matrices, and across numbers: activations, norms, sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...layers import Add, BatchNorm2d, Dropout, Dropout2d, LeakyReLU, Linear, Node, ReLU, Softmax
from ..opening import UnreadableError, along, make
from ..stored import Stored
from .call import Call

Operation = Callable[[Call], Any]


def plain(kind: str) -> Operation:
    """Return the operation of a layer without parameters."""
    return lambda call: call.add(make(kind), call.node("self"))


def alpha(kind: str) -> Operation:
    """Return the operation of an activation with one parameter, which is 1 unless given."""

    def activate(call: Call) -> Node | None:
        if call.number("scale", 1.0) != 1.0 or call.number("input_scale", 1.0) != 1.0:
            raise UnreadableError("a scale besides alpha")
        return call.add(make(kind, call.number("alpha", 1.0)), call.node("self"))

    return activate


def leaky(call: Call) -> Node | None:
    """leaky_relu."""
    return call.add(LeakyReLU(call.number("negative_slope", 0.01)), call.node("self"))


def gelu(call: Call) -> Node | None:
    """Gelu."""
    return call.add(make("GELU", call.get("approximate", "none")), call.node("self"))


def softplus(call: Call) -> Node | None:
    """Softplus."""
    given = {"beta": call.number("beta", 1.0), "threshold": call.number("threshold", 20.0)}
    return call.add(make("Softplus", **given), call.node("self"))


def hard_sigmoid(call: Call) -> Node | None:
    """Hardsigmoid, or one of another slope."""
    given = {"alpha": call.number("slope", 1 / 6), "beta": call.number("shift", 0.5)}
    return call.add(make("HardSigmoid", **given), call.node("self"))


def bounded(low: str, high: str, usual: tuple[float, float] | None = None) -> Operation:
    """Return the operation that keeps numbers within bounds, which are arguments of these names."""

    def clip(call: Call) -> Node | None:
        given = [call.get(name, None) for name in (low, high)]
        least, most = given if usual is None else [end if e is None else e for e, end in zip(given, usual, strict=True)]
        for end in (least, most):
            if end is not None and not isinstance(end, int | float):
                raise UnreadableError("a bound that is no number")
        ends = [None if end is None else float(end) for end in (least, most)]
        return call.add(make("ReLU6") if ends == [0.0, 6.0] else make("Clip", *ends), call.node("self"))

    return clip


def threshold(call: Call) -> Node | None:
    """Threshold, where it is a ReLU."""
    if call.number("threshold", 0.0) or call.number("value", 0.0):
        raise UnreadableError("a threshold other than 0 with 0 below it")
    return call.add(ReLU(), call.node("self"))


def prelu(call: Call) -> Node | None:
    """Prelu: one slope, one a channel, or slopes along axes of their own."""
    node, weight = call.node("self"), call.constant("weight")
    if len(weight.shape) == 1:
        axes = () if weight.shape == (1,) and node.shape[0] != 1 else (0,)
    else:
        axes, weight = along(weight, node)
    return call.add(make("PReLU", axes), node, weights={"weight": weight})


def softmax(call: Call) -> Node | None:
    """Softmax and log_softmax along one axis."""
    node = call.node("self")
    axis = call.axis("dim", node)
    call.ignore("dtype", "half_to_float")
    log = call.step.kind.removeprefix("_") == "log_softmax"
    return call.add(make("LogSoftmax", axis) if log else Softmax(axis), node)


def linear(call: Call) -> Node | None:
    """Linear, on the last axis."""
    weights = call.weights(weight="weight", bias="bias")
    return _linear(call, call.node("input"), weights["weight"], weights.get("bias"))


def _linear(call: Call, node: Node, weight: Stored, bias: Stored | None) -> Node | None:
    if len(weight.shape) != 2:
        raise UnreadableError(f"a product with a constant of shape {weight.shape}, where a matrix is expected")
    weights = {"weight": weight} | ({} if bias is None else {"bias": bias})
    return call.add(Linear(weight.shape[0], bias=bias is not None), node, weights=weights)


def matmul(call: Call) -> Node | None:
    """A computed value times a constant matrix: matmul and mm."""
    other = call.value("mat2" if call.step.kind == "mm" else "other")
    if not isinstance(other, Stored) or len(other.shape) != 2:
        raise UnreadableError("a product other than with a constant matrix on the right")
    return _linear(call, call.node("self"), other.permuted(1, 0), None)


def addmm(call: Call) -> Node | None:
    """A constant row added to rows times a constant matrix."""
    node, matrix, row = call.node("mat1"), call.constant("mat2"), call.constant("self")
    if call.number("alpha", 1.0) != 1.0 or call.number("beta", 1.0) != 1.0 or len(matrix.shape) != 2:
        raise UnreadableError("a product that is scaled, or not with a matrix")
    return _linear(call, node, matrix.permuted(1, 0), row)


def batch_norm(call: Call) -> Node | None:
    """batch_norm, by the running mean and variance; in training they follow the batches, as a layer's here do."""
    node, eps, momentum = call.node("input"), call.number("eps", 1e-5), call.number("momentum", 0.1)
    call.ignore("training", "cudnn_enabled", "use_input_stats")
    weights = call.weights(weight="weight", bias="bias", running_mean="running_mean", running_var="running_var")
    if "running_mean" not in weights or "running_var" not in weights:
        raise UnreadableError("statistics of the batch: without a running mean and variance")
    affine = "weight" in weights or "bias" in weights
    shape = weights["running_mean"].shape
    if affine:
        weights = {"weight": _filled(shape, 1.0), "bias": _filled(shape, 0.0)} | weights
    given: dict[str, Any] = {"eps": eps, "momentum": momentum, "affine": affine}
    layer = BatchNorm2d(**given) if len(node.shape) == 3 else make("BatchNorm1d", **given)
    return call.add(layer, node, weights=weights)


def _filled(shape: tuple[int, ...], value: float) -> Stored:
    return Stored(f"all {value:g}", shape, lambda: np.full(shape, value, np.float32))


def layer_norm(call: Call) -> Node | None:
    """layer_norm over the last axes."""
    node, over, eps = call.node("input"), call.sizes("normalized_shape"), call.number("eps", 1e-5)
    call.ignore("cudnn_enable")
    if not 1 <= len(over) <= len(node.shape):
        raise UnreadableError(f"normalized_shape {over!r:.60} of a value (batch, {node.shape})")
    weights = call.weights(weight="weight", bias="bias")
    usual = range(len(node.shape) - len(over) + 1, len(node.shape) + 1)
    axes = tuple(axis - 1 for axis in call.get("axes", usual))
    layer = make("LayerNorm", axes, eps=eps, scale="weight" in weights, bias="bias" in weights)
    return call.add(layer, node, weights=weights)


def group_norm(call: Call) -> Node | None:
    """group_norm, with or without factors."""
    node = call.node("input")
    groups = call.whole("group" if call.step.kind == "native_group_norm" else "num_groups")
    call.ignore("cudnn_enabled", "N", "C", "HxW")
    weights = call.weights(weight="weight", bias="bias")
    layer = make("GroupNorm", groups, eps=call.number("eps", 1e-5), affine=bool(weights))
    return call.add(layer, node, weights=weights)


def instance_norm(call: Call) -> Node | None:
    """instance_norm by each sample's own statistics; by running ones it is a batch norm."""
    node = call.maps("input")
    if not call.get("use_input_stats", True):
        return batch_norm(call)
    call.ignore("running_mean", "running_var", "momentum", "cudnn_enabled")
    weights = call.weights(weight="weight", bias="bias")
    layer = make("InstanceNorm2d", eps=call.number("eps", 1e-5), affine=bool(weights))
    return call.add(layer, node, weights=weights)


def local_response(call: Call) -> Node | None:
    """local_response_norm."""
    given = {"alpha": call.number("alpha", 1e-4), "beta": call.number("beta", 0.75), "k": call.number("k", 1.0)}
    layer = make("LocalResponseNorm", call.whole("size"), extra=call.get("extra", "before"), **given)
    return call.add(layer, call.node("self"))


def dropout(call: Call) -> Node | None:
    """Dropout, which does nothing when a model is used."""
    call.ignore("train")
    return call.add(Dropout(call.number("p", 0.5)), call.node("input"))


def feature_dropout(call: Call) -> Node | None:
    """feature_dropout, of whole maps."""
    call.ignore("train")
    return call.add(Dropout2d(call.number("p", 0.5)), call.maps("input"))


def merge(call: Call) -> Node | None:
    """Add, sub, mul and div of computed values, or of one and a constant; sums and products also of more."""
    if call.get("values") is not None:
        return _merged(call, call.step.kind, call.nodes("values"))
    if call.step.kind == "rsub":
        first, second = call.operand("other"), call.operand("self")
    else:
        first, second = call.operand("self"), call.operand("other")
    kind = {"rsub": "sub"}.get(call.step.kind, call.step.kind)
    if call.number("alpha", 1.0) != 1.0:
        raise UnreadableError("a sum with a factor")
    if isinstance(first, Node) and isinstance(second, Node):
        return _merged(call, kind, [first, second])
    return _scaled(call, kind, first, second)


def _merged(call: Call, kind: str, nodes: list[Node]) -> Node | None:
    if len({len(node.shape) for node in nodes}) > 1:
        raise UnreadableError("values of different numbers of axes")
    if kind == "div":
        raise UnreadableError("a division by a computed value")
    return call.add(Add() if kind == "add" else make({"mul": "Multiply", "sub": "Subtract"}[kind]), *nodes)


def _scaled(call: Call, kind: str, first: Node | Stored, second: Node | Stored) -> Node | None:
    """A value times a constant, or plus one; either may stand first."""
    if isinstance(first, Node):
        assert isinstance(second, Stored)
        node, axes, constant = first, *along(second, first)
        if kind in ("mul", "div"):
            factor = constant if kind == "mul" else constant.mapped(_inverse)
            return call.add(
                make("Scale", axes, shift=False, trainable=call.is_trained()), node, weights={"weight": factor}
            )
        shift = constant if kind == "add" else constant.mapped(np.negative)
        return call.add(make("Scale", axes, scale=False, trainable=call.is_trained()), node, weights={"bias": shift})
    assert isinstance(second, Node)
    if kind in ("add", "mul"):
        return _scaled(call, kind, second, first)
    if kind == "div":
        raise UnreadableError("a constant divided by a computed value")
    axes, constant = along(first, second)
    minus = _filled(constant.shape, -1.0)
    return call.add(make("Scale", axes), second, weights={"weight": minus, "bias": constant})


def scale_and_shift(call: Call) -> Node | None:
    """A value times a constant plus a constant, by one module."""
    node = call.node("self")
    axes, factor = along(call.constant("weight"), node)
    other, shift = along(call.constant("bias"), node)
    if axes != other:
        raise UnreadableError("a factor and a summand along different axes")
    layer = make("Scale", axes, trainable=call.is_trained())
    return call.add(layer, node, weights={"weight": factor, "bias": shift})


def negative(call: Call) -> Node | None:
    """Neg."""
    return call.add(make("Scale", (), shift=False), call.node("self"), weights={"weight": _filled((1,), -1.0)})


def _inverse(numbers: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(divide="ignore"):
        return 1.0 / numbers.astype(np.float64)

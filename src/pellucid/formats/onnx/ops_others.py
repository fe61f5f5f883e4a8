"""ONNX's linear and normalizing operators, those where values meet, and plain moving ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...layers import Add, BatchNorm2d, Concat, Dropout, Linear, Node
from ..opening import UnreadableError, along, make
from ..stored import Stored
from .call import Call, Tall, Value, alone

Operator = Callable[[Call], Value | tuple[Node | None, ...]]


def gemm(call: Call) -> Node | None:
    """Gemm of a computed matrix and a constant one."""
    node, weight = call.node(), call.constant(1)
    if len(node.shape) != 1 or len(weight.shape) != 2 or call.get("transA", 0):
        raise UnreadableError("a product other than of rows (batch, features) with a constant matrix")
    weight = weight if call.get("transB", 0) else weight.permuted(1, 0)
    weights = {"weight": _times(weight, call.number("alpha", 1.0))}
    if call.has(2):
        bias, beta = call.constant(2), call.number("beta", 1.0)
        if math.prod(bias.shape) not in (1, weight.shape[0]) or bias.shape[-1:] not in ((), (1,), (weight.shape[0],)):
            raise UnreadableError(f"a constant of shape {bias.shape} added to {weight.shape[0]} features")
        count = weight.shape[0]
        weights["bias"] = Stored(
            bias.name, (count,), lambda: np.broadcast_to(_times(bias, beta).read().reshape(-1), (count,)).copy()
        )
    elif (fused := call.fuse(0)) is not None:
        weights["bias"] = fused
    return call.add(Linear(weight.shape[0], bias="bias" in weights), weights=weights)


def _times(stored: Stored, factor: float) -> Stored:
    return stored if factor == 1.0 else stored.mapped(lambda numbers: numbers * np.float32(factor))


def matmul(call: Call) -> Node | None:
    """MatMul of a computed value with a constant matrix: a linear layer on the last axis."""
    if isinstance(call.values[0], Stored):
        return _from_left(call)
    node, weight = call.node(), call.constant(1)
    if len(weight.shape) != 2:
        raise UnreadableError(f"a product with a constant of shape {weight.shape}, where a matrix is expected")
    weights = {"weight": weight.permuted(1, 0)}
    if (fused := call.fuse(0)) is not None:
        weights["bias"] = fused
    return call.add(Linear(weight.shape[1], bias="bias" in weights), node, weights=weights)


def _from_left(call: Call) -> Node | None:
    """A constant matrix times a computed value: a linear layer on the last axis but one."""
    node, weight = call.node(1), call.constant(0)
    rank = len(node.shape)
    if len(weight.shape) != 2 or rank < 2:
        raise UnreadableError(f"a constant of shape {weight.shape} multiplied with a value of shape {node.shape}")
    turn = make("Permute", (*range(rank - 2), rank - 1, rank - 2))
    turned = call.add(turn, node, name=f"{call.name}/turned")
    made = turned and call.add(
        Linear(weight.shape[0], bias=False), turned, weights={"weight": weight}, name=f"{call.name}/product"
    )
    return made and call.add(turn, made)


def batch_norm(call: Call) -> Node | None:
    """BatchNormalization as it is when a model is used."""
    if call.get("training_mode", 0) or not call.get("spatial", 1):
        raise UnreadableError("statistics of the batch, or of every place by itself")
    names = ("weight", "bias", "running_mean", "running_var")
    weights = {name: call.constant(place) for place, name in enumerate(names, 1)}
    eps, momentum = call.number("epsilon", 1e-5), round(1.0 - call.number("momentum", 0.9), 7)
    node = call.node()
    if len(node.shape) == 4:  # places of a channel may lie as they will
        flat = call.reshaped(node, (node.shape[0], -1, node.shape[-1]), name=f"{call.name}/maps", checked=False)
        made = flat and call.add(BatchNorm2d(eps=eps, momentum=momentum, unbiased=False), flat, weights=weights)
        return made and call.reshaped(made, node.shape, name=f"{call.name}/volumes")
    if len(node.shape) == 3:
        return call.add(BatchNorm2d(eps=eps, momentum=momentum, unbiased=False), weights=weights)
    return call.add(make("BatchNorm1d", eps=eps, momentum=momentum, unbiased=False), weights=weights)


def instance_norm(call: Call) -> Node | None:
    """InstanceNormalization: of maps, and of whatever lies behind the channels."""
    weights = {"weight": call.constant(1), "bias": call.constant(2)}
    shape, eps = call.node().shape, call.number("epsilon", 1e-5)
    layer = make("InstanceNorm2d", eps=eps, affine=True) if len(shape) == 3 else make("GroupNorm", shape[0], eps=eps)
    return call.add(layer, weights=weights)


def group_norm(call: Call) -> Node | None:
    """GroupNormalization of opset 21 on: scale and bias for each channel."""
    weights = {"weight": call.constant(1), "bias": call.constant(2)}
    return call.add(make("GroupNorm", call.get("num_groups", 0), eps=call.number("epsilon", 1e-5)), weights=weights)


def group_norm_by_groups(call: Call) -> Node | None:
    """GroupNormalization of opsets 18 to 20: scale and bias for each group, which its channels share."""
    groups, channels = call.get("num_groups", 0), call.node().shape[0]
    weights: dict[str, Stored] = {}
    for place, name in enumerate(("weight", "bias"), 1):
        stored = call.constant(place)
        if stored.shape != (groups,) or channels % groups:
            raise UnreadableError(f"{name} of shape {stored.shape} for {groups} groups of {channels} channels")
        weights[name] = Stored.of(stored.name, np.repeat(stored.read(), channels // groups))
    return call.add(make("GroupNorm", groups, eps=call.number("epsilon", 1e-5)), weights=weights)


def layer_norm(call: Call) -> Node | None:
    """LayerNormalization over an axis and all after it."""
    node = call.node()
    first, bias = call.axis(call.get("axis", -1), node), call.has(2)
    weights = {"weight": call.constant(1)} | ({"bias": call.constant(2)} if bias else {})
    axes = tuple(range(first, len(node.shape)))
    return call.add(make("LayerNorm", axes, eps=call.number("epsilon", 1e-5), bias=bias), weights=weights)


def lrn(call: Call) -> Node | None:
    """LRN."""
    given = {"alpha": call.number("alpha", 1e-4), "beta": call.number("beta", 0.75), "k": call.number("bias", 1.0)}
    return call.add(make("LocalResponseNorm", call.get("size", 0), extra="after", **given))


def merge(call: Call) -> Node | None:
    """Add, Sub, Mul, Div and Sum: of computed values, or of one and a constant."""
    constants = [place for place, value in enumerate(call.values) if isinstance(value, Stored)]
    if constants and len(call.values) == 2:
        return _scale(call, constants[0])
    nodes = [call.node(place) for place in range(len(call.values))]
    if len({len(node.shape) for node in nodes}) > 1:
        raise UnreadableError("values of different numbers of axes")
    if len(nodes) == 1:
        return nodes[0]
    kinds = {"Mul": "Multiply", "Sub": "Subtract"}
    if call.op == "Div":
        raise UnreadableError("a division by a computed value")
    return call.add(make(kinds[call.op]) if call.op in kinds else Add(), *nodes)


def _scale(call: Call, place: int) -> Node | None:
    """Multiply a value by a constant, or add one."""
    node = call.node(1 - place)
    axes, constant = along(call.constant(place), node)
    size = constant.shape
    if call.op in ("Mul", "Div"):
        if call.op == "Div" and place == 0:
            raise UnreadableError("a constant divided by a computed value")
        factor = constant if call.op == "Mul" else constant.mapped(lambda numbers: 1.0 / numbers.astype(np.float64))
        return call.add(make("Scale", axes, shift=False), node, weights={"weight": factor})
    if call.op == "Sub" and place == 0:
        minus = Stored.of("minus one", np.full(size, -1.0, np.float32))
        return call.add(make("Scale", axes), node, weights={"weight": minus, "bias": constant})
    shift = constant.mapped(np.negative) if call.op == "Sub" else constant
    return call.add(make("Scale", axes, scale=False), node, weights={"bias": shift})


def prelu(call: Call) -> Node | None:
    """PRelu, whose slopes meet the value from the right."""
    axes, slopes = along(call.constant(1), call.node())
    return call.add(make("PReLU", axes), weights={"weight": slopes})


def negative(call: Call) -> Node | None:
    """Neg."""
    minus = alone("minus one", -1.0)
    return call.add(make("Scale", (), shift=False), weights={"weight": minus})


def concat(call: Call) -> Node | None:
    """Concat of computed values."""
    nodes = [call.node(place) for place in range(len(call.values))]
    axis = call.axis(call.get("axis", 1), nodes[0])
    if len(nodes) == 1:
        return nodes[0]
    return call.add(Concat() if axis == 0 else make("Concat", axis), *nodes)


def dropout(call: Call) -> Node | None:
    """Dropout as it is when a model is used."""
    if call.has(2) and bool(call.constant(2).read().reshape(-1)[0]):
        raise UnreadableError("training_mode")
    return call.add(Dropout(call.scalar(1, call.number("ratio", 0.5)) or 0.0))


def same(call: Call) -> Value:
    """Identity, and Cast and CastLike among types of real numbers, as which everything is calculated here."""
    if call.op == "CastLike" and isinstance(call.values[0], Stored):
        return call.values[0]
    if call.op == "Cast" and call.get("to", 0) not in (1, 10, 11, 16):
        raise UnreadableError(f"a cast to ONNX type {call.get('to', 0)}")
    return call.node()


def flatten(call: Call) -> Node | None:
    """Flatten that leaves the batch."""
    node = call.node()
    if call.get("axis", 1) not in (1, -len(node.shape)):
        raise UnreadableError(f"axis {call.get('axis', 1)}, which mixes the batch into others")
    return call.reshaped(node, (math.prod(node.shape),))


def transpose(call: Call) -> Node | Tall | None:
    """Transpose that leaves the batch."""
    value = call.values[0]
    tall = value if isinstance(value, Tall) else None
    order = list(call.get("perm", range(len(tall.shape if tall else call.node().shape), -1, -1)))
    if order[:1] != [0]:
        raise UnreadableError(f"an order of axes {order} that moves the batch")
    ours = tuple(axis - 1 for axis in order[1:])
    if tall:
        return tall.turned(ours)
    return call.node() if ours == tuple(range(len(call.node().shape))) else call.add(make("Permute", ours))


def squeeze(call: Call) -> Node | None:
    """Squeeze of axes of one number."""
    node = call.node()
    axes = call.axes(1, node)
    if not axes or any(node.shape[axis] != 1 for axis in axes) or len(axes) == len(node.shape):
        raise UnreadableError("axes that are not named, or not of size 1")
    return call.reshaped(node, tuple(size for axis, size in enumerate(node.shape) if axis not in axes))


MERGING = ("Add", "Div", "Mul", "Sub", "Sum")

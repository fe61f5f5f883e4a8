"""ONNX's activations."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...layers import LeakyReLU, Node
from ..opening import UnreadableError, make
from ..stored import Stored
from .call import Call, alone

Activation = Callable[[Call], Node | None]


def plain(kind: str) -> Activation:
    """Return the operator of a layer without parameters."""
    return lambda call: call.add(make(kind))


def leaky(call: Call) -> Node | None:
    """LeakyRelu."""
    return call.add(LeakyReLU(call.number("alpha", 0.01)))


def alpha(kind: str) -> Activation:
    """Return the operator of an activation with one parameter, alpha, which is 1 unless given."""
    return lambda call: call.add(make(kind, call.number("alpha", 1.0)))


def selu(call: Call) -> Node | None:
    """Selu; with other constants than its own, an ELU that is scaled."""
    low, factor = call.number("alpha", 1.6732632), call.number("gamma", 1.050701)
    if abs(low - 1.6732632) < 1e-6 and abs(factor - 1.050701) < 1e-6:
        return call.add(make("SELU"))
    low = call.add(make("ELU", low), name=f"{call.name}/elu")
    return low and call.add(make("Scale", (), shift=False), low, weights={"weight": alone("gamma", factor)})


def hard_sigmoid(call: Call) -> Node | None:
    """HardSigmoid, with ONNX's own defaults."""
    return call.add(make("HardSigmoid", alpha=call.number("alpha", 0.2), beta=call.number("beta", 0.5)))


def gelu(call: Call) -> Node | None:
    """Gelu."""
    return call.add(make("GELU", call.get("approximate", "none")))


def swish(call: Call) -> Node | None:
    """Swish."""
    if call.number("alpha", 1.0) != 1.0:
        raise UnreadableError(f"alpha {call.number('alpha', 1.0)}, where 1 is expected")
    return call.add(make("SiLU"))


def clip(call: Call) -> Node | None:
    """Clip, whose limits are attributes before opset 11 and inputs from there on."""
    ends = [call.scalar(place, None) for place in (1, 2)]
    ends = [
        call.number(name, 0.0) if name in call.attributes else end
        for name, end in zip(("min", "max"), ends, strict=True)
    ]
    return call.add(make("ReLU6") if ends == [0.0, 6.0] else make("Clip", *ends))


def bound(call: Call) -> Node | None:
    """Max and Min of a value and a constant number, which is what Clip does; of a value alone, the value."""
    if len(call.values) == 1:
        call.check_used()
        return call.node()
    if len(call.values) != 2:
        raise UnreadableError(f"{len(call.values)} inputs")
    place = 1 if isinstance(call.values[1], Stored) else 0
    end, node = call.scalar(place, None), call.node(1 - place)
    if call.op == "Max" and end == 0.0:
        return call.add(make("ReLU"), node)
    return call.add(make("Clip", end, None) if call.op == "Max" else make("Clip", None, end), node)


def softmax_one(call: Call) -> Node | None:
    """Softmax and LogSoftmax along one axis: from opset 13 on."""
    axis = call.axis(call.get("axis", -1), call.node())
    return call.add(make(call.op, axis))


def softmax_flat(call: Call) -> Node | None:
    """Softmax and LogSoftmax before opset 13: over this axis and all after it, together."""
    node = call.node()
    first = call.axis(call.get("axis", 1), node)
    long = [axis for axis in range(first, len(node.shape)) if node.shape[axis] > 1]
    axis = long[0] if long else first
    if len(long) < 2:
        return call.add(make(call.op, axis))
    flat = call.reshaped(node, (*node.shape[:first], math.prod(node.shape[first:])), name=f"{call.name}/flat")
    soft = flat and call.add(make(call.op, first), flat, name=f"{call.name}/{call.op}")
    return soft and call.reshaped(soft, node.shape)


PLAIN = {
    "HardSwish": "HardSwish",
    "Mish": "Mish",
    "Relu": "ReLU",
    "Sigmoid": "Sigmoid",
    "Softplus": "Softplus",
    "Softsign": "Softsign",
    "Tanh": "Tanh",
}

"""Rows of operations around convolutions and pools, and of what PyTorch has a module, but no operation for."""

from __future__ import annotations

import math
from typing import Any

from .fusing import Fused, Rows
from .program import Ref, Step


def none(value: Any) -> bool:
    """Return whether padding or the like is left out, or 0."""
    return value is None or value == 0 or (isinstance(value, list) and not any(value))  # pyright: ignore[reportUnknownArgumentType]


def padded_conv(rows: Rows, last: Step) -> Fused | None:
    """Padding, then a convolution without."""
    first = rows.before(last, "input", "pad")
    if first is None or not none(last.args.get("padding")) or len(first.args.get("pad", [])) != 4:
        return None
    padding = {name: value for name, value in first.args.items() if name in ("pad", "mode", "value")}
    kept = {name: value for name, value in last.args.items() if name != "padding"}
    return Fused("padded_conv2d", {**kept, "input": first.args["self"], **padding}, (first,))


def separable(rows: Rows, last: Step) -> Fused | None:
    """A convolution of each channel by itself, then one of each place, both of one module's own weights."""
    depth = rows.before(last, "input", "conv2d")
    if depth is None or depth.args.get("bias") is not None or isinstance(depth.args.get("padding"), str):
        return None
    plain = all(none(last.args.get(name)) for name in ("padding",)) and last.args.get("groups", 1) == 1
    ones = all(last.args.get(name, [1, 1]) == [1, 1] for name in ("stride", "dilation"))
    point = rows.program.shape(last.args["weight"].name)
    pad = rows.before(depth, "input", "pad")
    source = pad.args["self"] if pad else depth.args["input"]
    groups = depth.args.get("groups", 1)
    if not plain or not ones or point[2:] != (1, 1) or rows.shape(source)[:1] != (groups,):
        return None
    if pad is not None and (len(pad.args.get("pad", [])) != 4 or pad.args.get("mode", "constant") != "constant"):
        return None
    if pad is not None and (pad.args.get("value") or not none(depth.args.get("padding"))):
        return None
    around = [*depth.args.get("padding", [])] or [0, 0]
    edges = pad.args["pad"] if pad else [around[-1], around[-1], around[0], around[0]]
    args = {
        "input": source,
        "depthwise": depth.args["weight"],
        "pointwise": last.args["weight"],
        "bias": last.args.get("bias"),
        "pad": edges,
        "stride": depth.args.get("stride"),
        "dilation": depth.args.get("dilation"),
    }
    return Fused("separable_conv2d", args, (*((pad,) if pad else ()), depth))


def cropped_transpose(rows: Rows, last: Step) -> Fused | None:
    """A transposed convolution whose result is cropped or padded, and then gets its bias."""
    pad = last if last.kind == "pad" else rows.before(last, "self", "pad")
    conv = pad and rows.before(pad, "self", "conv_transpose2d")
    if pad is None or conv is None or len(pad.args.get("pad", [])) != 4 or pad.args.get("value"):
        return None
    free = all(none(conv.args.get(name)) for name in ("padding", "output_padding", "bias"))
    if not free or pad.args.get("mode", "constant") != "constant":
        return None
    args = {**conv.args, "pad": pad.args["pad"]}
    if last is pad:
        return Fused("cropped_transpose", args, (conv,))
    bias = last.args.get("other")
    if last.args.get("alpha", 1) != 1 or not isinstance(bias, Ref) or rows.is_computed(bias):
        return None
    return Fused("cropped_transpose", {**args, "bias": bias}, (conv, pad))


def padded_maximum(rows: Rows, last: Step) -> Fused | None:
    """Padding that never wins, then maxima."""
    pad = rows.before(last, "self", "pad")
    if pad is None or pad.args.get("value") != -math.inf or len(pad.args.get("pad", [])) != 4:
        return None
    if not none(last.args.get("padding")):
        return None
    return Fused("max_pool2d", {**last.args, "self": pad.args["self"], "pad": pad.args["pad"]}, (pad,))


def padded_average(rows: Rows, last: Step) -> Fused | None:
    """Padding, sums of windows, and each divided by its own constant."""
    pool = rows.before(last, "self", "avg_pool2d")
    pad = pool and rows.before(pool, "self", "pad")
    divisors = last.args.get("other")
    if pool is None or pad is None or pool.args.get("divisor_override") != 1 or not none(pool.args.get("padding")):
        return None
    if not isinstance(divisors, Ref) or rows.is_computed(divisors) or pad.args.get("value"):
        return None
    args = {**pool.args, "self": pad.args["self"], "pad": pad.args["pad"], "divisors": divisors}
    return Fused("padded_average", args, (pad, pool))


def hard_sigmoid(rows: Rows, last: Step) -> Fused | None:
    """A line, kept within 0 and 1."""
    add = rows.before(last, "self", "add")
    mul = add and rows.before(add, "self", "mul")
    if (last.args.get("min_val"), last.args.get("max_val")) != (0.0, 1.0) or mul is None or add is None:
        return None
    slope, shift = mul.args.get("other"), add.args.get("other")
    if not isinstance(slope, int | float) or not isinstance(shift, int | float) or add.args.get("alpha", 1) != 1:
        return None
    return Fused("hardsigmoid", {"self": mul.args["self"], "slope": slope, "shift": shift}, (mul, add))


def softsign(rows: Rows, last: Step) -> Fused | None:
    """A number by one more than its absolute value."""
    add = rows.before(last, "other", "add")
    absolute = add and rows.before(add, "self", "abs")
    if add is None or absolute is None or add.args.get("other") != 1 or add.args.get("alpha", 1) != 1:
        return None
    if absolute.args["self"] != last.args["self"]:
        return None
    return Fused("softsign", {"self": last.args["self"]}, (absolute, add))

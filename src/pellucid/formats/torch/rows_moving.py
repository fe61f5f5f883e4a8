"""Rows of operations that only move numbers, and of sums and products."""

from __future__ import annotations

from typing import Any

from .fusing import Fused, Rows
from .program import Ref, Step

VIEWS = ("view", "reshape", "_unsafe_view")


def shuffle(rows: Rows, last: Step) -> Fused | None:
    """Channels in groups, groups and members exchanged, and channels again; or blocks of channels put into space."""
    inner = rows.before(last, "self", "contiguous", "clone", inside=False)
    mid = rows.before(inner or last, "self", "permute", "transpose", inside=False)
    first = mid and rows.before(mid, "self", *VIEWS, "unflatten", inside=False)
    if mid is None or first is None:
        return None
    source = first.args["self"]
    whole, cut, end = rows.shape(source), rows.shape(Ref(first.gives[0])), rows.shape(Ref(last.gives[0]))
    steps = (first, mid) if inner is None else (first, mid, inner)
    if not rows.is_computed(source) or len(whole) != 3:
        return None
    if mid.kind == "transpose":
        order = list(range(len(cut) + 1))
        try:
            a, b = mid.args["dim0"] % len(order), mid.args["dim1"] % len(order)
        except (KeyError, TypeError, ZeroDivisionError):
            return None
        order[a], order[b] = b, a
    else:
        order = mid.args.get("dims", [])
    if order == [0, 2, 1, 3, 4] and len(cut) == 4 and end == whole and cut[2:] == whole[1:]:
        return Fused("channel_shuffle", {"self": source, "groups": cut[0]}, steps)
    if len(cut) != 5 or cut[3:] != whole[1:]:
        return None
    for kind, order_of_it, r, left in (
        ("CRD", [0, 1, 4, 2, 5, 3], cut[1], cut[0]),
        ("DCR", [0, 3, 4, 1, 5, 2], cut[0], cut[2]),
    ):
        square = cut[1:3] if kind == "CRD" else cut[:2]
        if order == order_of_it and square == (r, r) and end == (left, whole[1] * r, whole[2] * r):
            return Fused("pixel_shuffle", {"self": source, "upscale_factor": r, "order": kind}, steps)
    return None


def flatten_last(rows: Rows, last: Step) -> Fused | None:
    """Channels last, then all in a row."""
    mid = rows.before(last, "self", "permute")
    whole, end = rows.shape(mid.args["self"]) if mid else (), rows.shape(Ref(last.gives[0]))
    if mid is None or mid.args.get("dims") != [0, 2, 3, 1] or len(whole) != 3 or len(end) != 1:
        return None
    return Fused("flatten_last", {"self": mid.args["self"]}, (mid,))


def flat_maximum(rows: Rows, last: Step) -> Fused | None:
    """The largest number of each map, without the maps' two axes."""
    pool = rows.before(last, "self", "adaptive_max_pool2d")
    if pool is None or pool.args.get("output_size") != [1, 1] or len(rows.shape(Ref(last.gives[0]))) != 1:
        return None
    return Fused("adaptive_max_pool2d", {**pool.args, "flat": True}, (pool,))


def two_means(rows: Rows, last: Step) -> Fused | None:
    """The mean of a width's, then of a height's numbers."""
    first = rows.before(last, "self", "mean")
    if first is None or len(rows.shape(first.args["self"])) != 3:
        return None
    keep = bool(first.args.get("keepdim", False))
    if bool(last.args.get("keepdim", False)) != keep:
        return None
    axes = [(first.args.get("dim"), ([3], [-1])), (last.args.get("dim"), ([2], [-2]) if keep else ([2], [-1]))]
    if any(found not in wanted for found, wanted in axes):
        return None
    return Fused("mean", {"self": first.args["self"], "dim": [2, 3], "keepdim": keep}, (first,))


def pad_channels(rows: Rows, last: Step) -> Fused | None:
    """Maps padded around, then channels of a constant."""
    first = rows.before(last, "self", "pad")
    edges: list[int] = last.args.get("pad", [])
    around: list[int] = first.args.get("pad", []) if first else []
    plain = last.args.get("mode", "constant") == "constant"
    if first is None or len(edges) != 6 or any(edges[:4]) or len(around) != 4 or not plain:
        return None
    value, mode = last.args.get("value") or 0.0, first.args.get("mode", "constant")
    if mode == "constant" and (first.args.get("value") or 0.0) != value:
        return None
    args = {"self": first.args["self"], "pad": [*around, *edges[4:]], "mode": mode, "value": value}
    return Fused("pad", args, (first,))


def merged(rows: Rows, last: Step) -> Fused | None:
    """A sum or product of more than two, from left to right, by one module that does nothing else."""
    values: list[Any] = []
    steps: list[Step] = []
    step: Step | None = last
    start: Any = None
    while step is not None:
        if step.args.get("alpha", 1) != 1 or not rows.is_computed(step.args.get("other")):
            return None
        values.append(step.args["other"])
        start, step = step.args["self"], rows.before(step, "self", last.kind)
        if step is not None:
            steps.append(step)
    if not steps or not rows.is_computed(start):
        return None
    return Fused(last.kind, {"values": [start, *values[::-1]]}, tuple(steps[::-1]))


def scale_and_shift(rows: Rows, last: Step) -> Fused | None:
    """A product with a constant plus a constant, by one module."""
    first = rows.before(last, "self", "mul")
    if first is None or last.args.get("alpha", 1) != 1 or not rows.is_computed(first.args["self"]):
        return None
    weight, bias = first.args["other"], last.args["other"]
    if any(not isinstance(value, Ref) or rows.is_computed(value) for value in (weight, bias)):
        return None
    return Fused("scale_and_shift", {"self": first.args["self"], "weight": weight, "bias": bias}, (first,))


def prelu(rows: Rows, last: Step) -> Fused | None:
    """What is positive, and the rest times a constant."""
    positive = rows.before(last, "condition", "gt")
    times = rows.before(last, "other", "mul")
    if positive is None or times is None or positive.args.get("other") != 0:
        return None
    source, weight = last.args["self"], times.args["other"]
    if {positive.args["self"], times.args["self"]} != {source} or not isinstance(weight, Ref):
        return None
    return Fused("prelu", {"self": source, "weight": weight}, (positive, times))

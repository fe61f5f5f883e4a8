"""Rows of operations that are a norm, or the length of windows: PyTorch has modules for them, but no operations."""

from __future__ import annotations

import math

from .fusing import Fused, Rows
from .program import Ref, Step
from .rows_windows import none


def local_response(rows: Rows, last: Step) -> Fused | None:
    """A number by a power of the mean of squares around it: local_response_norm, as PyTorch computes it."""
    power = rows.before(last, "other", "pow")
    add = power and rows.before(power, "self", "add")
    mul = add and rows.before(add, "self", "mul")
    back = mul and rows.before(mul, "self", "view")
    squeeze = mul and rows.before(back or mul, "self", "squeeze")
    pool = squeeze and rows.before(squeeze, "self", "avg_pool3d", "avg_pool2d")
    pad = pool and rows.before(pool, "self", "pad")
    cut = pad and rows.before(pad, "self", "view", "unsqueeze")
    square = cut and rows.before(cut, "self", "mul")
    if not (power and add and mul and squeeze and pool and pad and cut and square):
        return None
    source, size = last.args["self"], pool.args["kernel_size"][0]
    whole = rows.shape(source)
    beyond = len(whole) - 1  # axes that the window has one place on
    around = [0, 0] * beyond + [size // 2, (size - 1) // 2]
    exact = pool.args["kernel_size"] == [size, *[1] * beyond] and pool.args.get("stride") == [1] * (beyond + 1)
    plain = not pad.args.get("value") and set(pool.args) == {"self", "kernel_size", "stride"}
    across = beyond in (1, 2) and rows.shape(Ref(cut.gives[0])) == (1, *whole)
    if not (exact and plain and across and pad.args["pad"] == around):
        return None
    if {square.args["self"], square.args["other"]} != {source}:
        return None
    if (
        squeeze.args.get("dim") != 1
        or rows.shape(Ref((back or squeeze).gives[0])) != whole
        or add.args.get("alpha", 1) != 1
    ):
        return None
    args = {"self": source, "size": size, "alpha": mul.args["other"], "k": add.args["other"]}
    return Fused(
        "local_response_norm",
        {**args, "beta": power.args["exponent"]},
        (square, cut, pad, pool, squeeze, *((back,) if back else ()), mul, add, power),
    )


def lp_pool(rows: Rows, last: Step) -> Fused | None:
    """The root of the sum of even powers: lp_pool2d, as PyTorch computes it."""
    times = rows.before(last, "self", "mul")
    product = times and rows.before(times, "self", "mul")
    relu = product and rows.before(product, "other", "relu")
    absolute = relu and rows.before(relu, "self", "abs")
    sign = product and rows.before(product, "self", "sign")
    if not (times and product and relu and absolute and sign):
        return None
    pool = rows.givers.get(sign.args["self"].name)
    power = rows.before(pool, "self", "pow") if pool else None
    if pool is None or power is None or pool.kind != "avg_pool2d" or rows.readers[pool.gives[0]] != 2:
        return None
    if absolute.args["self"] != sign.args["self"]:
        return None
    p, kernel = power.args["exponent"], pool.args["kernel_size"]
    count = math.prod([*kernel, *kernel][:2])
    fits = times.args["other"] == count and last.args["exponent"] == 1.0 / p and p % 2 == 0
    if not fits or not none(pool.args.get("padding")) or pool.args.get("ceil_mode"):
        return None
    args = {"self": power.args["self"], "norm_type": p, "kernel_size": kernel, "stride": pool.args.get("stride")}
    return Fused("lp_pool2d", args, (power, pool, sign, absolute, relu, product, times))


def mirrored_response(rows: Rows, last: Step) -> Fused | None:
    """The channels in reverse order, local_response_norm, and the channels as they were: the odd channel is after."""
    div = rows.before(last, "self", "div")
    inner = div and local_response(rows, div)
    first = rows.givers.get(inner.args["self"].name) if inner else None
    if div is None or inner is None or first is None or first.kind != "flip" or rows.readers[first.gives[0]] != 3:
        return None
    if last.args.get("dims") != [1] or first.args.get("dims") != [1] or first.place.calls != last.place.calls:
        return None
    args = {**inner.args, "self": first.args["self"], "extra": "after"}
    return Fused("local_response_norm", args, (first, *inner.steps, div))


def vector_response(rows: Rows, last: Step) -> Fused | None:
    """A vector as maps of one place, local_response_norm, and a vector again."""
    core = rows.before(last, "self", "div", "flip")
    inner = core and (local_response if core.kind == "div" else mirrored_response)(rows, core)
    column = rows.givers.get(inner.args["self"].name) if inner else None
    row = column and rows.before(column, "self", "unsqueeze")
    if core is None or inner is None or column is None or row is None or column.kind != "unsqueeze":
        return None
    vector = rows.shape(row.args["self"])
    alone = rows.readers[column.gives[0]] == (3 if core.kind == "div" else 1)
    if len(vector) != 1 or not alone or rows.shape(Ref(last.gives[0])) != vector:
        return None
    args = {**inner.args, "self": row.args["self"]}
    return Fused("local_response_norm", args, (row, column, *inner.steps, core))


def moved_norm(rows: Rows, last: Step) -> Fused | None:
    """Axes moved to the end, layer_norm, and the axes moved back."""
    norm = rows.before(last, "self", "layer_norm")
    first = norm and rows.before(norm, "input", "movedim")
    if norm is None or first is None:
        return None
    axes, ends = first.args.get("source"), first.args.get("destination")
    if (last.args.get("source"), last.args.get("destination")) != (ends, axes):
        return None
    if not isinstance(axes, list) or ends != [*range(-len(axes), 0)] or min(axes, default=0) < 1:  # pyright: ignore[reportUnknownArgumentType]
        return None
    return Fused("layer_norm", {**norm.args, "input": first.args["self"], "axes": axes}, (first, norm))


def lengths(rows: Rows, last: Step) -> Fused | None:
    """The p-norm of each window: powers of sizes, summed by a kernel of ones, and the root where a sum is not 0."""
    root = rows.before(last, "self", "pow")
    safe = root and rows.before(root, "self", "where")
    inside = safe and rows.before(safe, "condition", "gt")
    outside = rows.before(last, "condition", "gt")
    sums = last.args.get("other")
    conv = rows.givers.get(sums.name) if isinstance(sums, Ref) else None
    if not (root and safe and inside and outside and conv) or conv.kind != "conv2d" or rows.readers[conv.gives[0]] != 4:
        return None
    ones = rows.before(conv, "weight", "new_ones")
    source = conv.args["input"]
    pad = rows.givers.get(source.name)
    power = pad and rows.before(pad, "self", "pow")
    sizes = power and rows.before(power, "self", "abs")
    if not (ones and pad and power and sizes) or pad.kind != "pad" or rows.readers[pad.gives[0]] != 2:
        return None
    positive = all((gt.args["self"], gt.args["other"]) == (sums, 0) for gt in (inside, outside))
    exact = (safe.args["self"], safe.args["other"]) == (sums, 1.0) and conv.args.get("bias") is None
    whole = rows.shape(sizes.args["self"])
    each = whole[:1] == (conv.args.get("groups", 1),) and ones.args["size"][:2] == [*whole[:1], 1]
    p = power.args["exponent"]
    roots = root.args["exponent"] == 1 / p and not pad.args.get("value") and pad.args.get("mode") in (None, "constant")
    if not (positive and exact and each and roots):
        return None
    args = {
        "self": sizes.args["self"],
        "norm_type": p,
        "kernel_size": ones.args["size"][2:],
        "pad": pad.args["pad"],
        "stride": conv.args.get("stride", [1, 1]),
        "dilation": conv.args.get("dilation"),
    }
    return Fused("lp_pool2d", args, (sizes, power, pad, ones, conv, inside, safe, root, outside))

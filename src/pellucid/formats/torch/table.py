"""The closed table: what opens each operation, and which rows of operations are one."""

from __future__ import annotations

from . import ops_moving as moving
from . import ops_values as values
from . import ops_windows as windows
from . import rows_moving, rows_norms, rows_windows
from .fusing import Rule
from .ops_values import Operation

PLAIN = {
    "hardswish": "HardSwish",
    "mish": "Mish",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "selu": "SELU",
    "sigmoid": "Sigmoid",
    "silu": "SiLU",
    "softsign": "Softsign",
    "tanh": "Tanh",
}

# What gives its input, as far as numbers go.
SAME = (
    "_to_copy", "alias", "clone", "contiguous", "detach", "expand", "expand_as", "lift_fresh_copy", "to",
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {
    **{name: values.plain(kind) for name, kind in PLAIN.items()},
    **dict.fromkeys(SAME, moving.same),
    **dict.fromkeys(("add", "div", "mul", "rsub", "sub"), values.merge),
    **dict.fromkeys(("_log_softmax", "_softmax", "log_softmax", "softmax"), values.softmax),
    **dict.fromkeys(("_unsafe_view", "reshape", "view"), moving.view),
    **dict.fromkeys(("split", "split_with_sizes"), moving.split),
    **dict.fromkeys(("cat", "concat", "concatenate"), moving.concat),
    **dict.fromkeys(("_adaptive_avg_pool2d", "adaptive_avg_pool2d"), windows.adaptive_avg),
    **dict.fromkeys(("max_pool2d", "max_pool2d_with_indices"), windows.max_pool),
    **dict.fromkeys(("conv2d", "convolution"), windows.conv),
    **dict.fromkeys(("_native_batch_norm_legit_no_training", "batch_norm"), values.batch_norm),
    **dict.fromkeys(("group_norm", "native_group_norm"), values.group_norm),
    **dict.fromkeys(("layer_norm", "native_layer_norm"), values.layer_norm),
    **dict.fromkeys(("dropout", "native_dropout"), values.dropout),
    **dict.fromkeys(("matmul", "mm"), values.matmul),
    **dict.fromkeys(("constant_pad_nd", "pad"), windows.pad),
    "_upsample_nearest_exact2d": windows.upsample("nearest-exact"),
    "adaptive_max_pool2d": windows.adaptive_max,
    "addmm": values.addmm,
    "amax": windows.most,
    "avg_pool2d": windows.avg_pool,
    "celu": values.alpha("CELU"),
    "channel_shuffle": windows.channel_shuffle,
    "chunk": moving.chunk,
    "clamp": values.bounded("min", "max"),
    "clamp_max": values.bounded("min", "max"),
    "clamp_min": values.bounded("min", "max"),
    "conv_transpose2d": windows.conv_transpose,
    "cropped_transpose": windows.cropped_transpose,
    "elu": values.alpha("ELU"),
    "feature_dropout": values.feature_dropout,
    "flatten": moving.flatten,
    "flatten_last": moving.flatten_last,
    "gelu": values.gelu,
    "hardsigmoid": values.hard_sigmoid,
    "hardtanh": values.bounded("min_val", "max_val", (-1.0, 1.0)),
    "instance_norm": values.instance_norm,
    "leaky_relu": values.leaky,
    "linear": values.linear,
    "local_response_norm": values.local_response,
    "lp_pool2d": windows.lp_pool,
    "mean": windows.mean,
    "narrow": moving.narrow,
    "neg": values.negative,
    "padded_average": windows.padded_average,
    "padded_conv2d": windows.padded_conv,
    "permute": moving.permute,
    "pixel_shuffle": windows.pixel_shuffle,
    "prelu": values.prelu,
    "scale_and_shift": values.scale_and_shift,
    "select": moving.select,
    "separable_conv2d": windows.separable,
    "slice": moving.slice_one,
    "softplus": values.softplus,
    "squeeze": moving.squeeze,
    "threshold": values.threshold,
    "transpose": moving.transpose,
    "unflatten": moving.unflatten,
    "unsqueeze": moving.unsqueeze,
    "upsample_bilinear2d": windows.upsample("bilinear"),
    "upsample_nearest2d": windows.upsample("nearest"),
}

RULES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(("_unsafe_view", "view"), (rows_moving.shuffle, rows_moving.flatten_last)),
    "reshape": (rows_moving.shuffle, rows_moving.flatten_last, rows_norms.vector_response),
    "add": (rows_windows.cropped_transpose, rows_moving.merged, rows_moving.scale_and_shift),
    "conv2d": (rows_windows.separable, rows_windows.padded_conv),
    "div": (rows_norms.local_response, rows_windows.softsign, rows_windows.padded_average),
    "flatten": (rows_moving.shuffle, rows_moving.flatten_last, rows_moving.flat_maximum),
    "hardtanh": (rows_windows.hard_sigmoid,),
    "max_pool2d": (rows_windows.padded_maximum,),
    "mean": (rows_moving.two_means,),
    "mul": (rows_moving.merged,),
    "pad": (rows_windows.cropped_transpose, rows_moving.pad_channels),
    "where": (rows_moving.prelu, rows_norms.lengths),
    "flip": (rows_norms.mirrored_response,),
    "movedim": (rows_norms.moved_norm,),
    "pow": (rows_norms.lp_pool,),
}

# Whose result may be the same memory as its first argument: what changes one in place changes the other.
VIEWS = {
    *SAME, "chunk", "dropout", "feature_dropout", "flatten", "narrow", "permute", "reshape", "select", "slice",
    "split", "split_with_sizes", "squeeze", "transpose", "unflatten", "unsqueeze", "view",
}  # fmt: skip

"""The operators that are opened: each by the opset since which it has meant this; the newest not newer holds."""

from __future__ import annotations

from . import ops_activations as activations
from . import ops_moves as moves
from . import ops_others as others
from . import ops_windows as windows
from .ops_others import Operator
from .resizing import resize, resize_old, upsample

OPERATORS: dict[str, dict[int, Operator]] = {
    **{name: {1: activations.plain(kind)} for name, kind in activations.PLAIN.items()},
    **{name: {1: others.merge} for name in others.MERGING},
    **{name: {1: activations.softmax_flat, 13: activations.softmax_one} for name in ("Softmax", "LogSoftmax")},
    **{name: {1: windows.wide(windows.pool)} for name in ("AveragePool", "LpPool", "MaxPool")},
    **{name: {1: windows.wide(windows.global_pool)} for name in ("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool")},
    **{name: {8: activations.bound} for name in ("Max", "Min")},
    **{f"Reduce{name}": {1: windows.reduce} for name in ("L1", "L2", "Max", "Mean", "Min", "Sum")},
    "BatchNormalization": {1: others.batch_norm},
    "Cast": {1: others.same},
    "CastLike": {15: others.same},
    "Celu": {12: activations.alpha("CELU")},
    "Clip": {1: activations.clip},
    "Concat": {1: others.concat},
    "Conv": {1: windows.wide(windows.conv)},
    "ConvTranspose": {1: windows.wide(windows.conv_transpose)},
    "DepthToSpace": {1: moves.depth_to_space},
    "Dropout": {1: others.dropout},
    "Elu": {1: activations.alpha("ELU")},
    "Expand": {8: moves.expand},
    "Flatten": {1: others.flatten},
    "Gather": {1: moves.gather},
    "Gelu": {20: activations.gelu},
    "Gemm": {1: others.gemm},
    "GroupNormalization": {18: others.group_norm_by_groups, 21: others.group_norm},
    "HardSigmoid": {1: activations.hard_sigmoid},
    "Identity": {1: others.same},
    "InstanceNormalization": {1: others.instance_norm},
    "LRN": {1: others.lrn},
    "LayerNormalization": {17: others.layer_norm},
    "LeakyRelu": {1: activations.leaky},
    "MatMul": {1: others.matmul},
    "Neg": {1: others.negative},
    "PRelu": {7: others.prelu},
    "Pad": {2: moves.pad},
    "Reshape": {5: moves.reshape},
    "Resize": {10: resize_old, 11: resize},
    "Selu": {1: activations.selu},
    "Slice": {1: moves.slice_},
    "SpaceToDepth": {1: moves.space_to_depth},
    "Split": {2: moves.split},
    "Squeeze": {1: others.squeeze},
    "Swish": {24: activations.swish},
    "Transpose": {1: others.transpose},
    "Unsqueeze": {1: moves.unsqueeze},
    "Upsample": {7: upsample},
}


def operator(name: str, opset: int) -> Operator | None:
    """Return what opens a node of this operator in a model of this opset."""
    known = [since for since in OPERATORS.get(name, {}) if since <= opset]
    return OPERATORS[name][max(known)] if known else None

"""The operators that are opened: each by the opset since which it has meant this; the newest not newer holds."""

from __future__ import annotations

from . import ops_others as others
from . import ops_windows as windows
from .ops_others import Operator

OPERATORS: dict[str, dict[int, Operator]] = {
    **{name: {1: others.plain(kind)} for name, kind in others.PLAIN.items()},
    **{name: {1: others.merge} for name in others.MERGING},
    **{name: {1: others.softmax_flat, 13: others.softmax_one} for name in ("Softmax", "LogSoftmax")},
    **{name: {1: windows.pool} for name in ("AveragePool", "LpPool", "MaxPool")},
    **{name: {1: windows.global_pool} for name in ("GlobalAveragePool", "GlobalMaxPool")},
    "BatchNormalization": {1: others.batch_norm},
    "Cast": {1: others.same},
    "Celu": {12: others.alpha("CELU")},
    "Clip": {1: others.clip},
    "Concat": {1: others.concat},
    "Conv": {1: windows.conv},
    "ConvTranspose": {1: windows.conv_transpose},
    "Dropout": {1: others.dropout},
    "Elu": {1: others.alpha("ELU")},
    "Flatten": {1: others.flatten},
    "Gelu": {20: others.gelu},
    "Gemm": {1: others.gemm},
    "GroupNormalization": {21: others.group_norm},
    "HardSigmoid": {1: others.hard_sigmoid},
    "Identity": {1: others.same},
    "InstanceNormalization": {1: others.instance_norm},
    "LRN": {1: others.lrn},
    "LayerNormalization": {17: others.layer_norm},
    "LeakyRelu": {1: others.leaky},
    "MatMul": {1: others.matmul},
    "Neg": {1: others.negative},
    "ReduceMean": {1: windows.mean},
    "Reshape": {5: others.reshape},
    "Squeeze": {1: others.squeeze},
    "Transpose": {1: others.transpose},
}


def operator(name: str, opset: int) -> Operator | None:
    """Return what opens a node of this operator in a model of this opset."""
    known = [since for since in OPERATORS.get(name, {}) if since <= opset]
    return OPERATORS[name][max(known)] if known else None

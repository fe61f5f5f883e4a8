"""The rules in which two networks may differ: each is tried on the numbers, and named only if it gives them."""

from __future__ import annotations

from .activations import activation
from .biases import bias_axis, missing_bias
from .inputs import preparations
from .kernels import channel_order, depthwise_order, kernel_order
from .moving import ORDER, active_dropout, flat_softmax, input_order, other_kind
from .norms import scale_and_shift, statistics, training_mode
from .parameters import differing, parameters, told
from .pools import border, lost_nan, nan_by_place, other_pool
from .tensors import differing as differing_tensors
from .tensors import other_numbers, other_shapes, precision, swapped
from .variant import Member, Rule, Variant, changed, together
from .vectors import flatten_order, transposed

RULES: tuple[Rule, ...] = (  # the particular before the general: the first that explains is told first
    parameters,
    active_dropout,
    training_mode,
    flatten_order,
    kernel_order,
    depthwise_order,
    channel_order,
    transposed,
    bias_axis,
    missing_bias,
    border,
    lost_nan,
    nan_by_place,
    flat_softmax,
    input_order,
    activation,
    other_pool,
    statistics,
    swapped,
    scale_and_shift,
    precision,
    other_kind,
    other_shapes,
    other_numbers,
)

__all__ = [
    "ORDER",
    "RULES",
    "Member",
    "Variant",
    "changed",
    "differing",
    "differing_tensors",
    "preparations",
    "together",
    "told",
]

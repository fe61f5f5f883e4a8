"""How each kind of layer becomes steps in channel lanes: `RULES`, the table by kind."""

from __future__ import annotations

from .....layers import Node
from ...samples.rules.elementwise import ACTIVATIONS
from ...samples.rules.merging import OPERATIONS
from .base import Rule, layer_of
from .convolution import ConvRule
from .dense import FlattenRule, LinearRule
from .local_response import LocalResponseRule
from .merging import MergeRule
from .moving import MovementRule, ReshapeRule, UpsampleRule
from .others import (
    ActivationRule,
    AveragePoolRule,
    BatchNormRule,
    ConcatRule,
    DropoutRule,
    MaxPoolRule,
    PowerPoolRule,
    SoftmaxRule,
)
from .sample_norms import SampleNormRule
from .separable import SeparableRule
from .transposed import TransposedRule
from .varying import VaryingRule, VectorNormRule

__all__ = ["RULES", "Rule", "has_rule"]

RULES: dict[str, Rule] = {
    "Conv2d": ConvRule(),
    "ConvTranspose2d": TransposedRule(),
    "SeparableConv2d": SeparableRule(),
    "Linear": LinearRule(),
    "Flatten": FlattenRule(),
    **dict.fromkeys(ACTIVATIONS, ActivationRule()),
    "Reshape": ReshapeRule(),
    "Upsample": UpsampleRule(),
    **dict.fromkeys(("ChannelShuffle", "Pad2d", "Permute", "PixelShuffle", "Slice", "ZeroPad2d"), MovementRule()),
    **dict.fromkeys(("Softmax", "LogSoftmax"), SoftmaxRule()),
    "MaxPool2d": MaxPoolRule(),
    "GlobalMaxPool2d": MaxPoolRule(),
    "AdaptiveMaxPool2d": MaxPoolRule(),
    "AvgPool2d": AveragePoolRule(),
    "AdaptiveAvgPool2d": AveragePoolRule(),
    "GlobalAvgPool2d": AveragePoolRule(),
    "LpPool2d": PowerPoolRule(),
    **dict.fromkeys(OPERATIONS, MergeRule()),
    "Concat": ConcatRule(),
    "BatchNorm2d": BatchNormRule(),
    "BatchNorm1d": VectorNormRule(),
    **dict.fromkeys(("LayerNorm", "GroupNorm", "InstanceNorm2d"), SampleNormRule()),
    "LocalResponseNorm": LocalResponseRule(),
    "PReLU": VaryingRule(),
    "Scale": VaryingRule(),
    "Dropout": DropoutRule(),
    "Dropout2d": DropoutRule(),
}


def has_rule(node: Node) -> bool:
    """Return whether channel lanes can make the value of a node that has a layer."""
    rule = RULES.get(layer_of(node).kind)
    return rule is not None and rule.declines(node) is None

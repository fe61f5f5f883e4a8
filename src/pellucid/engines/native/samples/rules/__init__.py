"""How each kind of layer becomes steps in sample lanes: `RULES`, the table by kind; other kinds fall back."""

from __future__ import annotations

from .....layers import Node
from .base import Rule, layer_of
from .convolution import ConvRule
from .dense import FlattenRule, LinearRule
from .elementwise import ACTIVATIONS, SOFTMAX, ActivationRule, DropoutRule
from .fallback import WHY, FallbackRule
from .joining import ConcatRule
from .local_response import LocalResponseRule
from .merging import OPERATIONS, MergeRule
from .moving import MovementRule, ReshapeRule
from .normalization import BatchNormRule
from .pooling import AveragePoolRule, MaxPoolRule, PowerPoolRule
from .resizing import UpsampleRule
from .sample_norms import SampleNormRule
from .separable import SeparableRule
from .transposed import TransposedRule
from .varying import VaryingRule

__all__ = ["RULES", "Rule", "rule_of"]

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
    **SOFTMAX,
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
    "BatchNorm1d": BatchNormRule(),
    **dict.fromkeys(("LayerNorm", "GroupNorm", "InstanceNorm2d"), SampleNormRule()),
    "LocalResponseNorm": LocalResponseRule(),
    "PReLU": VaryingRule(),
    "Scale": VaryingRule(),
    "Dropout": DropoutRule(),
    "Dropout2d": DropoutRule(),
}


def rule_of(node: Node) -> Rule:
    """Return the rule of a node's layer: that of its kind, or the one that calls its own definition and says why."""
    rule = RULES.get(layer_of(node).kind)
    if rule is None:
        return FallbackRule(WHY)
    why = rule.declines(node)
    return rule if why is None else FallbackRule(why)

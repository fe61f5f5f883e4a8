"""Kernels in another order: turned, mirrored, transposed, or with their channels in another order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .variant import Doubles, Member, Variant


def _turned(kernel: Doubles) -> Iterator[tuple[str, Doubles, str]]:
    yield "kernel rotated", kernel[..., ::-1, ::-1], "rotated by 180 degrees (a true convolution); flip axes 2 and 3"
    yield "kernel flipped in height", kernel[..., ::-1, :], "flipped along the height; flip axis 2"
    yield "kernel flipped in width", kernel[..., ::-1], "flipped along the width; flip axis 3"
    if kernel.shape[2] == kernel.shape[3]:
        swapped = kernel.swapaxes(2, 3)
        yield "kernel transposed", swapped, "transposed, height and width swapped; swap axes 2 and 3"
    if kernel.shape[0] == kernel.shape[1] > 1:
        swapped = kernel.swapaxes(0, 1)
        yield "channels swapped", swapped, "transposed, outputs and inputs swapped; swap axes 0 and 1"


def kernel_order(m: Member) -> Iterator[Variant]:
    """Yield kernels turned by 180 degrees, mirrored along one axis, and with two axes swapped."""
    kernel = m.weights.get("weight")
    if kernel is None or kernel.ndim != 4:
        return
    for rule, weight, words in _turned(kernel):
        yield m.other_weights(rule, f"{m.theirs}'s kernel is {m.ours}'s {words} of the weight", weight=weight)
    if kernel.shape[2:] != (1, 1):
        for rule, order, words in (
            ("kernel read as height, width, in, out", (2, 3, 1, 0), "(height, width, in, out)"),
            ("kernel read as out, height, width, in", (0, 2, 3, 1), "(out, height, width, in)"),
        ):
            laid = kernel.transpose(order)
            said = (
                f"{m.theirs}'s kernel is {m.ours}'s laid out as {words} and only reshaped to (out, in, height, width)"
            )
            axes = np.argsort(order).tolist()
            yield m.other_weights(rule, f"{said}; transpose its axes by {axes}", weight=laid.reshape(kernel.shape))


def channel_order(m: Member) -> Iterator[Variant]:
    """Yield the input channels of a kernel, or all its outputs, in the reverse order."""
    kernel = m.weights.get("weight")
    if kernel is None or kernel.ndim != 4 or kernel.shape[1] == 3:  # three channels are colours: a rule of the input's
        return
    if kernel.shape[1] > 1:
        said = f"{m.theirs} reads the channels in the reverse order; flip axis 1 of its weight"
        yield m.other_weights("input channels reversed", said, weight=kernel[:, ::-1])


def depthwise_order(m: Member) -> Iterator[Variant]:
    """Yield the outputs of a convolution in groups, taken kernel by kernel instead of channel by channel."""
    kernel = m.weights.get("weight")
    groups = int(m.layer.config().get("groups", 1))
    if kernel is None or kernel.ndim != 4 or groups < 2 or len(kernel) == groups:
        return
    each = len(kernel) // groups
    for rule, shape in (("depthwise order", (groups, each)), ("depthwise order turned back", (each, groups))):
        order = np.arange(len(kernel)).reshape(shape).T.ravel()
        words = (
            f"{m.theirs}'s outputs go kernel by kernel and {m.ours}'s channel by channel, {each} to each of {groups} "
            "channels; reshape axis 0 of the weight to (channels, kernels) or back, transpose, and flatten it again"
        )
        yield m.other_weights(rule, words, weight=kernel[order])

"""Grad-CAM: the maps of a late layer, each weighed by how much the score gains with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...errors import ShapeError
from ...layers import Upsample
from ...layers.base import Run
from ...layers.node import Node
from ...network import Network
from ...window import Window
from ...wiring import name_of
from .attribution import Attribution
from .method import Method, check_image
from .question import Question, leading_to


@dataclass(frozen=True)
class GradCAM(Method):
    """The maps of a layer, each times the mean of the score's gradient in it, added up; what is below 0 is cut off.

    `values` are the layer's places, (h, w); the map is them, resized to the image by weighing neighbours. Source:
    R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks", ICCV 2017, equations 1 and 2.

    Args:
        layer: a layer whose output is maps; None: the last one of several places that all of the image goes through
            on its way to the score, pools apart.

    >>> from pellucid import Network
    >>> from pellucid.layers import Conv2d, GlobalAvgPool2d
    >>> net = Network((1, 1, 2), [Conv2d(2, 1, bias=False), GlobalAvgPool2d()])
    >>> net.weights["conv1.weight"] = [[[[3]]], [[[1]]]]
    >>> found = net.trace([[[5.0, -1.0]]]).attribute(GradCAM(), target=0)
    >>> found.layer, found.values.tolist()
    ('conv1', [[7.5, 0.0]])
    """

    layer: str | None = None

    name: ClassVar[str] = "grad-cam"
    about: ClassVar[str] = "the maps of a late layer, weighed by how much the score gains with them"

    def answer(self, question: Question) -> Attribution:
        """Return how much each place of the layer counts, (h, w), and that resized to the image."""
        extent = check_image(self.name, question)
        layer = late_layer(question.net, question.input, question.source) if self.layer is None else self.layer
        self._check(question, layer)
        maps, gradient = question.values[layer].astype(np.float64), question.gradient_in(layer).astype(np.float64)
        weights = gradient.mean(axis=(1, 2))
        values = np.maximum(np.tensordot(weights, maps, axes=1), 0).astype(np.float32)
        resize = Upsample(size=extent, mode="bilinear")
        over = resize.forward(values[None, None], w={}, run=Run())[0, 0]
        return self.found(question, values, over, layer=layer)

    def _check(self, question: Question, layer: str) -> None:
        """Refuse what has no maps, or does not lead to the score."""
        shape = question.net.node(layer).shape
        before = leading_to(question.net, question.source)
        if len(shape) != 3 or layer not in before or question.input not in leading_to(question.net, layer):
            maps = [name for name in before if len(question.net.shapes[name]) == 3]
            raise ShapeError(
                self.name,
                got=f"layer {layer!r} of shape {shape}",
                expected=f"maps (channels, height, width) between {question.input!r} and {question.source!r}",
                fix=f"use {maps[-1]!r}" if len(maps) > 1 else 'use "integrated gradients"',
            )


def late_layer(net: Network, input: str, source: str) -> str:
    """Return the last layer with maps of several places that all of an input goes through to `source`, pools apart.

    Where there is none, the input itself.

    >>> from pellucid.zoo import NETWORKS
    >>> [late_layer(net, "input", str(net.outputs[0].name)) for net in (NETWORKS["vgg16"](), NETWORKS["resnet18"]())]
    ['features.29', 'layer4.1.relu2']
    """
    names = leading_to(net, source)
    for name in reversed(names[:-1]):
        node = net.node(name)
        several = len(node.shape) == 3 and node.shape[1] * node.shape[2] > 1
        if several and not _pools(net, node) and _all_through(net, input, name, source):
            return name
    return input


def _pools(net: Network, node: Node) -> bool:
    """Return whether a layer only gathers what its windows hold."""
    if node.layer is None or net.weight_names(name_of(node)):
        return False
    windows = node.layer.windows(*(before.shape for before in node.inputs))
    return any(window != Window(1) for window in windows)


def _all_through(net: Network, input: str, name: str, source: str) -> bool:
    """Return whether every way from an input to `source` goes through the layer `name`."""
    seen, waiting = {name}, [net.node(source)]
    while waiting:
        node = waiting.pop()
        if name_of(node) == input:
            return False
        for before in node.inputs:
            if name_of(before) not in seen:
                seen.add(name_of(before))
                waiting.append(before)
    return True

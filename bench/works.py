"""What is measured: networks with weights and inputs that are the same for everybody, and the targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pellucid import Network
from pellucid.layers import Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from pellucid.zoo import (
    efficientnet_b0,
    lenet5,
    mobilenet_v2,
    mobilenet_v3_large,
    resnet18,
    resnet50,
    shufflenet_v2_x1_0,
    squeezenet1_1,
    vgg16,
)

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

RATE, MOMENTUM = 1e-3, 0.9  # low: a network that has learnt its one batch by heart would compute with denormals
CHECKED_STEPS = 5  # training steps whose losses must agree


@dataclass(frozen=True)
class Work:
    """One thing to measure.

    Args:
        name: what it is called on the command line.
        title: what it is called on the page.
        build: makes the network.
        batch: images at once.
        training: a training step, else a forward pass.
        targets: by peer, how many times our time its time should be.
    """

    name: str
    title: str
    build: Callable[[], Network]
    batch: int
    training: bool = False
    targets: Mapping[str, float] = field(default_factory=dict[str, float])

    def network(self) -> Network:
        """Return the network; batch norms have statistics as after a training, not ones and zeros."""
        net = self.build()
        random = np.random.default_rng(1)
        for name in net.weights:
            end = name.rsplit(".", 1)[-1]
            shape = net.weights.specs[name].shape
            if name.rsplit(".", 1)[0] + ".running_var" in net.weights:
                drawn = (
                    random.uniform(0.5, 1.5, shape) if end in ("running_var", "weight") else random.normal(size=shape)
                )
                net.weights[name] = drawn.astype(np.float32)
        return net

    @property
    def tiny(self) -> bool:
        """Whether calling costs about as much as computing, so that ways of calling and threads matter."""
        return self.name == "lenet-1"

    def images(self, net: Network) -> Floats:
        """Return a batch of normal numbers (N, C, H, W)."""
        shape = (self.batch, *net.inputs[0].shape)
        return np.random.default_rng(2).standard_normal(shape, np.float32)

    def labels(self, net: Network) -> Labels:
        """Return a class for each image, (N,)."""
        return np.random.default_rng(3).integers(net.outputs[0].shape[0], size=self.batch)

    def macs(self, net: Network) -> int:
        """Return multiplications whose products are added up, of one run.

        A training step has three times those of a forward pass, less the first layer's gradient in the images.
        """
        layers = [node.layer.cost(*(n.shape for n in node.inputs)).macs for node in net.nodes if node.layer is not None]
        first = next(macs for macs in layers if macs)
        return self.batch * (3 * sum(layers) - first if self.training else sum(layers))


def small_vgg() -> Network:
    """Build the network that stands for small networks of today: 32 x 32 x 3 pixels, four 3x3 convolutions."""
    layers: list[Layer] = []
    for width in (32, 64):
        for _ in range(2):
            layers += [_conv(width), ReLU()]
        layers.append(MaxPool2d(2))
    layers += [Flatten(), Linear(512, weight_init="he_normal"), ReLU(), Linear(10)]
    return Network((3, 32, 32), layers, name="small VGG")


def _conv(width: int) -> Conv2d:
    return Conv2d(width, 3, padding=1, weight_init="he_normal")


def _targets(
    torch: float, keras: float, onnxruntime: float | None = None, ncnn: float | None = None
) -> dict[str, float]:
    named = {"torch": torch, "keras": keras, "onnxruntime": onnxruntime, "ncnn": ncnn}
    return {name: target for name, target in named.items() if target is not None}


WORKS: dict[str, Work] = {
    work.name: work
    for work in (
        Work("lenet-train", "LeNet-5 28x28, training step, batch 64", lenet5, 64, True, _targets(8, 8)),
        Work("smallvgg-train", "small VGG 32x32, training step, batch 64", small_vgg, 64, True, _targets(3, 3)),
        Work("lenet-1", "LeNet-5 28x28, forward, batch 1", lenet5, 1, False, _targets(15, 30, 3, 2)),
        Work("lenet-64", "LeNet-5 28x28, forward, batch 64", lenet5, 64, False, _targets(6, 8, 2.5)),
        Work("smallvgg-64", "small VGG 32x32, forward, batch 64", small_vgg, 64, False, _targets(3, 3, 2)),
        Work("resnet18", "ResNet-18 224x224, forward, batch 1", resnet18, 1, False, _targets(2.5, 3, 1.5, 1.1)),
        Work("vgg16", "VGG-16 224x224, forward, batch 1", vgg16, 1, False, _targets(2, 2.5, 1.7, 1.1)),
        Work("resnet50", "ResNet-50 224x224, forward, batch 1", resnet50, 1),
        Work("squeezenet", "SqueezeNet 1.1 224x224, forward, batch 1", squeezenet1_1, 1),
        Work("mobilenet", "MobileNetV2 224x224, forward, batch 1", mobilenet_v2, 1, False, _targets(2, 2, 1.2, 1.1)),
        Work("mobilenet-v3", "MobileNetV3-Large 224x224, forward, batch 1", mobilenet_v3_large, 1),
        Work("efficientnet", "EfficientNet-B0 224x224, forward, batch 1", efficientnet_b0, 1),
        Work("shufflenet", "ShuffleNetV2 x1.0 224x224, forward, batch 1", shufflenet_v2_x1_0, 1),
    )
}

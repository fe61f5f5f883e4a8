"""The zoo's networks against what is published of them: parameters, multiply-adds, receptive fields."""

from __future__ import annotations

import pytest

from pellucid.zoo import NETWORKS, alexnet, resnet18, resnet34, resnet50, vgg11, vgg16

# name -> trainable parameters, multiply-adds of convolutions and linear layers for one 224 x 224 image
PUBLISHED = {
    "lenet5": (61_706, 416_520),
    "alexnet": (61_100_840, 714_188_480),
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg13": (133_047_848, 11_308_466_176),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet34": (21_797_672, 3_663_761_408),
    "resnet50": (25_557_032, 4_089_184_256),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_and_multiply_adds_are_the_published_ones(name):
    """Every network of the table has exactly the published number of parameters and of multiply-adds."""
    net = NETWORKS[name]()
    summary = net.summary()
    assert (net.params, summary.macs) == PUBLISHED[name]
    assert summary.params == net.params
    assert net.name == name


def test_alexnet_layer_by_layer():
    """AlexNet's convolutions and linear layers cost what is published of each."""
    costs = [layer.macs for layer in alexnet().summary().layers if layer.macs]
    assert costs == [70_276_800, 223_948_800, 112_140_288, 149_520_384, 99_680_256, 37_748_736, 16_777_216, 4_096_000]


def fields(net, kinds=("Conv2d", "MaxPool2d")):
    """Return (receptive field, jump, padding) of the layers of some kinds before the classifier, all of them exact."""
    layers = [layer for layer in net.summary().layers if layer.kind in kinds]
    assert {layer.status for layer in layers} == {"exact"}
    assert all(pair[0] == pair[1] for layer in layers for pair in (layer.receptive_field, layer.jump, layer.padding))
    return [(layer.receptive_field[0], layer.jump[0], layer.padding[0]) for layer in layers]


def test_receptive_fields_of_vgg16():
    """VGG-16's receptive fields, strides and paddings are those of the published table, pool by pool."""
    sizes, jumps, pads = zip(*fields(vgg16()), strict=True)
    assert sizes == (3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212)
    assert pads == (1, 2, 2, 4, 6, 6, 10, 14, 18, 18, 26, 34, 42, 42, 58, 74, 90, 90)
    assert jumps == (1, 1, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16, 32)


def test_receptive_field_of_vgg11():
    """The last pool of VGG-11 sees 150 pixels, 32 apart, 59 of them before the border."""
    assert fields(vgg11())[-1] == (150, 32, 59)


def test_receptive_fields_of_alexnet():
    """AlexNet's receptive fields, strides and paddings are the published ones for padding 2."""
    sizes, jumps, pads = zip(*fields(alexnet()), strict=True)
    assert sizes == (11, 19, 51, 67, 99, 131, 163, 195)
    assert jumps == (4, 8, 8, 16, 16, 16, 16, 32)
    assert pads == (2, 2, 18, 18, 34, 50, 66, 66)


@pytest.mark.parametrize(
    ("build", "sizes"),
    [(resnet18, (43, 99, 211, 435)), (resnet34, (59, 179, 547, 899)), (resnet50, (35, 91, 267, 427))],
)
def test_receptive_fields_of_resnet(build, sizes):
    """The stages of a ResNet with its stride in the 3x3 convolutions see the published number of pixels."""
    summary = build().summary()
    last = [
        [layer for layer in summary.layers if layer.name.startswith(f"layer{stage}.") and layer.kind == "Add"][-1]
        for stage in (1, 2, 3, 4)
    ]
    assert tuple(layer.receptive_field[0] for layer in last) == sizes
    assert tuple(layer.jump[0] for layer in last) == (4, 8, 16, 32)
    assert tuple(layer.padding[0] for layer in last) == tuple((size - 1) / 2 for size in sizes)
    assert {layer.status for layer in last} == {"exact"}


@pytest.mark.parametrize(
    ("build", "weight", "shape"),
    [
        (alexnet, "features.10.weight", (256, 256, 3, 3)),
        (alexnet, "classifier.6.bias", (1000,)),
        (vgg16, "features.28.weight", (512, 512, 3, 3)),
        (vgg16, "classifier.0.weight", (4096, 25088)),
        (resnet18, "layer2.0.downsample.0.weight", (128, 64, 1, 1)),
        (resnet18, "layer4.1.bn2.running_var", (512,)),
        (resnet50, "layer1.0.downsample.1.weight", (256,)),
        (resnet50, "layer4.2.conv3.weight", (2048, 512, 1, 1)),
        (resnet50, "fc.weight", (1000, 2048)),
    ],
)
def test_weights_are_named_as_in_torchvision(build, weight, shape):
    """A weight has the name and the shape it has in torchvision's state dict."""
    assert build().weights.specs[weight].shape == shape


def test_resnet18_has_a_projection_only_where_the_shape_changes():
    """The first stage of ResNet-18 adds its input as it is."""
    projections = [name for name in resnet18().layers if name.endswith("downsample.0")]
    assert projections == ["layer2.0.downsample.0", "layer3.0.downsample.0", "layer4.0.downsample.0"]

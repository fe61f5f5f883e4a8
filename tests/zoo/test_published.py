"""The zoo's networks against what is published of them: parameters, multiply-adds, receptive fields."""

from __future__ import annotations

import pytest

from pellucid.zoo import (
    NETWORKS,
    alexnet,
    efficientnet_b0,
    googlenet,
    inception_v3,
    mobilenet_v3_large,
    mobilenet_v3_small,
    resnet18,
    resnet34,
    resnet50,
    vgg11,
    vgg16,
)

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
    "resnet101": (44_549_160, 7_801_405_440),
    "resnet152": (60_192_808, 11_513_626_624),
    "googlenet": (6_624_904, 1_498_376_192),
    "inception_v3": (23_834_568, 5_713_216_096),
    "densenet121": (7_978_856, 2_834_161_664),
    "squeezenet1_1": (1_235_496, 349_151_936),
    "mobilenet_v1": (4_231_976, 568_740_352),
    "mobilenet_v2": (3_504_872, 300_774_272),
    "mobilenet_v3_large": (5_483_032, 216_589_760),
    "mobilenet_v3_small": (2_542_856, 56_510_400),
    "efficientnet_b0": (5_288_548, 385_814_752),
    "shufflenet_v2_x1_0": (2_278_604, 144_907_992),
    "resnet20": (269_722, 40_551_040),
    "resnet32": (464_154, 68_862_592),
    "resnet44": (658_586, 97_174_144),
    "resnet56": (853_018, 125_485_696),
}
# What torchvision publishes, in thousand million multiply-adds, and the MobileNet paper's Table 8 in millions.
TORCHVISION = {
    "resnet101": 7.801,
    "resnet152": 11.514,
    "googlenet": 1.498,
    "inception_v3": 5.713,
    "densenet121": 2.834,
    "squeezenet1_1": 0.349,
    "mobilenet_v2": 0.301,
    "mobilenet_v3_large": 0.217,
    "mobilenet_v3_small": 0.057,
    "efficientnet_b0": 0.386,
    "shufflenet_v2_x1_0": 0.145,
    "mobilenet_v1": 0.569,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_and_multiply_adds_are_the_published_ones(name):
    """Every network of the table has exactly the published number of parameters and of multiply-adds."""
    net = NETWORKS[name]()
    summary = net.summary()
    assert (net.params, summary.macs) == PUBLISHED[name]
    assert summary.params == net.params
    assert net.name == name


@pytest.mark.parametrize(("name", "published"), TORCHVISION.items())
def test_multiply_adds_round_to_the_published_figure(name, published):
    """The exact numbers above are the figures that are published rounded."""
    assert round(PUBLISHED[name][1] / 1e9, 3) == published


def test_helpers_at_half_depth_have_the_published_parameters():
    """With the classifiers that help in training, GoogLeNet and Inception-v3 have their other published numbers."""
    assert googlenet(auxiliary=True).params == 13_004_888
    assert [node.name for node in googlenet(auxiliary=True).outputs] == ["fc", "aux1.fc2", "aux2.fc2"]
    assert inception_v3(auxiliary=True).params == 27_161_264


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
        (mobilenet_v3_small, "features.1.block.0.0.weight", (16, 1, 3, 3)),
        (mobilenet_v3_small, "features.1.block.1.fc1.weight", (8, 16, 1, 1)),
        (mobilenet_v3_small, "features.11.block.3.1.running_var", (96,)),
        (mobilenet_v3_small, "features.12.0.weight", (576, 96, 1, 1)),
        (mobilenet_v3_large, "features.4.block.2.fc2.bias", (72,)),
        (mobilenet_v3_large, "features.7.block.1.0.weight", (240, 1, 3, 3)),
        (mobilenet_v3_large, "classifier.3.weight", (1000, 1280)),
        (efficientnet_b0, "features.1.0.block.1.fc2.weight", (32, 8, 1, 1)),
        (efficientnet_b0, "features.6.3.block.2.fc1.weight", (48, 1152, 1, 1)),
        (efficientnet_b0, "features.7.0.block.3.0.weight", (320, 1152, 1, 1)),
        (efficientnet_b0, "classifier.1.weight", (1000, 1280)),
    ],
)
def test_weights_are_named_as_in_torchvision(build, weight, shape):
    """A weight has the name and the shape it has in torchvision's state dict."""
    assert build().weights.specs[weight].shape == shape


def test_only_blocks_that_change_nothing_have_a_shortcut():
    """A block adds its input where neither channels nor stride stand in between, on maps of one place too."""
    for build, count in ((mobilenet_v3_small, 6), (mobilenet_v3_large, 10), (efficientnet_b0, 9)):
        for shape in ((3, 224, 224), (3, 1, 1)):
            layers = build(input_shape=shape).layers
            assert sum(layer.kind == "Add" for layer in layers.values()) == count


def test_resnet18_has_a_projection_only_where_the_shape_changes():
    """The first stage of ResNet-18 adds its input as it is."""
    projections = [name for name in resnet18().layers if name.endswith("downsample.0")]
    assert projections == ["layer2.0.downsample.0", "layer3.0.downsample.0", "layer4.0.downsample.0"]

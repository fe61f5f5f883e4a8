"""Operators one by one, in the ways that exporters write them: ONNX Runtime's numbers, or a reason that is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx_steps import F, kinds, opened, reason, step

# Padding

FOUR = [0, 0, 1, 2, 0, 0, 3, 0]


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_padding_as_attributes(mode: str) -> None:
    """Before opset 11."""
    net = opened(step("Pad", "x", pads=FOUR, mode=mode, value=1.5), opset=10)
    assert net.layers["Pad_y"].config()["padding"] == ((1, 3), (2, 0))


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
def test_padding_as_inputs(mode: str) -> None:
    """From opset 11 on; "wrap" came with 19."""
    opened(step("Pad", "x p v", mode=mode), opset=19, constants={"p": np.array(FOUR), "v": F(-2.5)})


def test_padding_of_named_axes_and_of_channels() -> None:
    """From opset 18 on axes may be named, from the end as well."""
    constants = {"p": np.array([1, 2, 0, 3]), "a": np.array([1, -1]), "v": F(0.5)}
    net = opened(step("Pad", "x p v a"), opset=18, constants=constants)
    assert net.layers["Pad_y"].config()["channels"] == (1, 0)


def test_negative_padding_cuts() -> None:
    """Fewer than no places are a cut; the rest is padding still."""
    net = opened(step("Pad", "x p"), opset=13, constants={"p": np.array([0, -1, -2, 1, 0, 0, 1, -3])})
    assert kinds(net) == ["Slice", "Slice", "Slice", "ZeroPad2d"]


def test_padding_that_is_told() -> None:
    """The batch is not padded, and channels are with a constant only."""
    batch = {"p": np.array([1, 0, 0, 0, 0, 0, 0, 0])}
    assert reason(step("Pad", "x p"), constants=batch) == "padding of the batch"
    channels = {"p": np.array([0, 1, 0, 0, 0, 0, 0, 0])}
    assert "channels" in reason(step("Pad", "x p", mode="edge"), constants=channels)


# Resizing

RESIZES = {
    "by factors": ([1, 1, 2, 3], None),
    "by odd factors": ([1, 1, 1.5, 0.6], None),
    "to sizes": (None, [2, 3, 8, 5]),
    "to one": (None, [2, 3, 1, 10]),
}
WORDS = [
    ("nearest", "asymmetric", "floor", "nearest"),
    ("nearest", "half_pixel", "round_prefer_ceil", "nearest-exact"),
    ("linear", "half_pixel", "floor", "bilinear"),
    ("linear", "align_corners", "floor", "bilinear"),
]


@pytest.mark.parametrize("case", RESIZES)
@pytest.mark.parametrize(("mode", "coordinates", "rounding", "ours"), WORDS)
def test_resizing(mode: str, coordinates: str, rounding: str, ours: str, case: str) -> None:
    """The ways that are ours, by factors and to sizes, larger and smaller."""
    scales, sizes = RESIZES[case]
    told = {"mode": mode, "coordinate_transformation_mode": coordinates, "nearest_mode": rounding}
    if coordinates == "align_corners" and case == "by odd factors":
        scales = [1, 1, 1.6, 0.2]  # whole sizes: for others ONNX and its runtimes differ
    constants = {"s": np.array(scales, F)} if scales else {"z": np.array(sizes)}
    reads = "x - s" if scales else "x - - z"
    net = opened(step("Resize", reads, **told), opset=13, constants=constants, shape=(2, 3, 5, 10))
    (layer,) = net.layers.values()
    assert layer.config()["mode"] == ours or case in ("to one", "by factors")  # several ways read the same places


def test_the_same_places_by_another_word() -> None:
    """For a whole factor, rounding half places down from pixels' middles reads what copying does."""
    net = opened(step("Resize", "x - s"), opset=13, constants={"s": np.array([1, 1, 2, 2], F)})
    assert net.layers["Resize_y"].config() == {
        "scale_factor": (2.0, 2.0), "size": None, "mode": "nearest", "align_corners": False
    }  # fmt: skip


def test_resizing_of_old() -> None:
    """Upsample with its attribute and its input, and Resize of opset 10."""
    factors = {"s": np.array([1, 1, 2, 3], F)}
    opened(step("Upsample", "x", scales=[1.0, 1.0, 2.0, 3.0], mode="nearest"), opset=7)
    opened(step("Upsample", "x s", mode="nearest"), opset=9, constants=factors)
    opened(step("Resize", "x s", mode="nearest"), opset=10, constants=factors)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"mode": "cubic"}, "mode cubic"),
        ({"mode": "linear", "coordinate_transformation_mode": "asymmetric"}, "none of our ways"),
        ({"coordinate_transformation_mode": "tf_crop_and_resize"}, "tf_crop_and_resize"),
        ({"mode": "linear", "antialias": 1}, "antialias"),
        ({"mode": "linear", "coordinate_transformation_mode": "align_corners"}, "runtimes differ"),
        ({"mode": "linear", "exclude_outside": 1}, "exclude_outside"),
        ({"nearest_mode": "ceil"}, "none of our ways"),
    ],
)
def test_resizing_that_is_told(told: dict[str, Any], why: str) -> None:
    """What Upsample does not do is named."""
    constants = {"s": np.array([1, 1, 0.75, 1.5], F)}
    assert why in reason(step("Resize", "x - s", **told), opset=18, constants=constants)
    other = {"s": np.array([1, 2, 1, 1], F)}
    assert "other axes" in reason(step("Resize", "x - s"), opset=18, constants=other)


# Cutting and joining


def test_slices_of_every_axis() -> None:
    """Attributes and inputs, from the end, in steps, beyond the end, the batch whole."""
    opened(step("Slice", "x", starts=[1, -3], ends=[3, 99], axes=[2, -1]), opset=9)
    constants = {"s": np.array([0, 1]), "e": np.array([2**63 - 1, -1]), "a": np.array([0, 3]), "t": np.array([1, 2])}
    net = opened(step("Slice", "x s e a t"), constants=constants)
    assert kinds(net) == ["Slice"]
    constants = {"s": np.array([4]), "e": np.array([0]), "a": np.array([2]), "t": np.array([-1])}
    assert reason(step("Slice", "x s e a t"), constants=constants) == "a step backwards"
    constants = {"s": np.array([0]), "e": np.array([1]), "a": np.array([0])}
    assert reason(step("Slice", "x s e a"), constants=constants) == "a part of the batch"


def test_parts_of_a_split() -> None:
    """Sizes as attribute, as input, and as a number of parts; every part is an output."""
    gives = ("a", "b")
    opened(step("Split", "x", "a b", axis=1, split=[1, 2]), opset=11, outputs=gives)
    opened(step("Split", "x s", "a b", axis=-1), opset=13, outputs=gives, constants={"s": np.array([4, 3])})
    net = opened(step("Split", "x", "a b", axis=2, num_outputs=2), opset=18, outputs=gives)
    assert list(net.layers) == ["a", "b"]


@pytest.mark.parametrize(
    ("axis", "places", "made"),
    [
        (1, [2, 1, 0], ["Slice", "Slice", "Slice", "Concat"]),
        (1, 1, ["Slice", "Reshape"]),
        (3, [0, 2, 4], ["Slice"]),
        (2, [-1, 0, 1], ["Slice", "Slice", "Concat"]),
    ],
)
def test_gathered_places(axis: int, places: Any, made: list[str]) -> None:
    """Places in even rows are cuts; others are cuts that are joined; one alone loses the axis."""
    assert kinds(opened(step("Gather", "x i", axis=axis), constants={"i": np.array(places)})) == made


# Laying out anew


def test_space_and_depth() -> None:
    """Both orders of DepthToSpace, and the way back."""
    shape = ("N", 8, 4, 6)
    for mode in ("CRD", "DCR"):
        opened(step("DepthToSpace", "x", blocksize=2, mode=mode), shape=shape)
    opened(step("DepthToSpace", "x", blocksize=2), opset=10, shape=shape)
    assert kinds(opened(step("SpaceToDepth", "x", blocksize=2), shape=shape)) == ["Reshape", "Permute"] * 2 + [
        "Reshape"
    ]


def test_axes_of_one() -> None:
    """Unsqueeze and Squeeze, axes as attribute and as input, counted from both ends."""
    opened(step("Unsqueeze", "x", "u", axes=[-1]), step("Squeeze", "u", "y", axes=[4]), opset=11)
    constants = {"a": np.array([2]), "b": np.array([-3])}
    opened(step("Unsqueeze", "x a", "u"), step("Squeeze", "u b"), constants=constants)
    assert "batch" in reason(step("Unsqueeze", "x a"), constants={"a": np.array([0])})


SHUFFLE = (step("Reshape", "x a", "t"), step("Transpose", "t", "p", perm=[0, 2, 1, 3, 4]), step("Reshape", "p b"))
SHAPES = {"a": np.array([0, 3, 2, 5, 7]), "b": np.array([-1, 6, 5, 7])}


def test_a_channel_shuffle_is_one_layer() -> None:
    """Three steps are one layer, but not where something reads what is between."""
    net = opened(*SHUFFLE, shape=("N", 6, 5, 7), constants=SHAPES)
    assert kinds(net) == ["ChannelShuffle"]
    net = opened(*SHUFFLE, shape=("N", 6, 5, 7), constants=SHAPES, outputs=("y", "p"))
    assert kinds(net) == ["Reshape", "Permute", "Reshape"]


def test_expanding() -> None:
    """A shape that is there already, one number over each map, and what is told."""
    net = opened(step("Relu", "x", "r"), step("Expand", "r s"), constants={"s": np.array([1, 3, 1, 7])})
    assert kinds(net) == ["ReLU"]
    pooled = step("GlobalAveragePool", "x", "p")
    net = opened(pooled, step("Expand", "p s"), constants={"s": np.array([1, 1, 4, 6])})
    assert kinds(net) == ["GlobalAvgPool2d", "Upsample"]
    shape = ("N", 1, 5, 7)
    assert "grow" in reason(step("Expand", "x s"), shape=shape, constants={"s": np.array([1, 3, 5, 7])})


# Windows


@pytest.mark.parametrize(
    "told",
    [
        {"output_shape": [11, 15]},
        {"output_shape": [9, 13], "auto_pad": "SAME_UPPER"},
        {"output_shape": [9, 13], "auto_pad": "SAME_LOWER"},
        {"auto_pad": "SAME_UPPER"},
        {"auto_pad": "SAME_LOWER"},
        {"auto_pad": "VALID"},
        {"pads": [1, 0, 0, 2], "output_padding": [1, 0]},
        {"dilations": [2, 1]},
    ],
)
def test_transposed_convolutions(told: dict[str, Any]) -> None:
    """Pads, a shape that is asked for, and every word for where the crop lies."""
    weight = np.random.default_rng(1).normal(size=(3, 2, 3, 4)).astype(F)
    opened(step("ConvTranspose", "x w", strides=[2, 2], **told), constants={"w": weight})


def test_averages_of_dilated_windows() -> None:
    """They are convolutions of every channel by itself."""
    told: dict[str, Any] = {"kernel_shape": [2, 2], "dilations": [2, 1]}
    net = opened(step("AveragePool", "x", **told), opset=19)
    assert kinds(net) == ["Conv2d"]
    opened(step("AveragePool", "x", pads=[1, 1, 0, 1], count_include_pad=1, **told), opset=19)
    assert "dilated" in reason(step("AveragePool", "x", pads=[1, 1, 1, 1], **told), opset=19)


def test_whole_maps() -> None:
    """Means and maxima over height and width, by operators of their own and by reductions."""
    for op, kind in (("Mean", "GlobalAvgPool2d"), ("Max", "GlobalMaxPool2d")):
        net = opened(step(f"Reduce{op}", "x", axes=[2, 3], keepdims=0))
        assert kinds(net) == [kind]
        opened(step(f"Reduce{op}", "x a"), opset=18, constants={"a": np.array([-1, -2])})
    opened(step("GlobalMaxPool", "x"))


@pytest.mark.parametrize("op", ["ReduceMean", "ReduceMax", "ReduceSum"])
@pytest.mark.parametrize("axes", [[1], [2], [-1], [1, 3], [1, 2, 3]])
def test_reductions_of_other_axes(op: str, axes: list[int]) -> None:
    """They are laid out as maps, and taken whole."""
    constants = {"a": np.array(axes)}
    opened(step(op, "x a"), opset=18, constants=constants)
    if len(axes) < 3:
        opened(step(op, "x a", keepdims=0), opset=18, constants=constants)
    else:
        assert "nothing is left" in reason(step(op, "x a", keepdims=0), opset=18, constants=constants)
    assert reason(step(op, "x"), opset=18) == "all axes, the batch's among them"


def test_a_softmax_over_several_axes() -> None:
    """Before opset 13 it is over all axes from one on: the numbers laid in a row, and back."""
    for axis in (1, 2, 3):
        for op in ("Softmax", "LogSoftmax"):
            opened(step(op, "x", axis=axis), opset=11)


# What is not followed


def test_an_attribute_that_is_not_followed_is_told() -> None:
    """Nothing that a node says is left out in silence, whether ONNX knows it or not."""
    assert "'mystery'" in reason(step("Relu", "x", mystery=1))
    constants = {"w": np.ones((2, 3, 1, 1), F)}
    assert "'mystery'" in reason(step("Conv", "x w", mystery=[1]), constants=constants)


def test_the_newest_rule_that_is_not_newer_holds() -> None:
    """Softmax-11 in a model of opset 12, Softmax-13 in one of opset 13."""
    assert kinds(opened(step("Softmax", "x"), opset=12)) == ["Flatten", "Softmax", "Reshape"]
    assert opened(step("Softmax", "x"), opset=13).layers["Softmax_y"].config() == {"axis": 2}

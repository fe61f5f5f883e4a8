"""Convolution against numbers from published figures and threads, and numbers that can be checked on paper."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from by_hand import Refusal, backward, doubles, forward

from pellucid.errors import ParameterError, ShapeError
from pellucid.layers import Conv2d
from pellucid.layers.base import Cost, Run

# The figures of Dumoulin and Visin's guide to convolution arithmetic.
FIGURE = [[[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]]
FIGURES_KERNEL = [[[[0, 1, 2], [2, 2, 0], [0, 1, 2]]]]


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (Conv2d(1, 3, bias=False), [[12, 12, 17], [10, 17, 19], [9, 6, 14]]),
        (Conv2d(1, 3, stride=2, padding=1, bias=False), [[6, 17, 3], [8, 17, 13], [6, 4, 4]]),
    ],
)
def test_figures_of_the_guide(layer: Conv2d, wanted: list[list[int]]) -> None:
    """The numbers in the guide's figures: no padding; stride 2 with padding 1. The kernel is not flipped."""
    assert forward(layer, FIGURE, weight=FIGURES_KERNEL)[0].tolist() == wanted


def test_first_number_of_the_figure() -> None:
    """The figure's first number is the sum of nine products, in row-major order."""
    told = Conv2d(1, 3, bias=False).explain(
        (0, 0, 0), doubles([FIGURE]), w={"weight": doubles(FIGURES_KERNEL)}, run=Run()
    )
    assert told.terms.product.tolist() == [3 * 0, 3 * 1, 2 * 2, 0 * 2, 0 * 2, 1 * 0, 3 * 0, 1 * 1, 2 * 2]
    assert (told.total, told.bias, told.formula, told.rule) == (12, None, "sum(x * w)", "sum")


# A thread of PyTorch's forum, 24978: someone's sum by hand is 0.15 below PyTorch's number.

THREAD = [
    [
        [0.7504, 0.1157, 1.4940, -0.2619, -0.4732],
        [0.1497, 0.0805, 2.0829, -0.0925, -1.3367],
        [1.7471, 0.5205, -0.8532, -0.7358, -1.3931],
        [0.1159, -0.2376, 1.2683, -0.0959, -1.3171],
        [-0.1620, -1.8539, 0.0893, -0.0568, -0.0758],
    ]
]
THREADS_KERNEL = [[[[0.2405, 0.3018, 0.0011], [-0.1691, -0.0701, -0.0334], [-0.0429, 0.2668, -0.2152]]]]
THREADS_OUTPUT = [[0.5142, 0.3803, 0.2687], [-0.4321, 1.1637, 1.0675], [0.1742, 0.0869, -0.4451]]


def test_the_forgotten_bias() -> None:
    """The nine products sum to 0.36403413, as the asker found; a bias of 0.1501 makes it PyTorch's 0.5142."""
    layer, w = Conv2d(1, 3), {"weight": doubles(THREADS_KERNEL), "bias": doubles([0.1501])}
    told = layer.explain((0, 0, 0), doubles([THREAD]), w=w, run=Run())
    assert len(told.terms) == 9
    assert told.terms.product.sum() == pytest.approx(0.36403413, abs=1e-8)
    assert (told.bias, told.formula) == (0.1501, "sum(x * w) + b")
    assert told.total == pytest.approx(0.5142, abs=1e-4)
    found = forward(layer, THREAD, weight=THREADS_KERNEL, bias=[0.1501])[0]
    np.testing.assert_allclose(found, THREADS_OUTPUT, rtol=0, atol=2e-4)  # they print four digits of everything


# TensorFlow's conv_ops_test.py: images and kernels count 1, 2, 3, ... in its order (height, width, channels).


@pytest.mark.parametrize(
    ("image", "kernel", "settings", "wanted"),
    [
        (
            (2, 3, 3),
            (1, 1, 3, 3),
            {},
            [30, 36, 42, 66, 81, 96, 102, 126, 150, 138, 171, 204, 174, 216, 258, 210, 261, 312],
        ),
        ((2, 3, 3), (2, 2, 3, 3), {}, [2271, 2367, 2463, 2901, 3033, 3165]),
        ((2, 3, 3), (1, 2, 3, 3), {}, [231, 252, 273, 384, 423, 462, 690, 765, 840, 843, 936, 1029]),
        ((2, 3, 3), (2, 2, 3, 3), {"stride": 2, "padding": "same"}, [2271, 2367, 2463, 1230, 1305, 1380]),
        ((7, 7, 1), (2, 2, 1, 1), {"stride": 3}, [65, 95, 275, 305]),
        ((3, 3, 1), (1, 1, 1, 1), {"stride": 2, "padding": "same"}, [1, 3, 7, 9]),
        ((4, 4, 1), (1, 1, 1, 1), {"stride": 2, "padding": "same"}, [1, 3, 9, 11]),
        ((4, 4, 1), (2, 2, 1, 1), {"stride": 3, "padding": "same"}, [44, 28, 41, 16]),
    ],
)
def test_tensorflows_expected_values(
    image: tuple[int, ...], kernel: tuple[int, ...], settings: dict[str, object], wanted: list[int]
) -> None:
    """The values that TensorFlow's own tests expect, with "same" padding and strides beyond the kernel among them."""
    x = np.arange(1, np.prod(image) + 1).reshape(image).transpose(2, 0, 1)
    w = np.arange(1, np.prod(kernel) + 1).reshape(kernel).transpose(3, 2, 0, 1)
    layer = Conv2d(kernel[3], kernel[:2], bias=False, **settings)  # pyright: ignore[reportArgumentType]
    assert forward(layer, x, weight=w).transpose(1, 2, 0).ravel().tolist() == wanted


# On paper


def test_height_comes_before_width() -> None:
    """A pair is (height, width): kernel, stride, padding and dilation each act on their own axis."""
    x = [[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]
    ones = [[[[1, 10]]]]
    assert forward(Conv2d(1, (1, 2), bias=False), x, weight=ones)[0].tolist() == [[21, 32], [54, 65], [87, 98]]
    assert forward(Conv2d(1, (1, 2), stride=(2, 1), bias=False), x, weight=ones)[0].tolist() == [[21, 32], [87, 98]]
    padded = forward(Conv2d(1, (1, 2), padding=(0, 1), bias=False), x, weight=ones)[0]
    assert padded.tolist() == [[10, 21, 32, 3], [40, 54, 65, 6], [70, 87, 98, 9]]
    assert forward(Conv2d(1, (1, 2), dilation=(1, 2), bias=False), x, weight=ones)[0].tolist() == [[31], [64], [97]]


def test_four_sides() -> None:
    """Four sides are ((top, bottom), (left, right)), each its own."""
    found = forward(Conv2d(1, 1, padding=((0, 1), (2, 0)), bias=False), [[[5, 6]]], weight=[[[[1]]]])
    assert found[0].tolist() == [[0, 0, 5, 6], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("zeros", [0, 0, 1, 2, 3, 0]),
        ("reflect", [3, 2, 1, 2, 3, 2]),
        ("replicate", [1, 1, 1, 2, 3, 3]),
        ("circular", [2, 3, 1, 2, 3, 1]),
    ],
)
def test_what_the_padding_holds(mode: str, wanted: list[int]) -> None:
    """Padding holds zeros, the map mirrored without its edge, its edge again, or its other end."""
    layer = Conv2d(1, 1, padding=((0, 0), (2, 1)), bias=False, padding_mode=mode)
    assert forward(layer, [[[1, 2, 3]]], weight=[[[[1]]]])[0, 0].tolist() == wanted
    told = [
        layer.explain((0, 0, c), doubles([[[[1, 2, 3]]]]), w={"weight": np.ones((1, 1, 1, 1))}, run=Run())
        for c in range(6)
    ]
    assert [one.total for one in told] == wanted
    places = [int(one.terms.index[0, 2]) for one in told]
    assert places == ([-2, -1, 0, 1, 2, 3] if mode == "zeros" else [value - 1 for value in wanted])


def test_gradients_collect_in_padding() -> None:
    """A place that padding repeats collects the gradient of all its copies."""
    layer = Conv2d(1, 1, padding=((0, 0), (2, 1)), bias=False, padding_mode="replicate")
    found = backward(layer, [[[1, 10, 100, 1000, 10000, 100000]]], [[[1, 2, 3]]], weight=[[[[1]]]])
    assert found.inputs[0].tolist() == [[[111, 1000, 110000]]]
    assert found.weights["weight"].ravel().tolist() == [1 * 111 + 2 * 1000 + 3 * 110000]


def test_groups() -> None:
    """With two groups, each kernel reads the two channels of its own group, and its explanation names them."""
    x = [[[1]], [[10]], [[100]], [[1000]]]
    weight = [[[[1]], [[2]]], [[[3]], [[4]]], [[[5]], [[6]]], [[[7]], [[8]]]]
    layer = Conv2d(4, 1, groups=2, bias=False)
    assert forward(layer, x, weight=weight).ravel().tolist() == [21, 43, 6500, 8700]
    told = layer.explain((2, 0, 0), doubles([x]), w={"weight": doubles(weight)}, run=Run())
    assert told.terms.index[:, 0].tolist() == [2, 3]
    assert told.terms.weight_index is not None
    assert told.terms.weight_index.tolist() == [[2, 0, 0, 0], [2, 1, 0, 0]]


def test_depthwise_multiplier() -> None:
    """With as many groups as channels, output c * multiplier + m is kernel m of channel c, as in Keras and PyTorch."""
    x = [[[1]], [[10]]]
    found = forward(Conv2d(4, 1, groups=2, bias=False), x, weight=np.array([1, 2, 3, 4]).reshape(4, 1, 1, 1))
    assert found.ravel().tolist() == [1, 2, 30, 40]


def test_backward_on_paper() -> None:
    """Two numbers under one 1x2 kernel: each weight collects what it met, each input the weights that it met."""
    found = backward(Conv2d(1, (1, 2)), [[[1, 10]]], [[[3, 5, 7]]], weight=[[[[2, -1]]]], bias=[0.5])
    assert found.inputs[0].tolist() == [[[2, -1 + 20, -10]]]
    assert found.weights["weight"].ravel().tolist() == [3 + 50, 5 + 70]
    assert found.weights["bias"].tolist() == [11]


def test_special_values() -> None:
    """NaN and infinity reach the windows that read them and no other; -0.0 is a zero."""
    x = np.ones((1, 3, 5))
    x[0, 0, 0], x[0, 2, 4] = np.nan, np.inf
    found = forward(Conv2d(1, 2, bias=False), x, weight=np.ones((1, 1, 2, 2)))[0]
    assert np.isnan(found).tolist() == [[True, False, False, False], [False] * 4]
    assert np.isposinf(found).tolist() == [[False] * 4, [False, False, False, True]]
    assert forward(Conv2d(1, 1, bias=False), [[[-0.0]]], weight=[[[[1]]]]).tolist() == [[[0]]]


def test_defaults_are_pytorchs() -> None:
    """Stride 1, no padding, dilation 1, one group, a bias, zeros in the padding, PyTorch's first values."""
    assert Conv2d(5, 3).config() == {
        "out_channels": 5,
        "kernel_size": (3, 3),
        "stride": (1, 1),
        "padding": ((0, 0), (0, 0)),
        "dilation": (1, 1),
        "groups": 1,
        "bias": True,
        "padding_mode": "zeros",
        "weight_init": "pytorch",
        "bias_init": "pytorch",
    }


def test_weights_and_cost() -> None:
    """Kernels are (out, in / groups, height, width); every weight multiplies once for each place of the output."""
    layer = Conv2d(6, (3, 2), groups=3)
    assert {name: of.shape for name, of in layer.weights((3, 9, 8)).items()} == {"weight": (6, 1, 3, 2), "bias": (6,)}
    assert layer.cost((3, 9, 8)) == Cost(macs=6 * 7 * 7 * 1 * 3 * 2, adds=6 * 7 * 7)
    bare = Conv2d(6, 5, padding=2, bias=False)
    assert list(bare.weights((1, 28, 28))) == ["weight"]
    assert bare.cost((1, 28, 28)) == Cost(macs=117_600)


def test_exact_totals() -> None:
    """A total is the nearest float64 to the true sum of float32 products, whatever cancels on the way."""
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((1, 30, 3, 3)) * 10.0 ** rng.integers(-8, 9, (1, 30, 3, 3))).astype(np.float32)
    w = (rng.standard_normal((1, 30, 3, 3)) * 10.0 ** rng.integers(-8, 9, (1, 30, 3, 3))).astype(np.float32)
    told = Conv2d(1, 3, bias=False).explain((0, 0, 0), x, w={"weight": w}, run=Run())
    exact = sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(x.ravel(), w.ravel(), strict=True))
    assert told.total == float(exact)


HUGE = 2**62
A_COUNT = "a whole number, 1 to 2147483647"
REFUSED = [
    *(
        Refusal(lambda make=make: make(), ParameterError, "Conv2d", got, expected, fix)
        for make, got, expected, fix in [
            (lambda: Conv2d(0, 3), "out_channels=0", A_COUNT, "use 1 or more"),
            (lambda: Conv2d(5, 0), "kernel_size=0", A_COUNT, "use 1 or more"),
            (lambda: Conv2d(5, 3, stride=0), "stride=0", A_COUNT, "use 1 or more"),
            (lambda: Conv2d(5, 3, stride=-1), "stride=-1", A_COUNT, "use 1 or more"),
            (lambda: Conv2d(5, 3, stride=HUGE), f"stride={HUGE}", A_COUNT, "use a smaller number"),
            (lambda: Conv2d(5, 3, dilation=0), "dilation=0", A_COUNT, "use 1 or more"),
            (lambda: Conv2d(5, 3, dilation=HUGE), f"dilation={HUGE}", A_COUNT, "use a smaller number"),
            (lambda: Conv2d(5, 3, groups=0), "groups=0", A_COUNT, "use 1 or more"),
            (lambda: Conv2d(5, 3, padding=-1), "padding=-1", "a whole number, 0 to 2147483647", "use 0 or more"),
            (
                lambda: Conv2d(5, 3, padding="full"),
                "padding='full'",
                'a number, a pair, four sides, "same" or "valid"',
                'write padding="same", or numbers',
            ),
            (
                lambda: Conv2d(5, 3, padding_mode="mirror"),
                "padding_mode='mirror'",
                "one of 'zeros', 'reflect', 'replicate', 'circular'",
                "use 'zeros'",
            ),
        ]
    ),
    Refusal(
        lambda: Conv2d(4, 3, groups=2).shape_of((3, 9, 9)),
        ShapeError,
        "Conv2d",
        "3 input channels in 2 groups",
        "groups that divide the 3 input and the 4 output channels",
        "use groups=1 or a divisor of it",
    ),
    Refusal(
        lambda: Conv2d(6, 3, groups=4).shape_of((4, 9, 9), name="deep"),
        ShapeError,
        "Conv2d 'deep'",
        "6 output channels in 4 groups",
        "groups that divide the 4 input and the 6 output channels",
        "use groups=2 or a divisor of it",
    ),
    Refusal(
        lambda: Conv2d(5, 3, dilation=4).shape_of((1, 9, 8)),
        ShapeError,
        "Conv2d",
        "input (1, 9, 8): kernel 3 with dilation 4 spans 9; 8 places + padding 0 + 0 = 8",
        "at least 9 places, padding included",
        "use a smaller kernel, a larger input, or 1 more padding",
    ),
    Refusal(
        lambda: Conv2d(5, 3, padding=3, padding_mode="reflect").shape_of((1, 9, 3)),
        ShapeError,
        "Conv2d",
        "input (1, 9, 3): padding (3, 3) in mode 'reflect' on 3 places",
        "at most 2 at each end",
        "use less padding, a larger input, or pad with zeros",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.got)
def test_refused(refusal: Refusal) -> None:
    """Impossible parameters are refused when the layer is made, misfits when it meets a shape."""
    refusal.check()


def test_huge_geometry_is_only_reckoned() -> None:
    """The largest padding and kernel are checked by arithmetic: no array of their size is made."""
    most = 2**31 - 1
    assert Conv2d(1, 1, padding=most).shape_of((1, 4, 4)) == (1, 2 * most + 4, 2 * most + 4)
    assert Conv2d(1, most, padding="same").shape_of((1, 4, 4)) == (1, 4, 4)
    assert Conv2d(1, most, padding="same").cost((1, 4, 4)).macs == 16 * most**2

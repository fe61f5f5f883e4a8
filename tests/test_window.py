"""The sliding-window rule: published sizes and pads, formulas as they are read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from by_hand import Refusal

from pellucid.checks import LARGEST
from pellucid.errors import ParameterError, ShapeError
from pellucid.window import AdaptiveWindow, JoinedWindow, SpreadWindow, Window


@pytest.mark.parametrize(
    ("i", "o", "p", "k", "s", "d"),
    [
        (4, 2, 0, 3, 1, 1),
        (5, 6, 2, 4, 1, 1),
        (5, 5, 1, 3, 1, 1),
        (5, 7, 2, 3, 1, 1),
        (5, 2, 0, 3, 2, 1),
        (5, 3, 1, 3, 2, 1),
        (6, 3, 1, 3, 2, 1),
        (7, 3, 0, 3, 1, 2),
    ],
)
def test_convolution_arithmetic(i: int, o: int, p: int, k: int, s: int, d: int) -> None:
    """The sizes in the figures of Dumoulin and Visin's guide to convolution arithmetic."""
    assert Window(k, s, d, (p, p)).out(i) == o


@pytest.mark.parametrize(
    ("kernel", "stride", "pads_of_8", "pads_of_9"),
    [
        (2, 1, (0, 1), (0, 1)),
        (3, 1, (1, 1), (1, 1)),
        (4, 1, (1, 2), (1, 2)),
        (5, 1, (2, 2), (2, 2)),
        (2, 2, (0, 0), (0, 1)),
        (3, 2, (0, 1), (1, 1)),
        (4, 2, (1, 1), (1, 2)),
        (5, 2, (1, 2), (2, 2)),
        (2, 3, (0, 0), (0, 0)),
        (3, 3, (0, 1), (0, 0)),
        (4, 3, (1, 1), (0, 1)),
        (5, 3, (1, 2), (1, 1)),
    ],
)
def test_same_is_tensorflows(kernel: int, stride: int, pads_of_8: tuple[int, int], pads_of_9: tuple[int, int]) -> None:
    """TensorFlow's "same" pads by the parity of the size, the odd place behind, and gives ceil(size / stride)."""
    window = Window(kernel, stride, padding="same")
    assert (window.pads(8), window.pads(9)) == (pads_of_8, pads_of_9)
    assert (window.out(8), window.out(9)) == (-(-8 // stride), -(-9 // stride))


def test_same_of_a_first_layer() -> None:
    """At 224, kernel 7, stride 2, TensorFlow pads (2, 3) where PyTorch's habit is (3, 3): both give 112."""
    assert Window(7, 2, padding="same").pads(224) == (2, 3)
    assert Window(7, 2, padding="same").out(224) == Window(7, 2, padding=(3, 3)).out(224) == 112


def test_same_with_a_stride_beyond_the_kernel() -> None:
    """A stride that jumps over places needs no padding, and the last places may go unread."""
    window = Window(2, 4, padding="same")
    assert (window.pads(8), window.out(8)) == ((0, 0), 2)
    assert window.reached(3, 8) == []


def test_dilation_widens_same() -> None:
    """What "same" adds goes by the span, dilation included: dilation * (kernel - 1) at stride 1."""
    assert Window(3, 1, 4, "same").pads(20) == (4, 4)
    assert Window(2, 1, 3, "same").pads(20) == (1, 2)


@pytest.mark.parametrize(
    ("window", "size", "out"),
    [
        (Window(3, 2, ceil_mode=True), 4, 2),  # ONNX maxpool_2d_ceil
        (Window(1, 2, ceil_mode=True), 2, 1),  # ONNX maxpool_2d_ceil_output_size_reduce_by_one
        (Window(3, 3, padding=(1, 1), ceil_mode=True), 2, 1),  # ONNX averagepool_2d_ceil_last_window_starts_on_pad
        (Window(4, 4, padding=(2, 2), ceil_mode=True), 9, 3),  # 4 by the formula alone, as older ONNX says
        (Window(3, 2, padding=(1, 1), ceil_mode=True), 112, 57),
        (Window(3, 2, padding=(1, 1), ceil_mode=False), 112, 56),
    ],
)
def test_ceil_mode(window: Window, size: int, out: int) -> None:
    """Rounding up gives one output more, unless its window would start in the padding behind the axis."""
    assert window.out(size) == out


@pytest.mark.parametrize(
    ("window", "size", "formula"),
    [
        (Window(3), 28, "(28 + 2*0 - 3)/1 + 1 = 26"),
        (Window(5, padding=(2, 2)), 28, "(28 + 2*2 - 5)/1 + 1 = 28"),
        (Window(2, 2), 28, "(28 + 2*0 - 2)/2 + 1 = 14"),
        (Window(3, 2), 8, "floor((8 + 2*0 - 3)/2) + 1 = 3"),
        (Window(3, padding=(1, 2)), 5, "(5 + 1 + 2 - 3)/1 + 1 = 6"),
        (Window(3, dilation=2), 7, "(7 + 2*0 - 5)/1 + 1 = 3"),
        (Window(3, 2, ceil_mode=True), 6, "ceil((6 + 2*0 - 3)/2) + 1 = 3"),
        (Window(2, 2, ceil_mode=True), 6, "(6 + 2*0 - 2)/2 + 1 = 3"),
        (
            Window(4, 4, padding=(2, 2), ceil_mode=True),
            9,
            "ceil((9 + 2*2 - 4)/4) + 1 = 4, less one that would start in the padding = 3",
        ),
        (
            Window(1, padding=(1, 1), ceil_mode=True),
            3,
            "(3 + 2*1 - 1)/1 + 1 = 5, less one that would start in the padding = 4",
        ),
        (Window(3, 2, padding="same"), 9, "ceil(9/2) = 5"),
        (Window(3, padding="valid"), 9, "(9 + 2*0 - 3)/1 + 1 = 7"),
    ],
)
def test_formulas(window: Window, size: int, formula: str) -> None:
    """The rule is written with its numbers put in, and ends with the output size."""
    assert window.formula(size) == formula


def test_adaptive_parts_of_five() -> None:
    """Five places in three parts are 0-1, 1-3, 3-4, as PyTorch cuts them: neighbours share places."""
    window = AdaptiveWindow(3)
    assert [list(window.reads(o, 5)) for o in range(window.out(5))] == [[0, 1], [1, 2, 3], [3, 4]]
    assert window.counts(5).tolist() == [2, 3, 2]
    assert window.reached(1, 5) == [0, 1]
    assert window.formula(5) == "5 places in 3 parts = 3"
    assert window.incidence(5).astype(int).tolist() == [[1, 1, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 1, 1]]


# What is refused

REFUSED = [
    *(
        Refusal(
            lambda name=name, value=value: replace(Window(3), **{name: value}),
            ParameterError,
            "Window",
            f"{name} {value}",
            f"1 to {LARGEST}",
            f"use a {name} of 1 or more",
        )
        for name in ("kernel", "stride", "dilation")
        for value in (0, -1, LARGEST + 1, 2**62)
    ),
    *(
        Refusal(
            lambda padding=padding: Window(3, padding=padding),
            ParameterError,
            "Window",
            f"padding {padding}",
            f"0 to {LARGEST} at each end",
            "padding only adds places; to cut places away, slice the input",
        )
        for padding in ((-1, 0), (0, -1), (0, 2**62))
    ),
    Refusal(
        lambda: Window(3, padding="half"),
        ParameterError,
        "Window",
        "padding 'half'",
        '"same", "valid" or (before, after)',
        'write padding="same", or numbers',
    ),
    Refusal(
        lambda: Window(5).out(3),
        ShapeError,
        "Window",
        "kernel 5 spans 5; 3 places + padding 0 + 0 = 3",
        "at least 5 places, padding included",
        "use a smaller kernel, a larger input, or 2 more padding",
    ),
    Refusal(
        lambda: Window(3, dilation=4, padding=(1, 2)).out(2),
        ShapeError,
        "Window",
        "kernel 3 with dilation 4 spans 9; 2 places + padding 1 + 2 = 5",
        "at least 9 places, padding included",
        "use a smaller kernel, a larger input, or 4 more padding",
    ),
    Refusal(
        lambda: Window(3, padding=(3, 0)).sources(3, "reflect"),
        ShapeError,
        "Window",
        "padding (3, 0) in mode 'reflect' on 3 places",
        "at most 2 at each end",
        "use less padding, a larger input, or pad with zeros",
    ),
    Refusal(
        lambda: Window(3, padding=(0, 4)).check_mode(3, "circular"),
        ShapeError,
        "Window",
        "padding (0, 4) in mode 'circular' on 3 places",
        "at most 3 at each end",
        "use less padding, a larger input, or pad with zeros",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.got)
def test_refused(refusal: Refusal) -> None:
    """Values out of range, and windows that do not fit, are refused with what would be right."""
    refusal.check()


def test_sizes_are_reckoned_without_arrays() -> None:
    """The largest kernels, strides, dilations and paddings are reckoned at once, in whole numbers without bound."""
    window = Window(LARGEST, 1, LARGEST, (LARGEST, LARGEST))
    assert window.span == LARGEST * (LARGEST - 1) + 1
    with pytest.raises(ShapeError):
        window.out(LARGEST)
    assert Window(LARGEST, padding="same").out(5) == 5
    assert Window(LARGEST, padding="same").empty(5) is None
    assert Window(1, padding=(LARGEST, LARGEST)).out(4) == 2 * LARGEST + 4
    assert Window(1, padding=(0, LARGEST)).empty(4) == 4
    assert Window(2, 2, 2, (LARGEST, LARGEST)).empty(1) == 0
    Window(3, padding=(LARGEST, 0)).check_mode(LARGEST, "circular")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Window(2.5), "got       kernel 2.5"),  # pyright: ignore[reportArgumentType]
        (lambda: Window(True), "got       kernel True"),
        (lambda: Window(3, stride="2"), "got       stride '2'"),  # pyright: ignore[reportArgumentType]
        (lambda: Window(3, padding=(1,)), "got       padding (1,)"),  # pyright: ignore[reportArgumentType]
        (lambda: Window(3, padding=(1, 0.5)), "got       padding (1, 0.5)"),  # pyright: ignore[reportArgumentType]
        (lambda: SpreadWindow(0), "SpreadWindow\n  got       outputs 0"),
        (lambda: JoinedWindow(0, 0), "JoinedWindow\n  got       outputs 0"),
        (lambda: AdaptiveWindow(0), "AdaptiveWindow\n  got       outputs 0"),
        (lambda: AdaptiveWindow(1.5), "AdaptiveWindow\n  got       outputs 1.5"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_windows_are_made_of_whole_numbers(make: Callable[[], object], text: str) -> None:
    """What is not a whole number in range is refused when the window is made."""
    with pytest.raises(ParameterError) as refused:
        make()
    assert text in str(refused.value)


def test_windows_of_branches() -> None:
    """A place that stands for an axis is read by every output; one among others by the output that it becomes."""
    assert SpreadWindow(3).incidence(1).tolist() == [[True]] * 3
    assert (SpreadWindow(3).out(1), SpreadWindow(3).reached(0, 1)) == (3, [0, 1, 2])
    assert SpreadWindow(3).formula(1) == "1 place for all of 3"
    assert JoinedWindow(1, 4).incidence(2).tolist() == [[False] * 2, [True, False], [False, True], [False] * 2]
    assert (JoinedWindow(1, 4).out(2), JoinedWindow(1, 4).reached(1, 2)) == (4, [2])
    assert JoinedWindow(1, 4).formula(2) == "2 places from 1 on of 4"

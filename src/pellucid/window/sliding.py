"""The sliding-window rule along one axis: convolutions, pools and "same" padding all ask a `Window`.

Formulas: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning" (2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import LARGEST, check_count, whole_number
from ..errors import ParameterError, ShapeError

Pads = tuple[int, int]
_NUMPY_MODES: dict[str, Literal["reflect", "edge", "wrap"]] = {
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


@dataclass(frozen=True, slots=True)
class Window:
    """A window of `kernel` taps, `dilation` apart, that moves by `stride` over one axis with padding at its two ends.

    Args:
        kernel: taps, at least 1.
        stride: input places between two neighbouring outputs, at least 1.
        dilation: input places between two neighbouring taps, at least 1.
        padding: places added (before, after) the axis, or "same" (TensorFlow's and ONNX SAME_UPPER's rule: out =
            ceil(size / stride), an odd place goes after), or "valid" (none).
        ceil_mode: round the output size up; a last window that would start in the padding after the axis is left
            out, as in PyTorch and ONNX.

    Raises:
        ParameterError: a value is out of range.

    >>> Window(3, stride=2, padding=(1, 1)).out(7)
    4
    >>> Window(3, padding=(1, 1)).reads(0, 7)
    range(-1, 2)
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: Pads | str = (0, 0)
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "dilation"):
            check_count("Window", name, getattr(self, name))
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ParameterError(
                    "Window",
                    got=f"padding {self.padding!r}",
                    expected='"same", "valid" or (before, after)',
                    fix='write padding="same", or numbers',
                )
        elif len(self.padding) != 2 or None in [whole_number(places, 0) for places in self.padding]:
            raise ParameterError(
                "Window",
                got=f"padding {self.padding}",
                expected=f"0 to {LARGEST} at each end",
                fix="padding only adds places; to cut places away, slice the input",
            )

    @property
    def span(self) -> int:
        """Input places from the first tap to the last, both counted: dilation * (kernel - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def gap(self) -> int:
        """Places between two neighbouring places that an output reads."""
        return self.dilation

    def room(self, size: int) -> int:
        """Return how many places running needs at once: the axis with its padding."""
        return size + sum(self.pads(size))

    def pads(self, size: int) -> Pads:
        """Return the places added (before, after) an axis of `size`.

        >>> Window(3, stride=2, padding="same").pads(8), Window(3, stride=2, padding="same").pads(9)
        ((0, 1), (1, 1))
        """
        if self.padding == "valid":
            return 0, 0
        if self.padding == "same":
            total = max((-(-size // self.stride) - 1) * self.stride + self.span - size, 0)
            return total // 2, total - total // 2
        assert not isinstance(self.padding, str)
        return self.padding

    def out(self, size: int) -> int:
        """Return how many outputs an axis of `size` inputs gives.

        Raises:
            ShapeError: the window is wider than the padded axis; with `ceil_mode`, by a stride or more.
        """
        before, after = self.pads(size)
        room = size + before + after - self.span
        count = (-(-room // self.stride) if self.ceil_mode else room // self.stride) + 1
        if size < 1 or count < 1:
            taps = f"kernel {self.kernel}" + (f" with dilation {self.dilation}" if self.dilation > 1 else "")
            raise ShapeError(
                "Window",
                got=f"{taps} spans {self.span}; {size} places + padding {before} + {after} = {size + before + after}",
                expected=f"at least {self.span} places, padding included",
                fix=f"use a smaller kernel, a larger input, or {max(-room, 1)} more padding",
            )
        if self.ceil_mode and (count - 1) * self.stride >= size + before:
            count -= 1
        return count

    def formula(self, size: int) -> str:
        """Return the output size's rule with its numbers put in.

        >>> Window(3).formula(28), Window(3, stride=2, padding=(1, 1)).formula(28)
        ('(28 + 2*0 - 3)/1 + 1 = 26', 'floor((28 + 2*1 - 3)/2) + 1 = 14')
        >>> Window(3, stride=2, padding="same").formula(8)
        'ceil(8/2) = 4'
        """
        out = self.out(size)
        if self.padding == "same":
            return f"ceil({size}/{self.stride}) = {out}"
        before, after = self.pads(size)
        pads = f"2*{before}" if before == after else f"{before} + {after}"
        steps = f"({size} + {pads} - {self.span})/{self.stride}"
        room = size + before + after - self.span
        if room % self.stride:
            steps = f"ceil({steps})" if self.ceil_mode else f"floor({steps})"
        rounded = (-(-room // self.stride) if self.ceil_mode else room // self.stride) + 1
        dropped = "" if rounded == out else f"{rounded}, less one that would start in the padding = "
        return f"{steps} + 1 = {dropped}{out}"

    def start(self, size: int) -> int:
        """Return the input place of output 0's first tap: 0, or negative inside the padding."""
        return -self.pads(size)[0]

    def reads(self, output: int, size: int) -> range:
        """Return the input places that `output` reads, padding included (below 0, or at `size` and above)."""
        first = output * self.stride + self.start(size)
        return range(first, first + self.span, self.dilation)

    def reached(self, place: int, size: int) -> list[int]:
        """Return the outputs that read input `place`, in order.

        >>> Window(3, stride=2, padding=(1, 1)).reached(3, 7)
        [1, 2]
        """
        shifted = place - self.start(size)
        first = max(-(-(shifted - self.span + 1) // self.stride), 0)
        last = min(shifted // self.stride, self.out(size) - 1)
        return [o for o in range(first, last + 1) if (shifted - o * self.stride) % self.dilation == 0]

    def extent(self, size: int) -> Pads:
        """Return the padding (before, after) that holds every window, overhang of `ceil_mode` included."""
        before, after = self.pads(size)
        return before, max(after, (self.out(size) - 1) * self.stride + self.span - size - before)

    def empty(self, size: int) -> int | None:
        """Return the first output that reads nothing but padding, or None.

        >>> Window(2, padding=(2, 0)).empty(4), Window(2, padding=(1, 1)).empty(4)
        (0, None)
        """
        first, outputs = self.start(size), self.out(size)
        if first + self.span <= 0:
            return 0
        behind = -(-(size - first) // self.stride)  # the first output that would start behind the axis
        if self.dilation > size:  # taps so far apart that the axis fits between two; places repeat every dilation
            for output in range(min(behind, outputs, self.dilation)):
                if (first + output * self.stride) % self.dilation >= size:
                    return output
        return behind if behind < outputs else None

    def tap(self, k: int, outputs: int) -> slice:
        """Return the places of the padded axis that tap `k` meets, one for each output."""
        first = k * self.dilation
        return slice(first, first + (outputs - 1) * self.stride + 1, self.stride)

    def places(self, size: int) -> NDArray[np.intp]:
        """Return the input place of every (output, tap); below 0 or from `size` on is padding.

        >>> Window(2, stride=2, padding=(1, 0)).places(3)
        array([[-1,  0],
               [ 1,  2]])
        """
        outputs = np.arange(self.out(size))[:, None] * self.stride
        return outputs + np.arange(self.kernel) * self.dilation + self.start(size)

    def counts(self, size: int, *, include_pad: bool) -> NDArray[np.intp]:
        """Return how many places of each output's window count in an average.

        With `include_pad` the places of the padding count, but never the overhang of `ceil_mode` beyond it.
        """
        before, after = self.pads(size) if include_pad else (0, 0)
        places = self.places(size)
        return ((places >= -before) & (places < size + after)).sum(axis=1)

    def sources(self, size: int, mode: str = "zeros") -> NDArray[np.intp]:
        """Return which input place each place of the padded axis holds; -1 where it holds padding.

        Args:
            size: places of the axis before padding.
            mode: what fills the padding: "zeros", or places of the axis itself: "reflect" (mirrored without the edge),
                "replicate" (the edge again) or "circular" (from the other end).

        Raises:
            ShapeError: the axis is too short to be mirrored or wrapped that far.

        >>> Window(3, padding=(2, 1)).sources(4, "reflect")
        array([2, 1, 0, 1, 2, 3, 2])
        """
        self.check_mode(size, mode)
        if mode == "zeros":
            return np.pad(np.arange(size), self.extent(size), constant_values=-1)
        return np.pad(np.arange(size), self.pads(size), mode=_NUMPY_MODES[mode])

    def check_mode(self, size: int, mode: str) -> None:
        """Raise ShapeError if an axis of `size` is too short to be mirrored or wrapped into its padding."""
        pads, most = self.pads(size), {"reflect": size - 1, "circular": size}.get(mode)
        if most is not None and max(pads) > most:
            raise ShapeError(
                "Window",
                got=f"padding {pads} in mode {mode!r} on {size} places",
                expected=f"at most {most} at each end",
                fix="use less padding, a larger input, or pad with zeros",
            )

    def incidence(self, size: int, mode: str = "zeros") -> NDArray[np.bool_]:
        """Return which (output, input place) pairs meet: the window rule as a matrix."""
        held = self.sources(size, mode)[self.places(size) - self.start(size)]  # (outputs, kernel)
        outputs = np.broadcast_to(np.arange(len(held))[:, None], held.shape)
        meets = np.zeros((len(held), size), dtype=np.bool_)
        meets[outputs[held >= 0], held[held >= 0]] = True
        return meets

    def stretch(self, size: int) -> tuple[int, Fraction, Fraction, bool]:
        """Return the span, the places between neighbouring outputs, the first place, and whether this is exact."""
        return self.span, Fraction(self.stride), Fraction(self.start(size)), True

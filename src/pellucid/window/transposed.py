"""The transposed window: a sliding window turned round, so that an axis grows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from ..checks import LARGEST, whole_number
from ..errors import ParameterError, ShapeError
from .reading import Reading
from .sliding import Pads, Window


@dataclass(frozen=True, slots=True)
class TransposedWindow(Reading):
    """A window turned round: every input place adds `kernel` taps, `dilation` apart, to outputs `stride` apart.

    The full result, (size - 1) * stride + dilation * (kernel - 1) + 1 places, is cropped by `padding` at its ends.

    Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4.

    Args:
        kernel: taps, at least 1.
        stride: output places between the taps of two neighbouring inputs, at least 1.
        dilation: output places between two neighbouring taps, at least 1.
        padding: places cropped (before, after), or "same" (TensorFlow's rule: out = size * stride; half of what is too
            much, rounded down, is cropped before; what is missing is added after), or "valid" (none).
        output_padding: places added after the end; nothing but inputs that still reach so far is in them.

    Raises:
        ParameterError: a value is out of range.

    >>> TransposedWindow(3, stride=2, padding=(1, 1)).out(5), TransposedWindow(3, stride=2, padding="same").out(5)
    (9, 10)
    >>> TransposedWindow(3, stride=2).reads(2, 5)
    range(0, 2)
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: Pads | str = (0, 0)
    output_padding: int = 0

    def __post_init__(self) -> None:
        Window(self.kernel, self.stride, self.dilation, self.padding)
        if whole_number(self.output_padding, 0) is None:
            raise ParameterError(
                "TransposedWindow",
                got=f"output_padding {self.output_padding!r}",
                expected=f"0 to {LARGEST}",
                fix="use 0, or as many places as the output should have more",
            )

    @property
    def span(self) -> int:
        """Output places from an input's first tap to its last, both counted."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def gap(self) -> int:
        """Places between two neighbouring places that an output reads."""
        return self.dilation // math.gcd(self.dilation, self.stride)

    def full(self, size: int) -> int:
        """Return how many places the result has before it is cropped."""
        return (size - 1) * self.stride + self.span

    def crops(self, size: int) -> Pads:
        """Return the places cropped (before, after); negative where places are added.

        >>> TransposedWindow(3, stride=2, padding="same").crops(5), TransposedWindow(1, 2, padding="same").crops(5)
        ((0, 1), (0, -1))
        """
        before, after = (0, 0) if isinstance(self.padding, str) else self.padding
        if self.padding == "same":
            total = self.full(size) - size * self.stride
            before = max(total, 0) // 2
            after = total - before
        return before, after - self.output_padding

    def out(self, size: int) -> int:
        """Return how many outputs an axis of `size` inputs gives.

        Raises:
            ShapeError: nothing is left of the full result.
        """
        before, after = self.crops(size)
        count = self.full(size) - before - after
        if size < 1 or count < 1:
            raise ShapeError(
                "TransposedWindow",
                got=f"{self.full(size)} places, of which padding crops {before} + {after}",
                expected="at least 1 place that is left",
                fix="use less padding: in a transposed convolution it crops the output",
            )
        return count

    def formula(self, size: int) -> str:
        """Return the output size's rule with its numbers put in.

        >>> TransposedWindow(3, 2, padding=(1, 1), output_padding=1).formula(5)
        '(5 - 1)*2 + 3 - 2*1 + 1 = 10'
        """
        out = self.out(size)
        if self.padding == "same":
            return f"{size}*{self.stride}{self._added()} = {out}"
        before, after = (0, 0) if isinstance(self.padding, str) else self.padding
        pads = f"2*{before}" if before == after else f"({before} + {after})"
        return f"({size} - 1)*{self.stride} + {self.span} - {pads}{self._added()} = {out}"

    def _added(self) -> str:
        return f" + {self.output_padding}" if self.output_padding else ""

    def reads(self, output: int, size: int) -> range:
        """Return the input places whose taps reach `output`; none where it lies between them."""
        place, shared = output + self.crops(size)[0], math.gcd(self.stride, self.dilation)
        every = self.stride // shared  # taps that reach one output are so many apart, their inputs `gap`
        if place % shared:
            return range(0)
        tap = place // shared * pow(self.dilation // shared, -1, every) % every
        highest = (place - tap * self.dilation) // self.stride
        taps = max(-(-(self.kernel - tap) // every), 0)
        lowest = highest - (taps - 1) * self.gap
        lowest += -(min(lowest, 0) // self.gap) * self.gap
        highest -= -(min(size - 1 - highest, 0) // self.gap) * self.gap
        return range(lowest, highest + 1, self.gap)

    def tap(self, output: int, place: int, size: int) -> int:
        """Return which tap of input `place` reaches `output`."""
        return (output + self.crops(size)[0] - place * self.stride) // self.dilation

    def met(self, k: int, size: int) -> slice:
        """Return the places of the full result that tap `k` of every input reaches."""
        first = k * self.dilation
        return slice(first, first + (size - 1) * self.stride + 1, self.stride)

    def room(self, size: int) -> int:
        """Return the places of the full result, and of what is added after it."""
        return max(self.full(size), self.crops(size)[0] + self.out(size))

    def stretch(self, size: int) -> tuple[int, Fraction, Fraction, bool]:
        """Return the largest span, the places between neighbouring outputs, the first place, and if all is exact."""
        first = Fraction(self.crops(size)[0] - self.span + 1, self.stride)
        return -(-(self.span - 1) // self.stride) + 1, Fraction(1, self.stride), first, self.stride == 1

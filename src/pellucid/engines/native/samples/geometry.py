"""A convolution's geometry as the loops of its kernels: which places are written, and what each of them reads.

The gradient of a convolution's input is a convolution of the output's gradient: a stride of s makes it s convolutions
an axis, one for every residue of the place modulo s, each with the taps that meet such places.
"""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[int, int]


@dataclass(frozen=True)
class ConvGeometry:
    """A convolution but for the size of its maps.

    Args:
        inputs, outputs: channels, of all groups together.
        kernel: taps (rows, columns).
        stride: places between neighbouring windows.
        dilation: places between neighbouring taps.
        padding: places around the map ((top, bottom), (left, right)).
        groups: output channels of a group read the input channels of that group.
    """

    inputs: int
    outputs: int
    kernel: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    groups: int = 1

    @property
    def area(self) -> int:
        """Taps of a kernel."""
        return self.kernel[0] * self.kernel[1]


@dataclass(frozen=True)
class Axis:
    """The places along one axis that one loop writes, and what they read.

    Args:
        start, step, count: the places written: start, start + step, and so on.
        first: the place that the first tap reads for the first place written.
        advance: places read from one place written to the next.
        taps: how many taps meet these places.
        reach: places read from one tap to the next; negative in gradients.
        tap, tap_step: the first tap's number in the kernel, and the numbers from one to the next.
    """

    start: int
    step: int
    count: int
    first: int
    advance: int
    taps: int
    reach: int
    tap: int
    tap_step: int

    def reads(self) -> Pair:
        """Return the first and the last place that are read; (0, -1) if there is none."""
        if not self.taps or not self.count:
            return 0, -1
        ends = self.first, self.first + (self.taps - 1) * self.reach
        return min(ends), max(ends) + (self.count - 1) * self.advance

    def inside(self, number: int, size: int) -> range:
        """Return which taps of the place written number `number` read one of `size` places, and not what is around."""
        first = self.first + number * self.advance
        met = [tap for tap in range(self.taps) if 0 <= first + tap * self.reach < size]
        return range(met[0], met[-1] + 1) if met else range(0)

    def outside(self, size: int) -> float:
        """Return which part of all reads is around the `size` places."""
        return 1 - sum(len(self.inside(number, size)) for number in range(self.count)) / (self.count * self.taps)


def forward_axis(geometry: ConvGeometry, axis: int, outputs: int) -> Axis:
    """Return the loop over `outputs` places of a convolution's output along axis 0 or 1."""
    return Axis(
        start=0,
        step=1,
        count=outputs,
        first=-geometry.padding[axis][0],
        advance=geometry.stride[axis],
        taps=geometry.kernel[axis],
        reach=geometry.dilation[axis],
        tap=0,
        tap_step=1,
    )


def gradient_axes(geometry: ConvGeometry, axis: int, inputs: int, *, whole: bool = False) -> list[Axis]:
    """Return the loops over the places of a convolution's input along axis 0 or 1, one for each residue.

    Args:
        geometry: the convolution.
        axis: 0 or 1.
        inputs: places of the input.
        whole: the padding's places are written as well.

    >>> [loop.taps for loop in gradient_axes(ConvGeometry(1, 1, (3, 3), (2, 2)), 0, 7)]
    [2, 1]
    """
    before, after = geometry.padding[axis]
    kernel, stride, dilation = geometry.kernel[axis], geometry.stride[axis], geometry.dilation[axis]
    lowest, end = (-before, inputs + after) if whole else (0, inputs)
    loops: list[Axis] = []
    for start in range(lowest, min(lowest + stride, end)):
        met = [tap for tap in range(kernel) if (start + before - tap * dilation) % stride == 0]
        apart = met[1] - met[0] if len(met) > 1 else 1
        first = (start + before - met[0] * dilation) // stride if met else 0
        count = -(-(end - start) // stride)
        reach = -(apart * dilation // stride)
        loops.append(Axis(start, stride, count, first, 1, len(met), reach, met[0] if met else 0, apart))
    return loops


def gradient_halo(
    geometry: ConvGeometry, height: int, width: int, y_height: int, y_width: int, *, whole: bool = False
) -> tuple[int, int, int, int]:
    """Return the halo (top, bottom, left, right) of zeros that the output's gradient needs around it.

    Args:
        geometry: the convolution.
        height: rows of its input.
        width: columns of its input.
        y_height: rows of its output.
        y_width: columns of its output.
        whole: the gradient of the padding's places is wanted too.

    >>> gradient_halo(ConvGeometry(1, 1, (3, 3), padding=((1, 1), (1, 1))), 8, 8, 8, 8)
    (1, 1, 1, 1)
    """
    sides: list[int] = []
    for axis, (inputs, outputs) in enumerate(((height, y_height), (width, y_width))):
        reads = [loop.reads() for loop in gradient_axes(geometry, axis, inputs, whole=whole)]
        sides += [max(0, -min(low for low, _ in reads)), max(0, max(high for _, high in reads) - outputs + 1)]
    return sides[0], sides[1], sides[2], sides[3]

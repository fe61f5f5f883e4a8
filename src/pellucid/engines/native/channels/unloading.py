"""From channel lanes to arrays as people read them: transposes of small squares of places and channels."""

from __future__ import annotations

from collections.abc import Sequence

from ....layers.node import Shape
from ..ir import Code, Value
from ..samples.packing import SQUARE, turned

Steps = tuple[int, int, int]  # numbers from one channel, row or column of an array to the next


def steps_of(shape: Shape, order: str = "CHW") -> Steps:
    """Return the steps of an array of a shape; in order "HWC", channels are neighbours.

    >>> steps_of((4, 3, 2)), steps_of((4, 3, 2), "HWC"), steps_of((7,)), steps_of((5, 7))
    ((6, 2, 1), (1, 8, 4), (1, 0, 7), (1, 0, 7))
    """
    if len(shape) != 3:
        return 1, 0, shape[-1]
    channels, height, width = shape
    return (1, width * channels, channels) if order == "HWC" else (height * width, width, 1)


def side_of(width: int) -> int:
    """Return the side of the squares that a row of places falls into: a power of two.

    >>> side_of(3), side_of(30)
    (2, 4)
    """
    return min(SQUARE, 1 << (width.bit_length() - 1))


def unload(code: Code, squares: Sequence[Sequence[Value]], array: Value, steps: Steps, channels: int) -> None:
    """Write neighbouring places of a row into an array.

    Args:
        code: where to write.
        squares: the places, square by square.
        array: the address of the first place's first number.
        steps: of the array.
        channels: how many of the lanes have a channel.
    """
    by_channel, _, by_column = steps
    if by_column == 1:
        side = len(squares[0])
        across = [turned(code, list(vectors)) for vectors in squares]
        for lane in range(channels):  # channel by channel, so that each line of the cache is written at once
            first = lane - lane % side
            start = code.address(array, lane * by_channel, of="float")
            for q, vectors in enumerate(across):
                part = code.shuffle(vectors[lane % side], vectors[lane % side], list(range(first, first + side)))
                code.store(part, code.address(start, q * side, of="float"), align=4)
        return
    for k, vector in enumerate(vector for vectors in squares for vector in vectors):
        done = 0
        while done < channels:  # runs of a power of two of channels, which are neighbours
            count = 1 << ((channels - done).bit_length() - 1)
            part = vector if count == code.lanes else code.shuffle(vector, vector, list(range(done, done + count)))
            code.store(part, code.address(array, k * by_column + done, of="float"), align=4)
            done += count

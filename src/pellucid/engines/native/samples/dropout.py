"""Dropout in sample lanes: every lane draws the numbers of its own sample, by the counters of `pellucid.random`.

Philox multiplies words of 32 bits to 64. Words are kept in lanes of 64 bits whose upper halves may hold anything: the
multiplication reads lower halves alone, and the next words lie where it leaves them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from ..ir import Code, Number, Value
from ..kernel import Kernel
from ..layout import Maps
from .places import runs
from .sums import each_place

WORDS = 4  # numbers that one counter gives
ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
LOW = 0xFFFFFFFF


@dataclass(frozen=True)
class DropoutForward(Kernel):
    """y = x times 0 or 1 / (1 - p), by chance; y may be x. The same on gradients is the way back.

    Args:
        x, y: the layouts.
        p: the probability to drop.
        layer: the word that stands for the layer's name.
        per_map: one chance for a whole map.
        add: add to y.
    """

    arguments: ClassVar[tuple[str, ...]] = ("x", "samples", "random", "y")
    x: Maps
    y: Maps
    p: float
    layer: int
    per_map: bool = False
    add: bool = False

    def write(self, code: Code, item: Value, *pointers: Value) -> None:
        """Write a loop over counters; what their numbers are for follows one another, in a row or not."""
        x, samples, random, y = pointers
        chances = Chances(code, samples, random, self.layer)
        values = [(x, self.x), (y, self.y)]
        channels, rows, width = runs([self.x, self.y])
        together = code.target.registers // 16  # counters side by side: each round of Philox waits for the one before

        def place(factor: Value, x: Value, y: Value) -> None:
            result = code.load(x) * factor
            code.store(code.load(y) + result if self.add else result, y)

        def factors(counter: Number, count: int) -> list[tuple[int, Value]]:
            words = chances.words(counter, -(-count // WORDS))[:count]
            return [(k, _factor(code, word, self.p)) for k, word in enumerate(words)]

        def maps(counter: Number, count: int) -> None:
            for k, factor in factors(counter, count):
                each_place(code, counter * WORDS + k, values, partial(place, factor))

        def scattered(counter: Number, count: int) -> None:
            for k, factor in factors(counter, count):
                row, column = (counter * WORDS + k) // self.x.width, (counter * WORDS + k) % self.x.width
                spot = row // self.x.height, row % self.x.height, column
                place(factor, *(code.address(pointer, layout.at(*spot)) for pointer, layout in values))

        def row(c: Number, r: Number) -> None:
            starts = [code.address(pointer, layout.at(c, r)) for pointer, layout in values]

            def along(counter: Number, count: int) -> None:
                for k, factor in factors((c * rows + r) * (width // WORDS) + counter, count):
                    place(factor, *(code.address(start, counter * WORDS + k) for start in starts))

            _each_counter(code, width, along, together)

        def channel(c: Number) -> None:
            code.loop(rows, partial(row, c))

        if self.per_map:
            _each_counter(code, self.x.channels, maps, 1)
        elif channels * rows > 1 and width % WORDS:
            _each_counter(code, self.x.channels * self.x.height * self.x.width, scattered, together)
        else:
            code.loop(channels, channel)


def _each_counter(code: Code, count: int, body: Callable[[Number, int], None], counters: int) -> None:
    """Call `body` with the first of `counters` counters, and how many of their numbers are used, until `count` are."""

    def several(counter: Number) -> None:
        body(counter, counters * WORDS)

    looped = count // (counters * WORDS) * counters
    code.loop(looped, several, step=counters)
    if count > looped * WORDS:
        body(looped, count - looped * WORDS)


class Chances:
    """Philox4x32-10 with the counter (block, sample, layer, step) and the seed as key, a sample a lane.

    Args:
        code: where to write.
        samples: the address of the lanes' sample numbers.
        random: the address of seed and step, each two words, the lower first.
        layer: the word that stands for the layer's name.
    """

    def __init__(self, code: Code, samples: Value, random: Value, layer: int) -> None:
        self._code, self._samples, self._random = code, samples, random
        self._half = f"<{code.lanes // 2} x i64>"
        # Whole vectors in memory, for LLVM would keep numbers that it spreads itself, more of them than fit.
        numbers = [layer, *(turn * step for turn in range(ROUNDS) for step in KEY_STEPS)]
        self._table = code.table([number for number in numbers for _ in range(code.lanes // 2)])

    def words(self, counter: Number, counters: int) -> list[Value]:
        """Return the words of `counters` counters, four each, 32 bits a lane; nothing is kept in registers after it."""
        code = self._code
        key = self._word(0), self._word(1)
        samples = [code.load(self._samples, half, of=self._half, align=8) for half in range(2)]
        layer = code.load(self._table, of=self._half)
        first = [self._spread(counter + n) for n in range(counters)]
        halves = [(block, sample, layer, self._word(2)) for block in first for sample in samples]
        for turn in range(ROUNDS):
            k0, k1 = (k + code.load(self._table, 1 + 2 * turn + n, of=self._half) for n, k in enumerate(key))
            for half, (c0, c1, c2, c3) in enumerate(halves):
                p0, p1 = (c0 & LOW) * MULTIPLIERS[0], (c2 & LOW) * MULTIPLIERS[1]
                halves[half] = (p1 >> 32) ^ c1 ^ k0, p1, (p0 >> 32) ^ c3 ^ k1, p0
        return [
            self._lower(*word)
            for a, b in zip(halves[::2], halves[1::2], strict=True)
            for word in zip(a, b, strict=True)
        ]

    def _lower(self, a: Value, b: Value) -> Value:
        """Return the lower 32 bits of the lanes of two halves."""
        code = self._code
        a, b = (code.convert("bitcast", half, code.ints) for half in (a, b))
        return code.shuffle(a, b, [2 * lane for lane in range(code.lanes)])

    def _word(self, index: int) -> Value:
        place = self._code.address(self._random, index, of="i32")
        return self._spread(self._code.load(place, of="i64", align=4))  # the next word may lie in the upper half

    def _spread(self, number: Number) -> Value:
        code = self._code
        if isinstance(number, int):
            return code.constant(number, self._half)
        first = code.let(f"insertelement {self._half} poison, i64 {number}, i64 0", self._half)
        return code.shuffle(first, first, [0] * (code.lanes // 2))


def _factor(code: Code, word: Value, p: float) -> Value:
    """Return 0 or 1 / (1 - p): a number in [0, 1) has 24 bits, and is compared with p as a float32."""
    least = math.ceil(float(np.float32(p)) * 2.0**24) << 8  # the first word that is kept
    if least > LOW:
        return code.zero()
    return code.select(code.compare("uge", word, least), code.splat(1 / (1 - p)), code.zero())

"""Runs networks with every buffer between pages that nobody may touch: one byte too far ends the process.

A script for processes of its own: `main` replaces where the native engine's memory comes from. What a plan lays side by
side is laid apart, with such a page after every buffer; what comes from outside has one before it and one behind.
"""

from __future__ import annotations

import ctypes
import mmap
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import Input, Network
from pellucid.engines.native import executable, trainer
from pellucid.engines.native.arena import Sizes, place
from pellucid.engines.native.channels import program as channels_program
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.machine import available
from pellucid.engines.native.memory import up
from pellucid.engines.native.plan import Plan
from pellucid.engines.native.samples import program as samples_program
from pellucid.layers import (
    Add,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    GroupNorm,
    InstanceNorm2d,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    LogSoftmax,
    LpPool2d,
    MaxPool2d,
    ReLU,
    Softmax,
    Tanh,
)
from pellucid.train import SGD, CrossEntropy

PAGE = mmap.PAGESIZE
USERS = (executable, trainer, samples_program, channels_program)
_Executable = executable.Executable
_kept: list[mmap.mmap] = []
_protect = ctypes.CDLL(None, use_errno=True).mprotect


def forbid(address: int, size: int) -> None:
    """Let nobody read or write whole pages."""
    if size and _protect(ctypes.c_void_p(address), ctypes.c_size_t(size), 0):
        raise OSError(ctypes.get_errno(), "mprotect")


def guarded(size: int, *, left: bool, step: int) -> NDArray[np.uint8]:
    """Bytes between two such pages: beginning right after the first, or ending (rounded to `step`) at the second."""
    room = up(max(size, 1), PAGE)
    pages = mmap.mmap(-1, room + 2 * PAGE)
    _kept.append(pages)
    whole = np.frombuffer(pages, np.uint8)
    start = PAGE if left else PAGE + room - up(size, step)
    whole[:] = 0xFF  # numbers that are none
    forbid(whole.ctypes.data, PAGE)
    forbid(whole.ctypes.data + PAGE + room, PAGE)
    return whole[start : start + size]


def array(values: Any, *, left: bool) -> NDArray[Any]:
    """A copy of an array, between two such pages to the byte."""
    values = np.ascontiguousarray(values)
    copy = guarded(values.nbytes, left=left, step=values.itemsize).view(values.dtype).reshape(values.shape)
    copy[...] = values
    return copy


class Numpy:
    """NumPy for a module of the engine: the arrays that it makes to be filled are guarded."""

    def __init__(self, left: bool) -> None:
        self._left = left

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, shape: Any, dtype: Any) -> NDArray[Any]:
        """Return an array, not filled."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return guarded(size, left=self._left, step=4).view(dtype).reshape(shape)


def laid_apart(plan: Plan, left: bool) -> tuple[Sizes, dict[str, list[int]]]:
    """Give every buffer of a plan a place of its own, and return where the pages after them begin, by memory."""
    place(plan)
    ends: dict[str, int] = {"thread": 0, "blocks": 0, "once": 0}
    pages: dict[str, list[int]] = defaultdict(list)
    for buffer in plan.buffers:
        if buffer.base in ends:
            begin, room = ends[buffer.base], up(max(buffer.size, 1), PAGE)
            buffer.offset = begin if left else begin + room - up(buffer.size)
            pages[buffer.base].append(begin + room)
            ends[buffer.base] = begin + room + PAGE
    return Sizes(ends["thread"], ends["blocks"], ends["once"]), pages


def guard(left: bool) -> None:
    """Take all memory of the native engine from here."""

    class Executable(_Executable):
        """A plan whose buffers lie apart; each is run with one number of blocks only."""

        def __init__(self, plan: Plan, *arguments: Any, **options: Any) -> None:
            self._pages: dict[str, list[int]] = {}

            def laid(plan: Plan) -> Sizes:
                sizes, self._pages = laid_apart(plan, left)
                return sizes

            executable.place = laid
            super().__init__(plan, *arguments, **options)
            for thread in range(self._pool.threads):
                self._forbid(self._threads.ctypes.data + thread * self.sizes.thread, "thread", 1)
            self._forbid(self._once.ctypes.data, "once", 1)

        def ready(self, blocks: int) -> None:
            """Have memory for so many blocks."""
            if blocks not in self._tables:
                assert not self._tables
                super().ready(blocks)
                self._forbid(self._blocks.ctypes.data, "blocks", blocks)

        def _forbid(self, start: int, base: str, copies: int) -> None:
            for page in self._pages.get(base, ()):
                forbid(start + page * copies, PAGE * copies)

    def aligned(count: int, dtype: Any) -> NDArray[Any]:
        return guarded(count * np.dtype(dtype).itemsize, left=left, step=64).view(dtype)

    for user in USERS:
        for name, other in (("aligned", aligned), ("Executable", Executable), ("np", Numpy(left))):
            if hasattr(user, name):
                setattr(user, name, other)


# What is run


def lenet() -> Network:
    """LeNet-5."""
    first, second = [Conv2d(6, 5, padding=2), Tanh(), AvgPool2d(2)], [Conv2d(16, 5), ReLU(), MaxPool2d(2)]
    return Network((1, 28, 28), [*first, *second, Flatten(), Linear(120), Tanh(), Linear(84), ReLU(), Linear(10)])


def vgg() -> Network:
    """A small VGG of unequal sides and channels that fill no vector, with dropout."""
    wide, narrow = [
        [Conv2d(width, 3, padding=1), ReLU(), Conv2d(width, 3, padding=1), ReLU(), MaxPool2d(2)] for width in (33, 20)
    ]
    return Network((3, 13, 18), [*wide, *narrow, Flatten(), Linear(50), ReLU(), Dropout(0.5), Linear(10)])


def residual() -> Network:
    """A block with batch norms, a shortcut of its own, strides, and an average over each map."""
    image = Input((5, 15, 11), name="image")
    y = BatchNorm2d()(Conv2d(24, 3, stride=2, padding=1, bias=False)(image))
    y = BatchNorm2d()(Conv2d(24, 3, padding=1, bias=False)(ReLU()(y)))
    shortcut = BatchNorm2d()(Conv2d(24, 1, stride=2, bias=False)(image))
    return Network(image, Softmax()(Linear(10)(GlobalAvgPool2d()(ReLU()(Add()(y, shortcut))))))


def normed() -> Network:
    """Norms of one image in all lanes, over neighbouring channels too, a pool of powers, and logarithms."""
    image = Input((3, 9, 8), name="image")
    y = LayerNorm((0,))(Conv2d(18, 3, padding=1)(image))
    y = LocalResponseNorm(5, alpha=0.5)(GroupNorm(3)(Conv2d(18, 3, padding=1)(y)))
    y = InstanceNorm2d(affine=True)(LpPool2d(2, 3, stride=2)(y))
    return Network(image, LogSoftmax()(LayerNorm()(Linear(10)(Flatten()(LayerNorm()(y))))))


NETWORKS = (lenet, vgg, residual, normed)


def running(make: Callable[[], Network], count: int, engine: NativeEngine, left: bool | None) -> list[bytes]:
    """What running and tracing a fresh network gives."""
    net = make()
    x = images(net, count, left)
    values = NativeEngine.program(engine, net).trace((x,))
    return [*(part.tobytes() for part in engine.program(net).run((x,))), *(v.tobytes() for v in values.values())]


def trained(make: Callable[[], Network], count: int, engine: NativeEngine, left: bool | None) -> list[bytes]:
    """What two training steps and gradients give."""
    net = make()
    x, y = images(net, count, left), np.arange(count) % 10
    if left is not None:
        y = array(y, left=left)
    made = engine.trainer(net, CrossEntropy(), SGD(0.1, momentum=0.9), seed=3)
    steps = [made.step((x,), y, np.arange(count), rate=0.1) for _ in range(2)]
    found = made.gradients((x,), y, np.arange(count))
    made.sync()
    arrays = [steps[1].outputs, steps[1].losses, *found.inputs, *found.weights.values(), *net.weights.values()]
    return [np.asarray(array).tobytes() for array in arrays]


def images(net: Network, count: int, left: bool | None) -> NDArray[np.float32]:
    """Images for a network, guarded unless it is None."""
    x = np.random.default_rng(count).standard_normal((count, *net.inputs[0].shape)).astype(np.float32)
    return x if left is None else array(x, left=left)


def main(target: str, side: str, counts: list[int]) -> None:
    """Run everything without guards and with them, and print whether the bits were the same."""
    executable.SHARED_FROM = 0
    engine = NativeEngine(threads=2, target=next(each for each in available() if each.name == target))
    cases = [(use, make, count) for use in (running, trained) for make in NETWORKS for count in counts]
    right = [use(make, count, engine, None) for use, make, count in cases]
    guard(side == "left")
    engine = NativeEngine(threads=2, target=engine.target)
    for (use, make, count), bits in zip(cases, right, strict=True):
        print(use.__name__, make.__name__, count, end=": ", flush=True)  # the last one, should the process end
        print("same" if use(make, count, engine, side == "left") == bits else "others")

"""What of a network an atlas shows: pages have bounds, and what is left out is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..checks import check_count
from ..errors import ParameterError
from ..explain import summarize
from ..network import Network

CHANNELS = 16  # of a layer, if nothing is said
MOST = 6000  # pictures on one page: beyond it browsers become slow


@dataclass(frozen=True)
class Choice:
    """What is shown.

    Args:
        layers: the names of the layers, in the order in which they run.
        channels: how many channels of each, the first ones.
        top: how many images of each channel.
        left_out: the names of the layers that are not shown.
    """

    layers: tuple[str, ...]
    channels: int
    top: int
    left_out: tuple[str, ...]


def choose(net: Network, layers: Sequence[str] | None, channels: int | None, top: int) -> Choice:
    """Return what an atlas of `net` shows; None: layers that multiply and add, and as many channels as have room.

    Raises:
        UnknownNameError: there is no such layer.
        ParameterError: a number is not 1 or more, or this is more than a page can hold.

    >>> from pellucid.layers import Conv2d, Flatten, Linear, ReLU
    >>> choose(Network((1, 4, 4), [Conv2d(2, 3), ReLU(), Flatten(), Linear(3)]), None, None, 9)
    Choice(layers=('conv1', 'linear1'), channels=16, top=9, left_out=('relu1', 'flatten1'))
    """
    check_count("atlas", "top", top)
    if channels is not None:
        check_count("atlas", "channels", channels)
    names = _names(net, layers)
    sizes = [net.shapes[name][0] for name in names]
    shown = CHANNELS if channels is None else channels
    while channels is None and shown > 1 and _pictures(sizes, shown, top) > MOST:
        shown -= 1
    if _pictures(sizes, shown, top) > MOST:
        raise ParameterError(
            "atlas",
            got=f"{_pictures(sizes, shown, top):,} pictures, of {len(names)} layers",
            expected=f"at most {MOST:,} on one page",
            fix="show fewer layers, fewer channels, or a smaller top",
        )
    return Choice(names, shown, top, tuple(name for name in net.layers if name not in names))


def _names(net: Network, layers: Sequence[str] | None) -> tuple[str, ...]:
    """Return the layers' names in the order in which they run."""
    if layers is None:
        summary = summarize(net)
        weighing = tuple(layer.name for layer in summary.layers if layer.macs)
        return weighing or tuple(net.layers)
    wanted = {str(net.node(name).name) for name in layers}
    return tuple(name for name in net.shapes if name in wanted)


def _pictures(sizes: Sequence[int], channels: int, top: int) -> int:
    return sum(min(size, channels) for size in sizes) * top

"""What excites a channel: the images, and the places in them, where its values are largest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from ..arrays import as_array
from ..checks import check_count
from ..engines import Engine, as_inputs, get
from ..errors import DataError, ParameterError, unknown_name
from ..layers.node import Shape
from ..network import Network
from ..wiring import name_of
from .boxes import Boxes
from .strongest import Strongest

MOST_AT_ONCE = 64  # images
BATCH_BYTES = 256 << 20  # of all values of a batch, but for a single image


@runtime_checkable
class Pictures(Protocol):
    """What has images, such as a `pellucid.train.Dataset`."""

    @property
    def images(self) -> NDArray[Any]:
        """The images (N, C, H, W)."""
        ...


@dataclass(frozen=True)
class Excitation:
    """One image that excites a channel, and where.

    Args:
        image: the image's number.
        place: the number's place in the layer's output: (channel, row, column) for maps, (feature,) for vectors.
        value: the number there, the channel's largest in this image.
        rows: the input's rows that it depends on, within the image; none where the field lies in padding.
        columns: the columns.
        status: how well that box fits: "exact", "upper bound" or "whole input".
    """

    image: int
    place: tuple[int, ...]
    value: float
    rows: range
    columns: range
    status: str


@dataclass(frozen=True)
class LayerExcitations:
    """What excites each channel of one layer.

    Args:
        layer: the layer's name.
        shape: its output's shape.
        source: the name of the input whose rows and columns are told.
        channels: for each channel the images that excite it, the largest value first.
    """

    layer: str
    shape: Shape
    source: str
    channels: tuple[tuple[Excitation, ...], ...]


class Excitations(Mapping[str, LayerExcitations]):
    """What excites each channel, by the layer's name.

    Args:
        layers: the layers.
        images: how many images were looked at.
        top: how many were kept for each channel, at most.
        engine: the name of the engine that computed the values.
    """

    def __init__(self, layers: Sequence[LayerExcitations], images: int, top: int, engine: str) -> None:
        self._layers = {layer.layer: layer for layer in layers}
        self.images = images
        self.top = top
        self.engine = engine

    def __getitem__(self, name: str) -> LayerExcitations:
        if name not in self._layers:
            raise unknown_name("layer", name, self._layers)
        return self._layers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __repr__(self) -> str:
        return f"<Excitations of {len(self)} layers: the top {self.top} of {self.images:,} images>"


def excitations(
    net: Network,
    images: Any,
    *,
    layers: str | Sequence[str] | None = None,
    top: int = 9,
    engine: str | Engine | None = None,
    batch_size: int | None = None,
    channels_last: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Excitations:
    """Return the images and the places in them that excite each channel most.

    An image counts once for a channel, by its largest value. Of equal values the earlier image and the first place go
    before; NaN is passed over. Images are run batch by batch, and what is kept does not grow with their number. Values
    that are the same but for an engine's rounding may change places on another engine or with other batches.

    Args:
        net: the network.
        images: a Dataset, or images (N, C, H, W) as `predict` takes them; a tuple for several inputs.
        layers: names of layers or inputs; None: all layers.
        top: how many images to keep for each channel.
        engine: what runs the network.
        batch_size: images run at a time; None: up to 64, as many as have their values in 256 MiB.
        channels_last: images are (N, H, W, C); those of a Dataset never are.
        progress: is told after each batch how many images were looked at, and how many there are.

    Returns:
        for each layer, and each of its channels, the images, places and values, with the receptive field of each.

    Raises:
        UnknownNameError: there is no such layer.
        ParameterError: `top` or `batch_size` is not 1 or more, or no layer is named.
        ShapeError, DataError: the images do not fit the network, or there are none.

    >>> from pellucid.layers import Conv2d
    >>> net = Network((1, 3, 3), [Conv2d(1, 2, bias=False)])
    >>> net.weights["conv1.weight"] = [[[[1, 1], [1, 1]]]]
    >>> first = excitations(net, [[[[0, 0, 0], [0, 1, 0], [0, 0, 1]]]])["conv1"].channels[0][0]
    >>> first.image, first.place, first.value, first.rows, first.columns
    (0, (0, 1, 1), 2.0, range(1, 3), range(1, 3))
    """
    check_count("excitations", "top", top)
    names = _names(net, layers)
    if isinstance(images, Pictures):
        images, channels_last = images.images, False
    arrays = _arrays(net, images)
    count = len(arrays[0])
    size = _batch(net, batch_size)
    runner = get(engine)
    program = runner.program(net)
    found = {name: Strongest(net.shapes[name], min(top, count)) for name in names}
    for first in range(0, count, size):
        part = [array[first : first + size] for array in arrays]
        values = program.trace(as_inputs(net, part if len(part) > 1 else part[0], channels_last=channels_last))
        for name, strongest in found.items():
            strongest.see(values[name])
        if progress is not None:
            progress(min(first + size, count), count)
    return Excitations(_told(net, found), count, top, runner.name)


def _names(net: Network, layers: str | Sequence[str] | None) -> list[str]:
    chosen = list(net.layers) if layers is None else [layers] if isinstance(layers, str) else list(layers)
    if not chosen:
        raise ParameterError("excitations", got="no layers", expected="names of layers", fix="leave layers out for all")
    return [name_of(net.node(name)) for name in dict.fromkeys(chosen)]


def _arrays(net: Network, images: Any) -> list[NDArray[Any]]:
    """Return one array of images an input, as it came: only what is run is made float32."""
    several: list[Any] = [images]
    if len(net.inputs) > 1:
        several = list(images)
    arrays = [as_array("excitations", each) for each in several]
    arrays = [
        array[None] if array.ndim == len(node.shape) else array for node, array in zip(net.inputs, arrays, strict=False)
    ]
    counts = {len(array) if array.ndim else 0 for array in arrays}
    if len(arrays) < len(net.inputs) or len(counts) > 1:
        as_inputs(net, tuple(arrays))  # says what does not fit
    if 0 in counts:
        raise DataError("excitations", got="0 images", expected="1 or more", fix="give images to look through")
    return arrays


def _batch(net: Network, batch_size: int | None) -> int:
    if batch_size is not None:
        check_count("excitations", "batch_size", batch_size)
        return batch_size
    values = sum(math.prod(shape) for shape in net.shapes.values())
    return min(MOST_AT_ONCE, max(1, BATCH_BYTES // (4 * values)))


def _told(net: Network, found: dict[str, Strongest]) -> list[LayerExcitations]:
    boxes = Boxes(net)
    return [
        LayerExcitations(
            name,
            net.shapes[name],
            boxes.sources[name],
            tuple(
                tuple(
                    Excitation(image, place, value, *boxes.box(name, place), boxes.status(name))
                    for image, place, value in strongest.of(channel)
                )
                for channel in range(net.shapes[name][0])
            ),
        )
        for name, strongest in found.items()
    ]

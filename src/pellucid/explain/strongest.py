"""The largest values of each channel, of maps that come in batches: what is kept does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..layers.base import Array
from ..layers.node import Shape

NONE = -1  # instead of an image's number, where fewer images were seen than are kept


class Strongest:
    """The `top` images that hold a channel's largest values, and where: an image counts once, by its largest value.

    Of equal values the earlier image and the first place of a map go before. NaN is no value: it is passed over.

    Args:
        shape: the shape of an image's maps, the channels first.
        top: how many images to keep for each channel.

    >>> strongest = Strongest((1, 2), top=2)
    >>> strongest.see(np.array([[[0.0, 3.0]], [[5.0, 5.0]], [[np.nan, 3.0]]]))
    >>> list(strongest.of(0))
    [(1, (0, 0), 5.0), (0, (0, 1), 3.0)]
    """

    def __init__(self, shape: Shape, top: int) -> None:
        self.images = np.full((shape[0], top), NONE, np.int64)
        self.places = np.zeros((shape[0], top), np.int64)  # in the map laid out as one row
        self.values = np.full((shape[0], top), -np.inf, np.float32)
        self._top = top
        self._map = shape[1:]
        self._seen = 0

    def see(self, values: Array) -> None:
        """Take in the maps (N, channels, ...) of the next images."""
        maps = values.reshape(len(values), len(self.images), -1)  # (images, channels, places)
        places = maps.argmax(axis=2)
        found = np.take_along_axis(maps, places[..., None], axis=2)[..., 0]
        numbers = np.broadcast_to(self._seen + np.arange(len(maps))[:, None], places.shape)
        self._seen += len(maps)
        spoiled = np.isnan(found)  # argmax stops at the first NaN
        if spoiled.any():
            places[spoiled], found[spoiled] = _apart_from_nan(maps[spoiled])
            numbers = np.where(np.isnan(found), NONE, numbers)
        images = np.concatenate([self.images, numbers.T], axis=1)
        self._keep(
            images,
            np.concatenate([self.places, places.T], axis=1),
            np.concatenate([self.values, found.T], axis=1),
        )

    def of(self, channel: int) -> Iterator[tuple[int, tuple[int, ...], float]]:
        """Give a channel's images, the places (channel, ...) in them and the values there, the largest first."""
        for image, place, value in zip(
            self.images[channel].tolist(), self.places[channel].tolist(), self.values[channel].tolist(), strict=True
        ):
            if image != NONE:
                yield image, (channel, *self._place(place)), value

    def _place(self, flat: int) -> tuple[int, ...]:
        """Return the place on a map that comes `flat` places after its first."""
        place: list[int] = []
        for size in reversed(self._map):
            flat, index = divmod(flat, size)
            place.insert(0, index)
        return tuple(place)

    def _keep(self, images: NDArray[np.int64], places: NDArray[np.int64], values: Array) -> None:
        """Keep the best of what was kept and what is new; both are in order, and sorting leaves equals in it."""
        order = np.lexsort((-values, images == NONE), axis=1)[:, : self._top]
        self.images, self.places, self.values = (
            np.take_along_axis(each, order, axis=1) for each in (images, places, values)
        )


def _apart_from_nan(maps: Array) -> tuple[NDArray[np.intp], Array]:
    """Return the place and the value of the largest number of each map (maps, places); NaN where there is none."""
    most = np.fmax.reduce(maps, axis=1)
    return (maps == most[:, None]).argmax(axis=1), most

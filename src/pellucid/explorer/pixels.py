"""What is done to a picture's pixels before a network reads them, as was done when it was trained; and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Three = tuple[float, float, float]


@dataclass(frozen=True)
class Pixels:
    """A rule for pixels.

    Args:
        about: what the numbers are then, for a person to read.
        factor: pixels of 0 to 1 are multiplied by it first.
        mean, std: of red, green and blue; what is taken away then, and what the rest is divided by.
        bgr: whether blue comes first and red last.
    """

    about: str
    factor: float = 1.0
    mean: Three = (0.0, 0.0, 0.0)
    std: Three = (1.0, 1.0, 1.0)
    bgr: bool = False

    def apply(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return an image as the network reads it.

        Args:
            image: (1 or 3, height, width) from 0 to 1; grey, or red, green and blue.

        Returns:
            (1 or 3, height, width), float32; a grey image has the mean and deviation of the three colours together.

        >>> PIXELS["byte"].apply(np.ones((3, 1, 1), np.float32)).ravel().tolist()
        [255.0, 255.0, 255.0]
        """
        mean, std = (np.array(each, np.float32).reshape(3, 1, 1) for each in (self.mean, self.std))
        if len(image) == 1:
            mean, std = (each.mean(axis=0, keepdims=True) for each in (mean, std))
        done = (image * np.float32(self.factor) - mean) / std
        return np.ascontiguousarray(done[::-1] if self.bgr and len(image) == 3 else done, np.float32)

    def words(self, shape: tuple[int, ...]) -> str:
        """Return what is done to a picture until it has `shape` (channels, height, width)."""
        channels, height, width = shape
        colours = "grey" if channels == 1 else "blue, green, red" if self.bgr else "red, green, blue"
        return f"The largest part in the middle of the picture, scaled to {height} × {width}; {colours}, {self.about}."


PIXELS = {
    "unit": Pixels("from 0 to 1"),
    "byte": Pixels("from 0 to 255", factor=255.0),
    "signed": Pixels("from -1 to 1", factor=2.0, mean=(1.0, 1.0, 1.0)),
    # The means and deviations that torchvision's networks for ImageNet were trained with.
    "imagenet": Pixels(
        "from 0 to 1, less ImageNet's mean, divided by its deviation",
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    ),
}

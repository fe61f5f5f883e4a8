"""`pellucid predict`: which class a network sees in an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ShapeError
from .models import Invert, ModelName, note_untrained, open_image, open_trained
from .output import AsJson, EngineName, show, show_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..network import Network


def predict(
    model: ModelName,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Image files, or digits:17 and the like.")],
    top: Annotated[int, typer.Option("--top", min=1, help="How many classes to show of each image.")] = 3,
    invert: Invert = False,
    engine: EngineName = None,
    as_json: AsJson = False,
) -> None:
    """Show the most probable classes of images."""
    import numpy as np

    net = open_trained(model)
    names = class_names(net)
    batch = np.stack([open_image(net, image, invert=invert) for image in images])
    note_untrained(model)
    found: list[dict[str, Any]] = []
    for image, row in zip(images, scores(net, batch, engine), strict=True):
        best = np.argsort(-row, kind="stable")[:top]
        classes: list[dict[str, Any]] = [
            {"class": names[k], "number": int(k), "probability": float(row[k])} for k in best
        ]
        found.append({"image": image, "classes": classes})
    if as_json:
        show_json(found)
    else:
        show(_table(found))


def class_names(net: Network) -> tuple[str, ...]:
    """Return the names of the classes that a network decides between, or their numbers.

    Raises:
        ShapeError: the network's output is not one number a class.
    """
    shape = net.outputs[0].shape
    if len(shape) != 1 or shape[0] < 2:
        raise ShapeError(
            f"network {net.name!r}",
            got=f"an output of shape {shape}",
            expected="one number for each of two classes or more",
            fix="look at its values in Python: net.predict(images)",
        )
    return net.classes or tuple(str(number) for number in range(shape[0]))


def scores(net: Network, images: NDArray[np.float32], engine: str | None) -> NDArray[np.float64]:
    """Return each image's probabilities (N, classes)."""
    from ..engines import predict as run
    from ..engines import probabilities

    outputs = run(net, images, engine=engine)
    return probabilities(net, outputs[0] if len(net.outputs) > 1 else outputs)


def _table(found: list[dict[str, Any]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    from ..words import printable

    table = Table(box=None, pad_edge=False)
    for column in ("image", "class", "probability"):
        table.add_column(column, justify="right" if column == "probability" else "left", overflow="fold")
    for item in found:
        for rank, one in enumerate(item["classes"]):
            image, name = (Text(printable(text)) for text in ("" if rank else item["image"], one["class"]))
            table.add_row(image, name, f"{one['probability']:.2%}")
    return table

"""`pellucid page`: the explorer's page on a network and its images as one file, to send or to keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .explore import material
from .models import DIGITS, Invert, note_untrained, open_image, open_trained
from .output import EngineName, note, say

MEGABYTE = 10**6


def page(
    model: Annotated[
        str, typer.Argument(metavar="[MODEL]", help="A network's file, a name of the zoo, or digits.")
    ] = DIGITS,
    image: Annotated[
        str | None, typer.Argument(metavar="[IMAGE]", help="The image in it: a file, or digits:17.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("page.html"),
    layers: Annotated[
        str | None, typer.Option("--layers", help="Names of layers with commas between: only their numbers are in it.")
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, max=1 << 12, help="Megabytes of numbers in it, before they are compressed.")
    ] = 48,
    invert: Invert = False,
    engine: EngineName = None,
) -> None:
    """Write one HTML file in which every number can be taken apart.

    It holds the network, the image, every layer's values and weights, and the page itself. Without MODEL it is about a
    network that is trained on handwritten digits first, with twenty of them in it.
    """
    from ..explorer import Session, write_page

    net = open_trained(model)
    given = material(net, None)
    if image is not None:
        given["images"] = open_image(net, image, invert=invert)
    named = None if layers is None else [name.strip() for name in layers.split(",")]
    session = Session(net, **given, engine=engine)
    samples = None if image is None else [0]
    left = write_page(session, output, samples=samples, layers=named, most=most * MEGABYTE)
    note_untrained(model)
    say(f"saved {output}, {output.stat().st_size / MEGABYTE:.2f} MB")
    if left and named is None:
        note(
            f"note: the numbers of {len(left)} of {len(net.nodes)} layers did not fit, from {left[0]!r} on: "
            "name those that matter with --layers, or give more room with --most"
        )

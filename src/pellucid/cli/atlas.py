"""`pellucid atlas`: what excites each channel of a network, as a page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import unknown_name
from .data import DataName, ImageSize, open_data
from .models import ModelName, note_untrained, open_trained
from .output import AsJson, EngineName, say, show_json

if TYPE_CHECKING:
    from ..atlas import Atlas

PARTS = ("test", "train")

OUTPUT = typer.Option("-o", "--output", metavar="FILE", help="The page to write, .html.")
LAYERS = typer.Option(metavar="NAME,...", help="Layers to show, with commas; by default those that multiply and add.")
CHANNELS = typer.Option(min=1, help="How many channels of a layer to show; by default 16, or what has room.")
TOP = typer.Option(min=1, help="How many images of each channel to show.")
PART = typer.Option(help="Which images of DATA to look through: test or train.")


def atlas(
    model: ModelName,
    data: DataName,
    output: Annotated[Path, OUTPUT],
    layers: Annotated[str | None, LAYERS] = None,
    channels: Annotated[int | None, CHANNELS] = None,
    top: Annotated[int, TOP] = 9,
    part: Annotated[str, PART] = "test",
    size: ImageSize = None,
    engine: EngineName = None,
    as_json: AsJson = False,
) -> None:
    """Write a page of what excites each channel most.

    For each channel the page has the parts of the images in which its largest values are greatest. It is one file
    that loads nothing.
    """
    from ..atlas import atlas as write

    if part not in PARTS:
        raise unknown_name("part", part, PARTS)
    net = open_trained(model)
    learned, tested = open_data(net, data, size)
    images = tested if part == "test" else learned
    with _bar() as progress:
        made = write(
            net,
            images.images,
            output,
            labels=images.labels,
            classes=images.classes,
            data=f"{images.name}, {part}",
            layers=None if layers is None else [name.strip() for name in layers.split(",")],
            channels=channels,
            top=top,
            engine=engine,
            progress=progress,
        )
    note_untrained(model)
    if as_json:
        show_json(_facts(made, f"{images.name}, {part}"))
    else:
        _report(made)


@contextmanager
def _bar() -> Generator[Callable[[int, int], None] | None]:
    """Give what shows on a terminal how many images were looked at; elsewhere nothing does."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = TextColumn("images"), BarColumn(bar_width=16), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("")
        yield lambda done, count: bars.update(task, completed=done, total=count)


def _facts(made: Atlas, data: str) -> dict[str, Any]:
    from ..explain import facts

    return {
        "file": str(made.path),
        "data": data,
        "channels_shown": made.channels,
        "layers_left_out": list(made.left_out),
        **facts.excitations(made.found),
    }


def _report(made: Atlas) -> None:
    shown = sum(min(made.channels, len(layer.channels)) for layer in made.found.values())
    channels = sum(len(layer.channels) for layer in made.found.values())
    say(f"{len(made.found)} layers, {shown} of {channels} channels, {made.found.images:,} images looked through")
    if made.left_out:
        say(f"not shown: {len(made.left_out)} layers; name them with --layers")
    if shown < channels:
        say(f"not shown: {channels - shown} channels; see more with --channels")
    say(f"saved {made.path}")

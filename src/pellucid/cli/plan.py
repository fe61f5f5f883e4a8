"""`pellucid plan`: what the native engine will run, before any of it is made."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from .models import ModelName, open_model
from .output import AsJson, say, show_json

TRAINING = typer.Option("--training", help="A step of training instead: cross-entropy, and SGD with momentum.")
LANES = typer.Option(
    metavar="LANES", help="What fills a vector: samples or channels; by default what the engine chooses."
)


def plan(
    model: ModelName,
    training: Annotated[bool, TRAINING] = False,
    batch: Annotated[int, typer.Option(min=1, help="How many images are run at once.")] = 64,
    lanes: Annotated[str | None, LANES] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Without Winograd's algorithm.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the native engine will run: kernels and memory."""
    from ..engines import NativeEngine

    found = NativeEngine(exact=exact).plan(open_model(model), training=training, batch=batch, lanes=lanes)
    if as_json:
        show_json(asdict(found))
        return
    for line in str(found).split("\n"):
        say(line)

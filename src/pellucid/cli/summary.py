"""`pellucid summary`: a network's shapes, parameters, cost and receptive fields."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..errors import ParameterError, unknown_name
from .models import ModelName, open_model
from .output import AsJson, show, show_json

FORMATS = ("latex", "markdown", "csv")

Format = Annotated[
    str | None, typer.Option("--format", help=f"Write it for other programs instead: {', '.join(FORMATS)}.")
]


def summary(model: ModelName, form: Format = None, as_json: AsJson = False) -> None:
    """Show the layers: shapes, parameters, cost, receptive fields."""
    from ..explain import facts, summarize

    if form is not None and form not in FORMATS:
        raise unknown_name("format", form, FORMATS)
    if form is not None and as_json:
        raise ParameterError(
            "summary", got=f"--format {form} and --json", expected="one of them", fix="leave one of them out"
        )
    found = summarize(open_model(model))
    if as_json:
        show_json(facts.summary(found))
    elif form is not None:
        written = {"latex": found.latex, "markdown": found.markdown, "csv": found.csv}[form]()
        sys.stdout.write(written.replace("\r\n", "\n"))  # the stream ends lines as this machine does
    else:
        show(found)

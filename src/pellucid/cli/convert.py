"""`pellucid convert`: a network from one format into another, or into source; suffixes say which."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ParameterError
from .models import ModelName, note_untrained, open_trained
from .output import say

SOURCE = ".py"
DIALECT = typer.Option("--dialect", help="Of .py: torch, keras or numpy; torch if nothing is said.")


def convert(
    model: ModelName,
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; its suffix says the format.")],
    dialect: Annotated[str | None, DIALECT] = None,
) -> None:
    """Write a network in another format, or as source.

    OUT ends in .safetensors, .onnx and so on, or in .py for a program that builds the same network.
    """
    from ..disk import replace_file
    from ..formats import check_destination, code, save

    if output.suffix.lower() == SOURCE:
        text = code(open_trained(model), dialect or "torch")
        replace_file(output, [text.encode()])
    else:
        if dialect is not None:
            raise ParameterError(
                "--dialect",
                got=f"{dialect} for {str(output)!r}",
                expected="a file that ends in .py",
                fix="leave it out",
            )
        check_destination(output)
        save(open_trained(model), output)
    note_untrained(model)
    say(f"saved {output}")

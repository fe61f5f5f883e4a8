"""`pellucid compare`: do two networks compute the same, and if not, where and why?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ParameterError
from ..network import Network
from .models import Invert, note_untrained, open_image, open_trained
from .output import AsJson, show, show_json

DIFFERENT = 1  # the exit code of two networks that differ
WHAT = "A network's file, a name of the zoo, or digits."
ITSELF = "itself"  # a file of ONNX or Keras, in its own framework
ENGINES = typer.Option(
    "--engines",
    metavar="A,B",
    help="What runs each; one name is for both. See `pellucid engines`; itself: the file's own framework.",
)


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help=WHAT)],
    b: Annotated[str, typer.Argument(metavar="B", help=WHAT)],
    image: Annotated[
        str | None, typer.Argument(metavar="[IMAGE]", help="An image's file; else inputs that expose differences.")
    ] = None,
    engines: Annotated[str, ENGINES] = "reference",
    invert: Invert = False,
    as_json: AsJson = False,
) -> None:
    """Tell whether two networks compute the same, and why not.

    Shows each layer's difference, the first that is more than rounding, and the rule that explains it. The exit code is
    0 if they compute the same, 1 if not, 2 for bad input.
    """
    from ..comparison import compare as run

    names = engines.split(",")
    if len(names) > 2:
        raise ParameterError(
            "--engines", got=engines, expected="one name, or two with a comma", fix="write for instance native,torch"
        )
    nets = open_trained(a), open_trained(b)
    pixels = None if image is None else open_image(nets[0], image, invert=invert)
    for model in dict.fromkeys((a, b)):
        note_untrained(model)
    first, second = _side(a, nets[0], names[0]), _side(b, nets[1], names[-1])
    found = run(first, second, pixels, engines=(names[0], names[-1]))
    if as_json:
        show_json(found.facts())
    else:
        show(found)
    if not found.same:
        raise typer.Exit(DIFFERENT)


def _side(model: str, net: Network, engine: str) -> Network | str:
    """Return what is compared: a file's name, where its own framework runs it."""
    return model if engine == ITSELF and Path(model).exists() else net

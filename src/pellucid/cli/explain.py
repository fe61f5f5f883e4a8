"""`pellucid explain`: one number, taken apart."""

from __future__ import annotations

from typing import Annotated

import typer

from .address import locate
from .models import ImageName, Invert, ModelName, note_untrained, open_image, open_trained
from .output import AsJson, EngineName, show, show_json


def explain(
    model: ModelName,
    image: ImageName,
    address: Annotated[str, typer.Argument(metavar="LAYER[C,Y,X]", help="The number, in quotes: 'conv1[2,10,12]'.")],
    invert: Invert = False,
    engine: EngineName = None,
    as_json: AsJson = False,
) -> None:
    """Take one number apart, down to its products.

    Shows what the number read, every product, the exact sum, and how far the engine is from it.
    """
    import numpy as np

    from ..explain import facts, trace

    net = open_trained(model)
    name, index = locate(net, address)
    pixels = open_image(net, image, invert=invert)
    note_untrained(model)
    with np.errstate(all="ignore"):  # infinities and NaN are told as what they are
        explanation = trace(net, pixels, engine=engine).explain(name, index)
    if as_json:
        show_json(facts.explanation(explanation))
    else:
        show(explanation)

"""`pellucid explore`: the explorer in the browser, on a network of yours or on one that it trains first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import unknown_name
from .classes import read_classes
from .models import DIGITS, Invert, is_sample, note_untrained, open_image, open_trained
from .output import EngineName, note, show

if TYPE_CHECKING:
    from ..network import Network


def explore(
    model: Annotated[
        str, typer.Argument(metavar="[MODEL]", help="A network's file, a name of the zoo, or digits.")
    ] = DIGITS,
    image: Annotated[str | None, typer.Argument(metavar="[IMAGE]", help="The image to begin with.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 is any free one.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address, but open no browser.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training of digits.")] = 0,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DATA", help="What to train on in the page: a name, a folder, an .npz."),
    ] = None,
    numbers: Annotated[
        str | None,
        typer.Option("--numbers", metavar="FILE", help="Your own number a layer, as JSON or CSV, for the columns."),
    ] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="MODEL", help="Another network, to compare with layer by layer.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option("--classes", metavar="FILE", help="The classes' names, a line each.")
    ] = None,
    pixels: Annotated[
        str,
        typer.Option("--pixels", help="What the network was trained on: unit (0 to 1), byte, signed or imagenet."),
    ] = "unit",
    bgr: Annotated[bool, typer.Option("--bgr", help="The network reads blue first and red last.")] = False,
    invert: Invert = False,
    engine: EngineName = None,
) -> None:
    """Open the explorer in the browser, until Ctrl-C.

    It shows every layer, every number, and where it came from. Without MODEL it trains a network on handwritten digits
    first, which takes a few seconds.
    """
    from ..explorer import PIXELS, read_numbers, serve

    if pixels not in PIXELS:
        raise unknown_name("--pixels", pixels, PIXELS)
    rule = replace(PIXELS[pixels], bgr=bgr)
    net = _trained_digits(seed, engine) if model == DIGITS else open_trained(model)
    given = material(net, data)
    if image is not None:
        photo, given["pictured"] = open_image(net, image, invert=invert), not is_sample(image)
        given["images"] = rule.apply(photo) if given["pictured"] else photo
    if numbers is not None:
        given["numbers"] = read_numbers(numbers)
    if classes is not None:
        given["classes"] = read_classes(classes)
    if compare is not None:
        given["other"] = open_trained(compare)
    models = [model] if compare in (None, model) else [model, compare]
    for each in models:
        note_untrained(each)
    note("The explorer is at this address, until Ctrl-C:")
    serve(net, **given, pixels=rule, port=port, browser=not no_open, engine=engine, out=_say)


def _trained_digits(seed: int, engine: str | None) -> Network:
    """Train the digits network in front of the user, and take one number of it apart."""
    from ..explain import summarize, trace
    from ..train.digits import train_digits

    note("Training a small network on handwritten digits:")
    net, history, _, test = train_digits(seed, progress=True, engine=engine)
    if history.stopped:
        raise KeyboardInterrupt
    show(summarize(net))
    name = str(net.nodes[0].name)
    note("One number of it, taken apart:")
    show(trace(net, test.images[0], engine=engine).explain(name, tuple(size // 2 for size in net.shapes[name])))
    return net


def material(net: Network, name: str | None) -> dict[str, Any]:
    """Return data to train on and to choose images from, and how a drawing becomes one."""
    from ..train import data
    from ..train.digits import digits_network

    ours = digits_network()
    alike = net.classes == ours.classes and [node.shape for node in net.inputs] == [ours.inputs[0].shape]
    found: dict[str, Any] = {}
    if name is None and alike:
        name = DIGITS
    if name is not None:
        size = net.inputs[0].shape[1:] if len(net.inputs[0].shape) == 3 and data.is_folder(name) else None
        found["data"] = data.load(name, size=size)
    if alike and name == DIGITS:
        hint = "Draw sevens with a bar, as those that it learned from have one."
        found |= {"drawing": data.digits_drawing, "hint": hint}
    return found


def _say(address: str) -> None:
    print(address, flush=True)

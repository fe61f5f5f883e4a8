"""`pellucid train`: train a network on data, and save it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ParameterError, PellucidError, unknown_name
from .curve import curve
from .data import DataName, ImageSize, open_data, read_size
from .models import built_in, open_model
from .output import AsJson, EngineName, note, say, show, show_json

if TYPE_CHECKING:
    from ..network import Network
    from ..train import Dataset, Optimizer

IN_PYTHON = "Checkpoints(path, resume=True)"  # what is --resume here
OPTIMIZERS = ("sgd", "adam", "adamw")

NETWORK = typer.Argument(metavar="NETWORK", help="A name of the zoo, digits, or a network's file to go on from.")
OUTPUT = typer.Option("-o", "--output", metavar="FILE", help="Where to save the trained network.")
EPOCHS = typer.Option(min=1, help="How often to go through the data.")
BATCH_SIZE = typer.Option(min=1, help="Images a step.")
RATE = typer.Option(help="Learning rate; by default 0.05, or 0.001 for adam and adamw.")
MOMENTUM = typer.Option(help="Momentum of sgd; by default 0.9.")
OPTIMIZER = typer.Option(help=f"How weights move: {', '.join(OPTIMIZERS)}.")
SEED = typer.Option(min=0, help="Decides first values, order and dropout: the same seed gives the same bits.")
RESUME = typer.Option("--resume", help="Go on exactly where the training to FILE stopped, if it had begun.")


def train(
    network: Annotated[str, NETWORK],
    data: DataName,
    output: Annotated[Path, OUTPUT],
    epochs: Annotated[int, EPOCHS] = 5,
    batch_size: Annotated[int, BATCH_SIZE] = 64,
    rate: Annotated[float | None, RATE] = None,
    momentum: Annotated[float | None, MOMENTUM] = None,
    optimizer: Annotated[str, OPTIMIZER] = "sgd",
    size: ImageSize = None,
    seed: Annotated[int, SEED] = 0,
    resume: Annotated[bool, RESUME] = False,
    engine: EngineName = None,
    as_json: AsJson = False,
) -> None:
    """Train a network on data, and save it.

    A checkpoint is kept beside FILE until the network is saved: after Ctrl-C or a crash, the same command with --resume
    goes on.
    """
    from ..formats import check_destination, save
    from ..train import Checkpoints, fit

    check_destination(output)
    checkpoint = _checkpoint(output, resume)
    rule = _optimizer(optimizer, rate, momentum)
    net, learned, tested = _material(network, data, size, seed)
    try:
        history = fit(
            net,
            learned,
            test=tested,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=rule,
            seed=seed,
            progress=True,
            engine=engine,
            checkpoints=Checkpoints(checkpoint, resume=resume),
        )
    except PellucidError as error:
        error.fix = error.fix.replace(IN_PYTHON, "--resume")
        raise
    if history.stopped:
        done = len(history.epochs)
        note(f"stopped after {done} of {epochs} epochs" + (": go on with --resume" if done else ""))
        raise KeyboardInterrupt
    save(net, output)
    checkpoint.unlink(missing_ok=True)  # whoever removed it only went before
    if as_json:
        show_json({"file": str(output), "epochs": [asdict(epoch) for epoch in history.epochs]})
    else:
        show(curve(history.epochs))
        say(f"saved {output}")


def _checkpoint(output: Path, resume: bool) -> Path:
    """Return where the training is written down: beside the output."""
    path = output.with_suffix(".checkpoint")
    if path.exists() and not resume:
        raise ParameterError(
            f"checkpoint {str(path)!r}",
            got="an unfinished training to the same file",
            expected="none, where a training begins",
            fix="add --resume to go on, or remove it to begin anew",
        )
    if resume and not path.exists():
        note(f"no checkpoint {path}: the training begins")
    return path


def _material(network: str, data: str, size: str | None, seed: int) -> tuple[Network, Dataset, Dataset]:
    """Return the network, built for the data or opened from its file, and the data for learning and testing."""
    from ..train.data import load

    builders = built_in()
    if network in builders:
        learned, tested = load(data, size=read_size(size))
        return builders[network](learned.classes, input_shape=learned.images.shape[1:], seed=seed), learned, tested
    net = open_model(network)
    return net, *open_data(net, data, size)


def _optimizer(name: str, rate: float | None, momentum: float | None) -> Optimizer:
    from ..train import SGD, Adam, AdamW

    if name not in OPTIMIZERS:
        raise unknown_name("optimizer", name, OPTIMIZERS)
    if name == "sgd":
        return SGD(0.05 if rate is None else rate, momentum=0.9 if momentum is None else momentum)
    if momentum is not None:
        raise ParameterError(
            "--momentum", got=f"{momentum} with {name}", expected="sgd", fix="leave it out, or use --optimizer sgd"
        )
    kind = Adam if name == "adam" else AdamW
    return kind(0.001 if rate is None else rate)

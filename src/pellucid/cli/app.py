"""The command's frame: the table of commands, and what every command shares: errors, Ctrl-C, a closed output."""

from __future__ import annotations

import errno
import io
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..errors import PellucidError
from .atlas import atlas
from .cache import cache
from .compare import compare
from .convert import convert
from .engines import engines
from .explain import explain
from .explore import explore
from .page import page
from .plan import plan
from .predict import predict
from .summary import summary
from .train import train

COMMANDS: dict[Callable[..., None], tuple[str, ...]] = {  # each with examples for its help
    explore: (
        "pellucid explore",
        "pellucid explore net.safetensors photo.jpg --port 8000 --no-open",
        "pellucid explore net.safetensors photo.jpg --compare net.safetensors",
    ),
    summary: (
        "pellucid summary resnet50",
        "pellucid summary net.safetensors --json",
        "pellucid summary lenet5 --format latex",
    ),
    explain: ("pellucid explain digits digits:17 'conv1[2,4,3]'",),
    predict: ("pellucid predict digits digits:17 digits:18", "pellucid predict net.safetensors photo.jpg --top 5"),
    train: (
        "pellucid train digits digits -o net.safetensors",
        "pellucid train net.safetensors photos -o better.safetensors --rate 0.01",
    ),
    atlas: (
        "pellucid atlas digits digits -o atlas.html",
        "pellucid atlas net.safetensors photos -o atlas.html --layers conv1,linear1 --top 4",
    ),
    compare: (
        "pellucid compare net.safetensors net.safetensors --engines reference,native",
        "pellucid compare net.safetensors net.safetensors photo.jpg --json",
    ),
    convert: (
        "pellucid convert net.safetensors net.py --dialect keras",
        "pellucid convert digits digits.safetensors",
    ),
    page: (
        "pellucid page -o digits.html",
        "pellucid page net.safetensors photo.jpg -o photo.html --layers conv1,relu1",
    ),
    plan: (
        "pellucid plan lenet5",
        "pellucid plan digits --training --batch 32",
        "pellucid plan resnet18 --batch 1 --json",
    ),
    engines: ("pellucid engines",),
    cache: ("pellucid cache", "pellucid cache --clear"),
}
LONGEST_LINE = 400  # characters of a line of an error
BAD_INPUT, ENDED = 2, 130  # exit codes; 130 is what a shell says of a program that Ctrl-C ended


class Frame(TyperGroup):
    """Runs a command; turns errors of ours into one message and exit code 2, and Ctrl-C into exit code 130."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take --debug wherever it stands."""
        asked = "--debug" in args
        return super().parse_args(ctx, [*["--debug"] * asked, *(arg for arg in args if arg != "--debug")])

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            raise typer.Exit(ENDED) from None
        except (PellucidError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # whoever read the output has read enough
            if ctx.params["debug"]:
                traceback.print_exc()
            _tell(error)
            raise typer.Exit(BAD_INPUT) from None
        except MemoryError as error:
            if ctx.params["debug"]:
                traceback.print_exc()
            _tell(
                PellucidError(
                    f"pellucid {ctx.invoked_subcommand}",
                    got=str(error) or "no memory left",
                    expected="what fits the memory of this machine",
                    fix="take a smaller network, fewer images or smaller batches, or close other programs",
                )
            )
            raise typer.Exit(BAD_INPUT) from None
        return result


def main() -> None:
    """Run the command line."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # the shell closed it
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our signs shows question marks
    app(prog_name="pellucid")


def _tell(error: Exception) -> None:
    """Print an error; what came in may be long, or made to steer a terminal."""
    from ..words import legible

    lines = str(error).split("\n")
    print("\n".join(legible(line, LONGEST_LINE) for line in [f"error: {lines[0]}", *lines[1:]]), file=sys.stderr)


def _version(asked: bool) -> None:
    if asked:
        print(f"pellucid {__version__}")
        raise typer.Exit


def _frame(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error came from.")] = False,
) -> None:
    """Convolutional networks you can take apart: every number, back to the pixels."""


app = typer.Typer(
    cls=Frame,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(_frame)
for command, examples in COMMANDS.items():
    app.command(epilog="\b\n" + "\n".join(["For example:", *(f"  {example}" for example in examples)]))(command)

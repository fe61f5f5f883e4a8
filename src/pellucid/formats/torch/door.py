"""The doors: modules and exported programs in memory. What needs PyTorch is imported behind them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...checks import whole_number
from ...errors import ModelFileError, ParameterError, UnmappedError
from ...layers.node import Shape
from ...network import Network
from ..refusal import told
from .graph import network


def load_module(module: Any, partial: bool, input_shape: Any) -> Network:
    """Return the network of a torch.nn.Module, followed by torch.export for inputs of this shape."""
    if input_shape is None:
        raise ParameterError(
            "load",
            got=f"a {type(module).__name__} without input_shape: a PyTorch module does not say what it reads",
            expected="the shape of one input, without the batch",
            fix="load(module, input_shape=(3, 224, 224)), with your own channels, height and width",
        )
    shapes = shapes_of(input_shape)
    from .exported import program
    from .exporting import export

    name = module._get_name()
    try:
        return network(program(export(module, shapes), name), partial)
    except UnmappedError as error:
        raise told(error, Path(name)) from None


def load_program(exported: Any, partial: bool) -> Network:
    """Return the network of a torch.export.ExportedProgram."""
    from .exported import program

    try:
        return network(program(exported), partial)
    except UnmappedError as error:
        raise told(error, Path(type(exported).__name__)) from None


def refuse_script(script: Any, partial: bool) -> Network:
    """Refuse TorchScript, which is a program of another kind."""
    raise ModelFileError(
        type(script).__name__,
        got="TorchScript",
        expected="the torch.nn.Module that it was made from, or a torch.export.ExportedProgram",
        fix="load(module, input_shape=(3, 224, 224)), or torch.export.export(module, (image,))",
    )


def shapes_of(given: Any) -> list[Shape]:
    """Return the inputs' shapes: one shape, a number for vectors, or a list of shapes.

    Raises:
        ParameterError: it is none of these.

    >>> shapes_of((3, 8, 8)), shapes_of(5), shapes_of([(3, 8, 8), (4,)])
    ([(3, 8, 8)], [(5,)], [(3, 8, 8), (4,)])
    """
    single = (given,) if isinstance(given, int) else given
    listed = isinstance(single, Sequence) and single and all(isinstance(item, Sequence) for item in single)  # pyright: ignore[reportUnknownVariableType]
    shapes: list[Any] = list(single) if listed else [single]  # pyright: ignore[reportUnknownArgumentType]
    for shape in shapes:
        if not isinstance(shape, Sequence) or not shape or any(whole_number(size, 1) is None for size in shape):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            raise ParameterError(
                "load",
                got=f"input_shape={given!r:.80}",
                expected="sizes without the batch, such as (channels, height, width), or a list of such shapes",
                fix="give for instance input_shape=(3, 224, 224)",
            )
    return [tuple(int(size) for size in shape) for shape in shapes]

"""A module becomes an exported program: followed by torch.export as it is used, and left as it was."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ...errors import ModelFileError
from ...layers.node import Shape

SAMPLES = 7  # the batch that is followed, of no numbers: a size that no axis of images or classes often has


def export(module: nn.Module, shapes: Sequence[Shape]) -> Any:
    """Return the torch.export.ExportedProgram of a module in eval mode for inputs of these shapes, without the batch.

    Raises:
        ModelFileError: torch.export cannot follow it.
    """
    tensors = [*module.parameters(), *module.buffers()]
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), torch.zeros(0))
    given = tuple(like.new_zeros((SAMPLES, *shape)) for shape in shapes)
    name = type(module).__name__
    try:
        with _as_used(module), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about how PyTorch goes about it: nothing that a reader could change
            return torch.export.export(module, given, strict=False)
    except Exception as error:  # whatever the module's own code raises
        lines = str(error).strip().splitlines() or [""]
        raise ModelFileError(
            name,
            got=f"{type(error).__name__}: {lines[0][:300]}",
            expected=f"a module that torch.export can follow for inputs of shape {', '.join(map(str, shapes))}",
            fix="compare input_shape with what the module reads; a path that depends on values cannot be followed",
        ) from error


@contextmanager
def _as_used(module: nn.Module) -> Generator[None]:
    """Put a module and all in it into eval mode, and each back into its own."""
    modes = [(inner, inner.training) for inner in module.modules()]
    for inner, _ in modes:
        inner.training = False
    try:
        yield
    finally:
        for inner, mode in modes:
            inner.training = mode

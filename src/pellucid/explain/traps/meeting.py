"""Traps where branches meet: along which axis, in which order, and what is spread over what."""

from __future__ import annotations

from itertools import accumulate

from ...layers import Add, Concat, Multiply, Subtract
from .trap import Place, Rules, Trap, listed

AXES = ("channels", "rows", "columns")


def axis(at: Place, layer: Concat) -> Trap | None:
    """Axes are counted with the batch in the frameworks, and defaults differ."""
    rank = len(at.shape)
    own = layer.axis % rank
    name = AXES[own] if rank == 3 else "places"
    keras = (3, 1, 2)[own] if rank == 3 else own + 1
    return Trap(
        "Along which axis",
        f"The {name}: axis={layer.axis} without the batch, dim={own + 1} in PyTorch, where torch.cat's default of 0 "
        f"would join batches, and axis={keras} in Keras.",
    )


def order(at: Place, layer: Concat) -> Trap | None:
    """Whoever reads it has weights in the order of the branches."""
    rank = len(at.shape)
    own = layer.axis % rank
    ends = list(accumulate(shape[own] for shape in at.shapes))
    told = [
        f"{start} to {end - 1} are {before.name}"
        for start, end, before in zip([0, *ends], ends, at.node.inputs, strict=False)
    ]
    what = AXES[own].capitalize() if rank == 3 else "Places"
    return Trap("The order of the branches", f"{what} {listed(told)}: the weights behind are in this order.")


def spread(at: Place, layer: Add | Multiply | Subtract) -> Trap | None:
    """An input of size 1 stands for a whole axis, where frameworks may take another axis."""
    small = [before for before in at.node.inputs if before.shape != at.shape]
    if not small:
        return None
    node = small[0]
    astray = ""
    if len(node.shape) == 3 and node.shape[0] > 1 and node.shape[1:] == (1, 1):
        astray = (
            f" Without its two axes of size 1, PyTorch would line its {node.shape[0]} numbers up with the columns; so "
            f"would Keras's {layer.kind}, channels first."
        )
    return Trap("What is spread over what", f"{node.name} is {node.shape} and meets every place of {at.shape}.{astray}")


def sign(at: Place, layer: Subtract) -> Trap | None:
    """A difference has an order."""
    first, second = at.node.inputs
    return Trap("Which one is taken away", f"{first.name} less {second.name}; the other way round every sign changes.")


TRAPS: Rules = {Add: (spread,), Concat: (axis, order), Multiply: (spread,), Subtract: (sign, spread)}

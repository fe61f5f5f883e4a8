"""A plan as text: phase by phase, what each step runs, on what, and how many multiply-adds it makes."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any

from .arena import Sizes
from .kernel import Kernel
from .layout import Maps
from .plan import Call, Phase, Plan, Step
from .samples.geometry import ConvGeometry

_KINDS = {
    "chunks": "each block of samples, in at most 8 chunks with gradients of their own",
    "tasks": "tiles of the work, shared by all threads",
}


def plan_text(plan: Plan, sizes: Sizes, title: str) -> str:
    """Return a plan as lines.

    Args:
        plan: the plan, with its buffers in their places.
        sizes: the memory that it needs.
        title: what it is a plan of.
    """
    one = f"{plan.width} {plan.lanes}" if plan.lanes == "samples" else "image"
    lines = [
        f"{title}: {plan.lanes} in lanes, {plan.width} to a vector",
        f"memory: {_bytes(sizes.thread)} a thread, {_bytes(sizes.block)} a block, {_bytes(sizes.once)} besides",
        f"multiply-adds: {plan.macs:,} for {one}",
    ]
    stages = [*([plan.preparing] if plan.preparing.steps else []), *plan.stages]
    steps = [step for stage in stages if isinstance(stage, Phase) for step in (*stage.opening, *stage.steps)]
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*map(_cells, steps), strict=True)]
    for stage in stages:
        lines.append("")
        if isinstance(stage, Call):
            lines.append(f"{stage.layer}: its own definition, because {stage.why}")
            continue
        kind = _KINDS.get(stage.kind, "each block of samples" if plan.lanes == "samples" else "each image")
        lines.append(f"{kind}, whenever the weights changed" if stage is plan.preparing else kind)
        for step in (*stage.opening, *stage.steps):
            cells = _cells(step)
            shown = [cell.ljust(width) for cell, width in zip(cells[:-1], widths, strict=False)]
            lines.append(f"  {'  '.join(shown)}  {cells[-1].rjust(widths[-1])}".rstrip())
    fallen = plan.falls_back()
    lines += ["", f"falls back to the reference: {', '.join(fallen) if fallen else 'nothing'}"]
    return "\n".join(lines)


def _cells(step: Step) -> tuple[str, str, str, str]:
    """Return the layer, the kernel, its geometry, and multiply-adds."""
    macs = step.macs * step.items
    items = f" in {step.items} tiles" if step.items > 1 else ""
    kernel = " ".join(re.findall("[A-Z][^A-Z]*", type(step.kernel).__name__)).lower()
    return step.layer or "-", kernel, geometry_text(step.kernel) + items, f"{macs:,}" if macs else ""


def geometry_text(kernel: Kernel) -> str:
    """Return a kernel's geometry in short.

    >>> from .samples.filling import Fill
    >>> geometry_text(Fill(32))
    'size 32'
    """
    return ", ".join(part for f in fields(kernel) if (part := _part(f.name, getattr(kernel, f.name))))


def _part(name: str, value: Any) -> str:
    if isinstance(value, Maps):
        around = "" if value.halo == (0, 0, 0, 0) else f" + {max(value.halo)}"
        return f"{name} {value.channels}x{value.height}x{value.width}{around}"
    if isinstance(value, bool):
        return name if value else ""
    if isinstance(value, ConvGeometry):
        return "x".join(map(str, value.kernel)) + "".join(
            f" {what} {' '.join(map(str, got))}" for what, got in _unusual(value)
        )
    if hasattr(value, "kind"):
        return str(value.kind)
    if is_dataclass(value):
        return type(value).__name__.lower()
    if isinstance(value, (int, float, str)):
        return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
    return ""


def _unusual(geometry: ConvGeometry) -> list[tuple[str, tuple[int, ...]]]:
    told = [("stride", geometry.stride), ("dilation", geometry.dilation), ("groups", (geometry.groups,))]
    return [(what, value) for what, value in told if set(value) != {1}]


def _bytes(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 2**10:.1f} KiB"

"""A plan as text: stage by stage, what each step runs, on what and how much of it; and where values lie."""

from __future__ import annotations

import textwrap

from ...words import printable
from .plan_facts import BufferFacts, PlanFacts, StageFacts, StepFacts

LAST_BEFORE = 2  # names of what lay in a place before
WIDTH = 110  # characters of a line of names
LEGEND = """\
multiply-adds are for one sample; 6x28x28 + 2: 6 channels of 28 rows and 28 columns, and at most 2 places around them
between parts, and where = stands before a step, threads wait until all is done that stands above
in use: from which step to which; what several phases touch, from the first step of the first to the last of the last"""


def plan_text(plan: PlanFacts) -> str:
    """Return a plan as lines."""
    what = "a training step" if plan.training else "a run"
    one = f"{plan.width} samples" if plan.lanes == "samples" else "one image"
    fallen = "".join(f"\n  {layer}: {why}" for layer, why in plan.falls_back.items()) or " nothing"
    lines = [
        f"{plan.network}: {what} on {_count(plan.batch, 'sample')}, in {_count(plan.blocks, 'block')} of {one}",
        f"{plan.target}: {plan.lanes} fill the lanes of a vector, {plan.width} of them",
        f"{plan.macs:,} multiply-adds a sample; {'all threads share' if plan.shared else 'one thread does'} the work",
        f"falls back to the layer's own definition:{fallen}",
    ]
    before = ""
    for stage in plan.stages:
        lines += _steps(plan, stage.steps, "= ") if before == stage.kind == "tasks" else ["", *_stage(plan, stage)]
        before = stage.kind
    for memory in plan.memory:
        buffers = [buffer for buffer in plan.buffers if buffer.memory == memory]
        if buffers:
            lines += ["", *_memory(memory, plan.memory[memory], buffers)]
    outside = textwrap.wrap(f"given from outside: {', '.join(plan.outside)}", WIDTH, subsequent_indent="  ")
    lines += ["", *outside, "", LEGEND]
    return "\n".join(printable(line) for line in "\n".join(lines).split("\n"))


def _stage(plan: PlanFacts, stage: StageFacts) -> list[str]:
    if stage.kind == "definition":
        return [f"when all are done, the definition of {stage.layer} on the whole batch"]
    each = "each block" if plan.lanes == "samples" else "each image"
    heading = {
        "weights": "whenever the weights changed, in items that threads take",
        "blocks": f"{each}, which one thread takes",
        "chunks": f"{each}, a chunk of them to a thread ({stage.items} in this batch, with gradients of their own)",
        "tasks": "for all at once, in items that threads take",
    }[stage.kind]
    if not stage.opening:
        return [heading, *_steps(plan, stage.steps)]
    return ["each chunk of blocks, first", *_steps(plan, stage.opening), heading, *_steps(plan, stage.steps)]


def _steps(plan: PlanFacts, steps: tuple[StepFacts, ...], waits: str = "") -> list[str]:
    """Return a line for each step; `waits` marks the first of them."""
    told = [step for shown in plan.stages for step in (*shown.opening, *shown.steps)]
    wide = [max(len(cell) for cell in column) for column in zip(*((s.layer, s.kernel) for s in told), strict=True)]
    room = max(len(step.geometry) for step in told)
    lines: list[str] = []
    for step in steps:
        macs = f"{step.macs:,}" if step.macs else ""
        cells = f"{step.layer or '-':{wide[0]}}  {step.kernel:{wide[1]}}  {step.geometry:{room}}"
        lines.append(f"{'' if lines else waits:2}{step.number:3}  {cells}  {macs:>13}".rstrip())
    return lines


def _memory(memory: str, size: int, buffers: list[BufferFacts]) -> list[str]:
    """Return a table of what lies in a memory, from its beginning to its end."""
    apart = sum(buffer.end - buffer.begin for buffer in buffers)
    where = {"thread": "of each thread", "block": "of each block", "chunk": "of each chunk", "once": "besides"}[memory]
    saved = f"; what lies there takes {_bytes(apart)} in all" if apart > size else ""
    rows = [("from", "to", "in use", "what", "in place of")]
    for buffer in buffers:
        before = ", ".join(buffer.after[:LAST_BEFORE]) + (", ..." if len(buffer.after) > LAST_BEFORE else "")
        rows.append((f"{buffer.begin:,}", f"{buffer.end:,}", f"{buffer.first}-{buffer.last}", buffer.name, before))
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"memory {where}: {_bytes(size)}{saved}"]
    for begin, end, life, name, before in rows:
        cells = f"{begin:>{wide[0]}}  {end:>{wide[1]}}  {life:>{wide[2]}}  {name:{wide[3]}}  {before}"
        lines.append(f"  {cells}".rstrip())
    return lines


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + "s" * (number != 1)


def _bytes(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 2**10:.1f} KiB"

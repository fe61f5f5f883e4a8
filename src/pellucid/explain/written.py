"""A network's summary written for other programs: a table in LaTeX and in Markdown, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import re

from .columns import HEADINGS, rows, totals
from .summary import Summary

NUMBERS = 4  # the last columns, which stand at the right
COLUMNS = (
    "layer", "kind", "what", "reads", "output", "params", "untrained", "macs",
    "field_height", "field_width", "field_status", "step_height", "step_width",
)  # fmt: skip
FORMULAS = ("=", "+", "-", "@")  # what a spreadsheet takes for the beginning of a formula
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "*": "{*}",  # which would belong to the end of the row before
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
}


def markdown(summary: Summary) -> str:
    """Return the table in Markdown: a row an input and a layer, and the totals below."""
    lines = [HEADINGS, ("---",) * 3 + ("---:",) * NUMBERS, *(map(_in_markdown, row.cells) for row in rows(summary))]
    return "\n".join(["| " + " | ".join(line) + " |" for line in lines] + ["", _in_markdown(totals(summary)), ""])


def _in_markdown(text: str) -> str:
    """Return a text that shows as it is: no sign in it means anything."""
    return re.sub(r"([\\`*_\[\]<>|&~#$])", r"\\\1", text)


def latex(summary: Summary) -> str:
    """Return the table as a LaTeX tabular that needs no package, with the totals as its last line."""
    lines = [
        rf"\begin{{tabular}}{{lll{'r' * NUMBERS}}}",
        r"\hline",
        " & ".join(HEADINGS) + r" \\",
        r"\hline",
        *(" & ".join(map(_in_latex, row.cells)) + r" \\" for row in rows(summary)),
        r"\hline",
        rf"\multicolumn{{{len(HEADINGS)}}}{{l}}{{{_in_latex(totals(summary))}}} \\",
        r"\hline",
        r"\end{tabular}",
    ]
    return "\n".join([*lines, ""])


def _in_latex(text: str) -> str:
    """Return a text that shows as it is; sizes have their sign."""
    shown = "".join(LATEX.get(sign, sign) for sign in text)
    shown = shown.replace("--", "-{}-")  # or they become a dash
    shown = re.sub(r"(?<=[\d.]) x (?=\d)", r" $\\times$ ", shown)
    return re.sub(r"^\\textless\{\}= ", r"$\\le$ ", shown)


def comma_separated(summary: Summary) -> str:
    """Return CSV (RFC 4180): a line of headings and a line a layer, all numbers plain.

    A name that a spreadsheet would take for a formula has an apostrophe before it.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for layer in summary.layers:
        facts = (
            layer.name, layer.kind, layer.description, " ".join(layer.inputs), "x".join(map(str, layer.shape)),
            layer.params, layer.untrained, layer.macs, *layer.receptive_field, layer.status, *layer.jump,
        )  # fmt: skip
        lines.writerow(map(_in_a_cell, facts))
    return text.getvalue()


def _in_a_cell(fact: str | float) -> str:
    if not isinstance(fact, str):
        return f"{fact:.15g}"
    return f"'{fact}" if fact.startswith(FORMULAS) else fact

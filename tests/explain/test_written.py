"""A summary written for other programs says what its table says, and no name in it means anything to them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from golden import check_golden

from pellucid import Input, Network
from pellucid.explain import Summary
from pellucid.explain.columns import HEADINGS, rows, totals
from pellucid.layers import Add, BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Upsample

ODD = r"a|b_c*d`e\f&g%h#i$j{k}l~m^n<o>--p"


@pytest.fixture
def summary() -> Summary:
    """A network with branches, odd names and unequal sides."""
    x = Input((3, 12, 10), name="picture")
    a = BatchNorm2d()(Conv2d(4, (3, 1), padding=(1, 0))(x, name=ODD), name="=SUM(A1)")
    b = Conv2d(4, 1)(x, name="b")
    joined = Add()(a, b, name="+1")
    grown = Upsample(2)(ReLU()(joined))
    return Network(x, Linear(7)(Flatten()(grown))).summary()


def test_markdown_shows_the_table(summary: Summary) -> None:
    """Each row has a cell for each heading, and read without its escapes it is what the table says."""
    check_golden("summary markdown", summary.markdown())
    lines = summary.markdown().splitlines()
    assert lines[1] == "| --- | --- | --- | ---: | ---: | ---: | ---: |"
    cells = [tuple(c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]) for line in (lines[0], *lines[2:-2])]
    plain = [tuple(re.sub(r"\\([^a-z0-9])", r"\1", cell) for cell in row) for row in cells]
    expected = [HEADINGS, *(row.cells for row in rows(summary))]
    assert plain == expected
    assert lines[-1] == totals(summary)


def test_latex_is_a_whole_tabular(summary: Summary) -> None:
    """As many cells a row as the tabular has columns, braces that close, and no sign that LaTeX would act on."""
    written = summary.latex()
    check_golden("summary latex", written)
    columns = re.match(r"\\begin\{tabular\}\{([lr]+)\}", written)
    assert columns is not None
    body = [line for line in written.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert len(body) == 1 + len(summary.inputs) + len(summary.layers)
    for line in body:
        assert len(re.findall(r"(?<!\\)&", line)) == len(columns[1]) - 1 == len(HEADINGS) - 1
    bare = re.sub(r"\\[{}]", "", written)
    assert bare.count("{") == bare.count("}")
    assert not re.search(
        r"(?<!\\)[#%_]|\^|~|(?<!\\)\$(?!\\(times|le)\$|\s|$)", written.replace(r"$\times$", "").replace(r"$\le$", "")
    )
    assert r"4 $\times$ 12 $\times$ 10" in written
    assert r"$\le$ 4" in written


def test_csv_is_read_back_as_numbers(summary: Summary) -> None:
    """A reader of CSV finds each layer's facts; what would be a formula in a spreadsheet is none."""
    found = list(csv.DictReader(io.StringIO(summary.csv(), newline="")))
    assert summary.csv().count("\r\n") == len(summary.layers) + 1
    assert len(found) == len(summary.layers)
    for line, layer in zip(found, summary.layers, strict=True):
        assert (int(line["params"]), int(line["untrained"]), int(line["macs"])) == (
            layer.params, layer.untrained, layer.macs,
        )  # fmt: skip
        assert (int(line["field_height"]), int(line["field_width"])) == layer.receptive_field
        assert (float(line["step_height"]), float(line["step_width"])) == layer.jump
        assert tuple(map(int, line["output"].split("x"))) == layer.shape
        assert (line["kind"], line["what"], line["field_status"]) == (layer.kind, layer.description, layer.status)
    assert [line["layer"] for line in found][:4] == [ODD, "'=SUM(A1)", "b", "'+1"]
    assert found[3]["reads"] == "'=SUM(A1) b"


def test_the_smallest_network() -> None:
    """Facts that are words are written as words, and halves as numbers with a point."""
    line = next(csv.DictReader(io.StringIO(Network((1, 2, 2), [Upsample(2)]).summary().csv())))
    assert (line["step_height"], line["field_status"], line["reads"], line["params"]) == (
        "0.5", "upper bound", "input", "0",
    )  # fmt: skip

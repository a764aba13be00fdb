"""A table says the same in every format."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.report.output.escaping import plain
from analysis.report.output.tables import Table, shown, to_csv, to_latex, to_markdown
from tests.analysis.report.hostile import HOSTILE


def table_of(**columns: object) -> Table:
    return Table("some", "What it shows.", pd.DataFrame(columns))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (pd.NA, "–"),
        (True, "yes"),
        (np.False_, "no"),
        (1234567, "1\u202f234\u202f567"),
        (-3, "\u22123"),
        (-1.256, "\u22121.26"),
        (0.0, "0.00"),
        (0.00012345, "0.000123"),
        (1e-9, "1e\u221209"),
        (-math.inf, "\u2212∞"),
        ((1, 2.5), "1, 2.50"),
        ("-3", "-3"),
    ],
)
def test_cells_are_written_for_people(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_gap_does_not_turn_counts_into_fractions() -> None:
    assert table_of(depth=[1.0, math.nan, 3.0]).cells == [["1"], ["–"], ["3"]]
    assert table_of(gain=[1.0, 2.5]).cells == [["1.00"], ["2.50"]]


def test_a_huge_real_number_is_not_written_out() -> None:
    assert table_of(rate=[1e30, 1e300]).cells == [["1e+30"], ["1e+300"]]


def test_lists_of_numbers_are_no_formulas_in_csv() -> None:
    table = Table("seeds", "", pd.DataFrame({"per_seed": [(-8.57, 1.5)], "names": [("=a", "b")]}))
    assert list(csv.reader(io.StringIO(to_csv(table))))[1] == ["-8.57, 1.5", "'=a, b"]


def test_csv_keeps_every_digit() -> None:
    values = [0.1 + 0.2, np.float64(1) / 3, np.float32(0.1), -5e-324]
    frame = pd.read_csv(io.StringIO(to_csv(table_of(task=list("abcd"), value=values))))
    assert list(frame["value"]) == [float(value) for value in values]


def test_hostile_cells_and_headers_stay_cells() -> None:
    table = Table("some", HOSTILE[0], pd.DataFrame({"task": HOSTILE, "=n": range(len(HOSTILE))}))
    rows = list(csv.reader(io.StringIO(to_csv(table))))
    assert rows[0] == ["task", "'=n"]
    assert [row[1] for row in rows[1:]] == [str(number) for number in range(len(HOSTILE))]
    assert not any(cell.startswith(tuple("=+-@\t")) for row in rows for cell in row)
    lines = [line for line in to_markdown(table).splitlines() if line.startswith("|")]
    assert len(lines) == len(HOSTILE) + 2
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)
    body = [line for line in to_latex(table).splitlines() if line.endswith(r" \\")]
    assert len(body) == len(HOSTILE) + 1
    assert all(len(re.findall(r"(?<!\\)&", line)) == 1 for line in body)
    assert not re.search(r"\\(input|write|end\{tabular\}.*\\end\{tabular\})", to_latex(table), re.DOTALL)


def test_numbers_in_latex_have_a_true_minus() -> None:
    assert "  odd & $-1.50$ \\\\" in to_latex(table_of(task=["odd", "even"], gain=[-1.5, 2.25]))
    assert "  even & -- \\\\" in to_latex(table_of(task=["odd", "even"], gain=[-1.5, None]))


def test_an_empty_table_has_its_header(tmp_path: Path) -> None:
    table = Table("some", "Nothing.", pd.DataFrame(columns=["arm", "reason"]))
    table.save(tmp_path)
    assert (tmp_path / "some.csv").read_text() == "arm,reason\n"
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".csv", ".md", ".tex"]
    assert table.cells == []


def test_two_columns_of_one_name_are_two_columns() -> None:
    frame = pd.DataFrame([[1, "a"]], columns=["same", "same"])
    assert Table("some", "", frame).cells == [["1", "a"]]
    assert plain("same") in to_markdown(Table("some", "", frame))

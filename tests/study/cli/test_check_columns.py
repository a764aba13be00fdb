"""Columns on the command line: one by one, and together where many are alike."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv
from typer.testing import CliRunner

from mtl_core.data.column_facts import ColumnFacts
from study.cli.app import app
from study.cli.check_columns import MOST_COLUMNS, say_columns

NUMBER = ColumnFacts("n", "input", "numeric", "stored as double", 3, 1200, -1.5, 2e6, (), "standardised")
COMMON = (("red", 9), ("b", 2))
TEXT = ColumnFacts(
    "t", "input", "categorical", "stored as string", 0, 4, None, None, (("red", 9), ("b", 2)), "4 columns"
)


def said(capsys: pytest.CaptureFixture[str], *columns: ColumnFacts, every: bool = False) -> str:
    say_columns(columns, every=every)
    return " ".join(capsys.readouterr().out.split())


def test_numbers_have_a_range_and_text_its_commonest_values(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, NUMBER, TEXT)
    assert "n input numeric, double 3 1,200 distinct, -1.5 to 2000000 standardised" in shown
    assert "t input categorical, string 0 4 distinct: red (9), b (2), … 4 columns" in shown


def many() -> list[ColumnFacts]:
    return [*(replace(NUMBER, name=f"x{i}", missing=i) for i in range(MOST_COLUMNS)), TEXT]


def test_many_columns_are_grouped_by_treatment_with_the_exceptions(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, *many())
    assert "30: x0, x1, x2 and 27 more input numeric 0 to 29 standardised 1: t input" in shown
    assert "--columns" in shown


def test_all_columns_are_printed_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, *many(), every=True)
    assert "x29" in shown
    assert "more" not in shown


def test_task_sets_that_are_no_tables_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == ""


def test_check_prints_columns_and_gives_all_of_them_to_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    names = ["y_a", "y_b", *(f"x{i}" for i in range(MOST_COLUMNS))]
    csv.write_csv(pa.table({name: random.normal(size=200) for name in names}), "w.csv")
    command = ["check", "w.csv", "--targets", "y_*"]
    short, long = (CliRunner().invoke(app, [*command, *more]).stdout for more in ([], ["--columns"]))
    assert "x29" not in short
    assert "x29" in long
    facts = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert [column["name"] for column in facts["columns"]] == names
    assert {remark["kind"] for remark in facts["remarks"]} >= {"kind_inferred"}
    assert facts["tasks"][0]["numbers"]["test"]["smallest"] < 0

"""``predict``: CSV to a file or to standard output, lines for programs, remarks and refusals to standard error."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from study.cli.app import app
from study.driver.export.write import export
from tests.study.finished_studies import Finished

NEW = "note,age,city,since,member\na,35.5,Bonn,2021-03-14,yes\nb,,Hamburg,2020-01-11,no\n"


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


@pytest.fixture
def model(shop: Finished, tmp_path: Path) -> Path:
    (tmp_path / "new.csv").write_text(NEW)
    return export(shop.run, tmp_path / "model", option="chosen", seeds=[2000, 2001])


def test_csv_to_standard_output_and_the_rest_to_standard_error(model: Path, tmp_path: Path) -> None:
    result = invoke(model, tmp_path / "new.csv")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert len(rows) == 2
    assert {"y_price", "y_price spread", "y_sold", "y_sold=kept", "y_grade=2"} <= rows[0].keys()
    assert result.stderr.splitlines() == [
        "ignored, since the model does not know them: 'note'",
        "2 rows predicted by 2 networks",
    ]


def test_a_file_and_one_line(model: Path, tmp_path: Path) -> None:
    result = invoke(model, tmp_path / "new.csv", "--out", tmp_path / "answers.csv")
    assert result.stdout.splitlines() == [f"{tmp_path / 'answers.csv'}: 2 rows predicted by 2 networks"]
    with (tmp_path / "answers.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 2


def test_programs_get_a_line_for_each_row_and_one_for_all(model: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in invoke(model, tmp_path / "new.csv", "--json").stdout.splitlines()]
    assert [line["event"] for line in lines] == ["prediction", "prediction", "predicted"]
    assert (lines[-1]["rows"], lines[-1]["ignored"]) == (2, ["note"])
    assert set(lines[-1]["columns"]) == lines[0].keys() - {"event"}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("city,", "town,", "lacks the column 'city'"),
        ("2020-01-11", "soon", "row 2 holds 'soon', where a date such as 2024-03-01 belongs"),
        ("35.5,", "35.5,7,", "row 1 has 6 cells, and the header 5"),
    ],
)
def test_mistakes_are_refused_in_three_lines(model: Path, tmp_path: Path, old: str, new: str, found: str) -> None:
    (tmp_path / "new.csv").write_text(NEW.replace(old, new))
    result = invoke(model, tmp_path / "new.csv", "--out", tmp_path / "answers.csv")
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert found in result.stderr
    assert [line.split()[0] for line in result.stderr.splitlines()] == ["where", "found", "do"]
    assert not (tmp_path / "answers.csv").exists()

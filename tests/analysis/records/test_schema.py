"""The declared columns: rows must fit them exactly, and the page of columns is theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.records.schema import CONFLICT, TABLES, check_keys, schema

ROW: dict[str, Any] = dict.fromkeys(CONFLICT)
PAGE = Path(__file__).parents[3] / "docs" / "columns.md"


def test_a_row_with_every_key_fits_in_any_order() -> None:
    check_keys([ROW, dict(reversed(ROW.items()))], CONFLICT)


def test_a_key_that_is_no_column_is_named() -> None:
    with pytest.raises(ValueError, match=r"Row 1 .*: unknown angle\."):
        check_keys([ROW, ROW | {"angle": 1.0}], CONFLICT)


def test_a_column_without_a_key_is_named() -> None:
    short = {name: value for name, value in ROW.items() if name != "cosine"}
    with pytest.raises(ValueError, match=r"unknown angle; missing cosine\."):
        check_keys([short | {"angle": 1.0}], CONFLICT)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_means(table: str) -> None:
    assert schema(TABLES[table]).names == list(TABLES[table])
    assert all(column.meaning for column in TABLES[table].values())


def test_the_page_of_columns_is_the_schema() -> None:
    assert PAGE.read_text("utf-8") == page_of_columns()


def page_of_columns() -> str:
    """The page as it must be; to write it anew, run this file as a module."""
    lines = [
        "# Columns of the records",
        "",
        "What the parquet files of a run directory hold; `mtl-study list columns` prints the same.  Curves are lists",
        "with one value per epoch.",
    ]
    for table, columns in TABLES.items():
        lines += ["", f"## {table}/*.parquet", "", "| column | type | unit | meaning |", "|---|---|---|---|"]
        for name, column in columns.items():
            shown = str(column.type).replace("<", "\\<")
            lines.append(f"| `{name}` | {shown} | {column.unit} | {column.meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page_of_columns(), "utf-8")

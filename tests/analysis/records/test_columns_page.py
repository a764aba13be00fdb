"""The page of the columns is what the schema declares."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.records.columns_page import column_facts, columns_page
from analysis.records.schema import RECORD_KINDS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "columns.md"


def test_the_page_is_up_to_date() -> None:
    remedy = "python -m analysis.records.columns_page > docs/reference/columns.md"
    assert PAGE.read_text("utf-8") == columns_page(), remedy


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_every_column_has_a_line_with_type_unit_and_meaning(kind: str) -> None:
    section = columns_page().split(f"`{kind}/`")[1].split("## ")[0]
    lines = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", section, re.MULTILINE)
    columns = RECORD_KINDS[kind].columns
    assert [line[0] for line in lines] == list(columns)
    assert [(line[2], line[3]) for line in lines] == [(one.unit or "–", one.meaning) for one in columns.values()]


def test_types_are_named_as_arrow_names_them_and_curves_as_lists() -> None:
    types = {facts["column"]: facts["type"] for facts in column_facts("records")}
    assert (types["arm"], types["seed"], types["seconds"]) == ("string", "int64", "double")
    assert types["train_loss"] == "list of float"

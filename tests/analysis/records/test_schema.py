"""The declared columns: documented, and the same wherever two kinds of records mean the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from analysis.records.schema import CONFLICT, CURVE, FACTOR_COLUMNS, RECORD_KINDS, SCORES, TRAINING, Records, schema


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_every_column_says_what_it_means_and_every_measured_number_its_unit(kind: str) -> None:
    pure = {"weight", "cosine", "across", "draw", "seed"}  # numbers without a unit
    for name, column in RECORD_KINDS[kind].columns.items():
        assert len(column.meaning) >= 6, name
        assert not column.meaning.endswith("."), name
        assert bool(column.unit) == (column.type != pa.string() and name not in pure), name
        assert not {"|", "\n"} & set(column.meaning + column.unit), f"{name} would break the table of the page"


def test_the_arrow_schema_has_the_declared_types_in_order() -> None:
    found = schema(TRAINING)
    assert found.names == list(TRAINING)
    assert (found.field("validation_skill").type, found.field("depth").type) == (CURVE, pa.int64())


def test_the_same_name_has_the_same_type_in_every_kind_of_records() -> None:
    for columns in (SCORES, CONFLICT):
        for name in columns.keys() & TRAINING.keys():
            assert columns[name].type == TRAINING[name].type, name


def test_the_factors_are_columns_of_the_training_records() -> None:
    assert set(FACTOR_COLUMNS) < set(TRAINING)
    assert {"sharing", "depth", "width", "weighting"} <= set(FACTOR_COLUMNS)


def records(ledger: list[dict[str, Any]]) -> Records:
    empty = pd.DataFrame()
    return Records(empty, empty, empty, {}, {}, ledger, None, Path())


def test_events_come_in_order_and_of_one_kind() -> None:
    ledger = [{"event": "planned", "n": 1}, {"event": "frozen", "choice": "arm", "value": 2}, {"event": "planned"}]
    assert records(ledger).events("planned") == [ledger[0], ledger[2]]
    assert records([{"time": "now"}]).events("planned") == []


def test_a_frozen_choice_is_the_last_of_its_name_or_none() -> None:
    ledger = [{"event": "frozen", "choice": "arm", "value": value} for value in ("first", "last")]
    assert records(ledger).frozen("arm") == "last"
    assert records(ledger).frozen("judged") is None


def test_without_measured_gradients_the_columns_are_there() -> None:
    assert list(records([]).conflict.columns) == list(CONFLICT)

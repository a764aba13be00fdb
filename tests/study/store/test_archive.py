"""Writing records: a row has exactly the columns that the schema declares."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analysis.records.schema import RECORD_KINDS, SCORES, TRAINING
from study.store.archive import Archive, encode

ROW = dict.fromkeys(TRAINING) | {
    "replica": "a", "arm": "hard d1", "phase": "search", "task": "rain", "status": "running", "epochs": 2, "reason": "",
}  # fmt: skip


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_a_part_has_the_columns_of_its_kind_in_order(kind: str) -> None:
    columns = RECORD_KINDS[kind].columns
    part = pq.ParquetFile(BytesIO(encode([dict.fromkeys(reversed(columns))], columns))).read()
    assert part.column_names == list(columns)
    assert part.schema.types == [column.type for column in columns.values()]


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_a_key_that_the_schema_lacks_is_refused_by_name(kind: str) -> None:
    rows = [
        dict.fromkeys(RECORD_KINDS[kind].columns),
        dict.fromkeys(RECORD_KINDS[kind].columns) | {"validation_accuracy": 1.0},
    ]
    with pytest.raises(ValueError, match=r"has 'validation_accuracy', which the schema lacks: declare a column in"):
        encode(rows, RECORD_KINDS[kind].columns)


@pytest.mark.parametrize("lost", SCORES)
def test_a_missing_key_is_refused_by_name_though_null_would_fit(lost: str) -> None:
    row = {name: None for name in SCORES if name != lost}
    with pytest.raises(ValueError, match=f"A row of records lacks '{lost}', which the schema has"):
        encode([row], SCORES)


def test_a_misspelt_key_is_named_beside_the_column_it_stands_for() -> None:
    row = {("test_skil" if name == "test_skill" else name): None for name in SCORES}
    with pytest.raises(ValueError, match=r"has 'test_skil', which the schema lacks and lacks 'test_skill', which the"):
        encode([row], SCORES)


@pytest.mark.parametrize(
    "spoil", [lambda row: row | {"accuracy": 0.5}, lambda row: {key: row[key] for key in row if key != "seconds"}]
)
def test_a_refused_row_leaves_nothing_on_disk(spoil: Callable[[Any], Any], tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(ValueError, match=r"has 'accuracy'|lacks 'seconds'"):
        archive.write("part", [spoil(ROW)])
    assert not list((tmp_path / "records").iterdir())
    assert not archive.entries


def test_a_written_part_is_known_and_read_back(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.write("part", [ROW])
    archive.stop("end", ["a"])
    for known in (archive, Archive(tmp_path)):
        assert (known.entries["a"].status, known.entries["a"].part, known.entries["a"].epochs) == ("stopped", "end", 2)
        assert known.rows(["a"]).loc[0, "status"] == "stopped"

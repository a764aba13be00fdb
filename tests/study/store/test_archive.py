"""The archive: the longest record of a replica counts, damaged parts are missing, and a row has declared columns."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analysis.records.schema import RECORD_KINDS, SCORES, TRAINING
from study.store.archive import Archive, encode
from study.store.atomic_files import write_durably


def row(replica: str, epochs: int, status: str = "running", **facts: Any) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(TRAINING)
    return empty | {
        "replica": replica, "arm": "hard", "phase": "search", "task": "rain", "status": status, "reason": "",
        "epochs": epochs, "validation_skill": [0.5] * epochs, **facts,
    }  # fmt: skip


def write(archive: Archive, part: str, *rows: dict[str, Any]) -> None:
    write_durably(archive.directory / "records" / f"{part}.parquet", encode(rows, TRAINING))


def test_the_longest_record_counts_whatever_the_order_of_the_parts(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for part, epochs in (("b", 4), ("a", 2)):
        write(archive, part, row("one", epochs))
        assert archive.add(part)
    assert (archive.entries["one"].epochs, archive.entries["one"].part) == (4, "b")
    assert archive.rows(["one"])["epochs"].tolist() == [4]
    assert Archive(tmp_path).entries == archive.entries


def test_of_equally_long_records_the_more_final_counts(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for part, status in (("a", "finished"), ("b", "failed"), ("c", "running")):
        write(archive, part, row("one", 4, status))
        archive.add(part)
    assert archive.entries["one"].status == "finished"


def test_a_replica_is_done_when_it_is_long_enough_or_has_ended(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.write("a", [row("short", 2), row("failed", 1, "failed", reason="why")])
    assert archive.done("short", 2)
    assert not archive.done("short", 4)
    assert archive.done("failed", 4)
    assert not archive.done("unknown", 1)


def test_a_part_that_cannot_be_read_is_set_aside_and_its_replicas_are_missing(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    write(archive, "a", row("one", 4))
    path = tmp_path / "records" / "a.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    again = Archive(tmp_path)
    assert again.damaged == ["records/a.parquet"]
    assert not again.entries
    assert path.with_suffix(".damaged").exists()
    assert not again.add("a"), "it is not there any more"


def test_halving_marks_the_longest_records_as_stopped(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.write("a", [row("one", 2), row("two", 2)])
    archive.stop("stopped", ["one"])
    assert {key: entry.status for key, entry in archive.entries.items()} == {"one": "stopped", "two": "running"}
    (stopped,) = pq.ParquetFile(tmp_path / "records" / "stopped.parquet").read().to_pylist()
    assert stopped["validation_skill"] == [0.5, 0.5]


def test_a_forgotten_part_uncovers_the_one_before_it(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.write("a", [row("one", 2)])
    archive.write("b", [row("one", 4, "failed")])
    archive.forget(["b"])
    assert archive.entries["one"].epochs == 2
    assert not (tmp_path / "records" / "b.parquet").exists()


def test_rows_are_those_of_a_phase(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.write("a", [row("one", 2), row("two", 2, phase="confirm")])
    assert archive.of_phase("confirm")["replica"].tolist() == ["two"]
    assert archive.of_phase("verdict").empty


# ---- what is written has exactly the columns of the schema


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
    "spoil", [lambda rows: rows | {"accuracy": 0.5}, lambda rows: {key: rows[key] for key in rows if key != "seconds"}]
)
def test_a_refused_row_leaves_nothing_on_disk(spoil: Callable[[Any], Any], tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(ValueError, match=r"has 'accuracy'|lacks 'seconds'"):
        archive.write("part", [spoil(row("one", 2))])
    assert not list((tmp_path / "records").iterdir())
    assert not archive.entries


def test_a_part_of_an_earlier_version_that_lacks_a_new_column_is_kept(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    write(archive, "a", row("one", 4))
    path = tmp_path / "records" / "a.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["trivial_train_loss"]), path)
    again = Archive(tmp_path)
    assert (again.damaged, list(again.entries)) == ([], ["one"])
    assert again.rows(["one"])["trivial_train_loss"].isna().all()

"""Merging of parts: killed before any operation on a file, it has lost nothing and says nothing twice."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.records.load import read_replicas
from analysis.records.schema import CONFLICT, SCORES, TRAINING
from study.store.archive import Archive
from study.store.atomic_files import write_durably
from study.store.merging import merge
from study.store.parts import encode
from study.store.recorded import read_recorded
from tests.forked import forked

HANGING = 900


def written(folder: Path) -> Path:
    """Five shards of the search, three of them in two rungs; three of the verdict with scores and probes."""
    (folder / "records").mkdir(parents=True)
    for shard in range(5):
        save(folder, "records", f"{shard}a", [record(f"{shard}-{row}", 2, "running") for row in range(3)])
        if shard < 3:
            save(folder, "records", f"{shard}b", [record(f"{shard}-{row}", 4, "finished") for row in range(2)])
    save(folder, "records", "cc", [record("0-2", 2, "stopped")])
    ends = [record(f"{shard}-{row}", 2, "stopped") for shard in range(5) for row in range(3) if shard > 2 or row == 2]
    save(folder, "records", "cd", ends)
    for shard in range(3):
        rows = [record(f"v{shard}", 4, "finished", phase="verdict")]
        save(folder, "records", f"e{shard}", rows)
        scores = [dict.fromkeys(SCORES) | {"replica": f"v{shard}", "task": task} for task in ("rain", "sun")]
        save(folder, "scores", f"f{shard}", scores, SCORES)
        save(folder, "conflict", f"e{shard}", [dict.fromkeys(CONFLICT) | {"replica": f"v{shard}"}], CONFLICT)
    return folder


def record(replica: str, epochs: int, status: str, **facts: Any) -> dict[str, Any]:
    common = {"arm": "hard", "phase": "search", "task": "rain", "reason": "", "validation_skill": [0.5] * epochs}
    return dict.fromkeys(TRAINING) | common | {"replica": replica, "epochs": epochs, "status": status} | facts


def save(folder: Path, kind: str, part: str, rows: list[dict[str, Any]], columns: Any = TRAINING) -> None:
    write_durably(folder / kind / f"{part}.parquet", encode(rows, columns))


def merged(folder: Path) -> Archive:
    archive = Archive(folder)
    for phase in ("search", "verdict"):
        archive.merge_phase(phase)
    archive.merge_scores()
    return archive


def known(folder: Path) -> tuple[Any, ...]:
    """All that readers find in a run directory: the driver, a look from outside, and the report."""
    before = files(folder)
    recorded = read_recorded(folder)
    rows = read_replicas(folder).sort_values(["replica", "task"]).to_json(orient="records")
    assert files(folder) == before, "a reader wrote"
    archive = Archive(folder)
    judged = [key for key, entry in archive.entries.items() if entry.phase == "verdict"]
    has = {key: (archive.is_scored(key), archive.has_probes(key)) for key in judged}
    assert not archive.damaged
    return archive.entries, recorded, json.loads(rows), has


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.parquet"))


def killed_at(folder: Path, place: int) -> None:
    """Merge in this process, which dies just before the operation on a file with that number."""
    places = count()

    def dying(operation: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            if next(places) == place:
                os._exit(9)
            return operation(*arguments, **options)

        return called

    archive = Archive(folder)
    os.fsync, os.replace, Path.unlink = dying(os.fsync), dying(os.replace), dying(Path.unlink)
    for phase in ("search", "verdict"):
        archive.merge_phase(phase)
    archive.merge_scores()


def test_killed_before_any_operation_nothing_is_lost_or_said_twice(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole")
    before = known(whole)
    kills = 0
    for place in count():
        run = Path(shutil.copytree(whole, tmp_path / str(place)))
        process = forked(killed_at, run, place)
        process.join(HANGING)
        assert process.exitcode in (0, 9)
        assert known(run) == before
        kills += process.exitcode == 9
        merged(run)
        assert known(run) == before
        assert files(run) == [
            "conflict/merged.parquet", "records/merged-search.parquet", "records/merged-verdict.parquet",
            "scores/merged.parquet",
        ]  # fmt: skip
        if process.exitcode == 0:
            break
    small = len(files(whole))
    assert kills == small + 4 * 3, "each small part is removed; each large one synced, renamed, and its folder synced"


def test_what_is_known_in_memory_stays_the_same(tmp_path: Path) -> None:
    archive = merged(written(tmp_path))
    again = Archive(tmp_path)
    assert archive.entries == again.entries
    assert archive.entries["0-0"].part == "0b", "the model is still found"
    frames = [each.of_phase("search").sort_values("replica").to_json() for each in (archive, again)]
    assert frames[0] == frames[1]
    assert "part" not in archive.of_phase("search")
    assert archive.has_probes("v1")


def test_parts_of_replicas_that_train_on_stay(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for number, status in enumerate(("finished", "running", "stopped")):
        archive.write(f"{number}", [record(f"r{number}", 2, status)])
    archive.merge_phase("search")
    assert files(tmp_path) == ["records/1.parquet", "records/merged-search.parquet"]


def test_later_parts_join_the_merged_one(tmp_path: Path) -> None:
    archive = merged(written(tmp_path))
    archive.write("0d", [record("late", 4, "finished")])
    before = known(tmp_path)
    archive.merge_phase("search")
    assert known(tmp_path) == before
    assert not [name for name in files(tmp_path) if "0d" in name]


def test_a_replica_that_was_trained_again_has_its_later_part(tmp_path: Path) -> None:
    archive = merged(written(tmp_path))
    archive.write("00", [record("v0", 4, "finished", phase="verdict")])
    assert Archive(tmp_path).entries["v0"].part == "00"
    archive.merge_phase("verdict")
    assert Archive(tmp_path).entries["v0"].part == "00"


def test_what_is_forgotten_leaves_the_merged_part(tmp_path: Path) -> None:
    archive = merged(written(tmp_path))
    archive.forget({"e0", "e2"})
    assert {key for key, entry in archive.entries.items() if entry.phase == "verdict"} == {"v1"}
    assert archive.entries == Archive(tmp_path).entries
    archive.forget({"e1"})
    assert "records/merged-verdict.parquet" not in files(tmp_path)
    assert archive.entries == Archive(tmp_path).entries


def test_a_part_without_rows_stays_since_it_says_that_there_was_nothing_to_measure(tmp_path: Path) -> None:
    run = written(tmp_path)
    save(run, "conflict", "e1", [], CONFLICT)
    archive = merged(run)
    assert archive.has_probes("v1")
    assert Archive(run).has_probes("v1")
    assert "conflict/e1.parquet" in files(run)


def test_a_merged_part_has_few_pieces(tmp_path: Path) -> None:
    merged(written(tmp_path))
    assert pq.ParquetFile(tmp_path / "records" / "merged-search.parquet").num_row_groups == 1
    assert pq.ParquetFile(tmp_path / "scores" / "merged.parquet").num_row_groups == 1


def test_a_full_disk_leaves_the_small_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = known(written(tmp_path))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            merge(tmp_path / "records", "merged", ["0a"], [pa.table({"a": [1]})])
    assert known(tmp_path) == before
    assert not list((tmp_path / "records").glob(".*"))

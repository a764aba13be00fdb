"""The job that scores: the only one that needs the test split, and the only one whose failure stops the study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analysis.records.schema import SCORES
from mtl_core.errors import UserError
from mtl_core.training import evaluation
from study.jobs.job import Data
from study.jobs.score import ScoringJob, scoring_job
from study.jobs.train import TrainingJob
from study.store.archive import Archive
from study.store.storage import LocalStorage
from tests.study.conftest import small_task_set
from tests.study.jobs.test_train import DATA, job, silent

WITH_TEST = Data(DATA.development, small_task_set().test)


@pytest.fixture
def trained(fake: Path, tmp_path: Path) -> tuple[TrainingJob, Archive]:
    """A confirm shard that is trained, and the archive that holds it."""
    archive, work = Archive(tmp_path / "run"), job("confirm")
    work.run(DATA, LocalStorage(archive.directory), silent)
    assert work.collect(archive)
    return work, archive


def scoring(trained: tuple[TrainingJob, Archive]) -> ScoringJob:
    work, archive = trained
    return scoring_job(work.shard, work.replicas, archive)


def test_it_writes_a_score_for_every_replica_and_task(trained: tuple[TrainingJob, Archive]) -> None:
    work, archive = scoring(trained), trained[1]
    assert work.missing(archive) == list(work.replicas)
    assert work.run(WITH_TEST, LocalStorage(archive.directory), silent).outcome == "recorded"
    assert work.collect(archive)
    assert work.missing(archive) == []
    (part,) = (archive.directory / "scores").glob("*.parquet")
    rows = pq.ParquetFile(part).read().to_pylist()
    assert [(row["replica"], row["task"]) for row in rows] == [
        (key, task) for key in work.replicas for task in ("rain", "sun")
    ]
    assert set(rows[0]) == set(SCORES)
    assert {row["num_test"] for row in rows} == {20}


def test_it_does_not_start_without_the_test_split(trained: tuple[TrainingJob, Archive]) -> None:
    with pytest.raises(AssertionError, match="without the test split"):
        scoring(trained).run(DATA, LocalStorage(trained[1].directory), silent)


def test_a_part_of_it_is_another_job_of_another_name(trained: tuple[TrainingJob, Archive]) -> None:
    work = scoring(trained)
    part = work.keeping(["confirm1"], trained[1])
    assert list(part.replicas) == list(part.models) == ["confirm1"]
    assert len({work.name, part.name, trained[0].name}) == 3
    assert replace(work).name == work.name


def test_an_error_stops_the_study_since_scores_must_not_be_left_out(
    trained: tuple[TrainingJob, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> Any:
        raise AttributeError("no such layer")

    monkeypatch.setattr(evaluation, "score_examples_on", broken)
    work, archive = scoring(trained), trained[1]
    ended = work.run(WITH_TEST, LocalStorage(archive.directory), silent)
    assert (ended.outcome, "no such layer" in ended.reason) == ("stuck", True)
    with pytest.raises(UserError, match="the test split cannot be scored: killed"):
        work.give_up(archive, "killed")

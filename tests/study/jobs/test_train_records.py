"""The training records: columns that the schema has, and curves that the engine makes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.records.schema import TRAINING, schema
from mtl_core.network.cost import cost_of
from mtl_core.recipe import ReplicaConfig
from mtl_core.task_tree import fault
from mtl_core.training import trainer
from mtl_core.training.fused_array import CURVES
from study.jobs.train_records import best_skills, failure_rows, outcome_rows
from study.planning.forecast import NUM_CURVES
from study.store.archive import Archive
from study.store.storage import LocalStorage
from tests.study import fake_engine
from tests.study.conftest import small_task_set
from tests.study.jobs.test_train import DATA, job, silent


def test_the_curves_of_the_engine_are_those_of_the_records() -> None:
    recorded = [column.name for column in schema(TRAINING) if pa.types.is_list(column.type)]
    assert recorded == list(CURVES)
    assert len(CURVES) == NUM_CURVES, "what the forecast counts"


def test_a_trained_replica_has_every_column_once_for_each_task() -> None:
    shard = job().shard
    configs = [ReplicaConfig(key, replica.seed, replica.hyperparameters) for key, replica in shard.replicas.items()]
    view = small_task_set().development
    rows = outcome_rows(shard, view, fake_engine.fit(shard.recipe, view, configs, until=4))
    assert [(row["replica"], row["task"]) for row in rows] == [
        (key, task) for key in shard.replicas for task in ("rain", "sun")
    ]
    assert all(set(row) == set(TRAINING) for row in rows)
    assert {(row["arm"], row["budget_epochs"], row["epochs"]) for row in rows} == {(shard.arm.label, 4, 4)}


def test_a_replica_that_searched_is_as_large_as_the_tree_that_it_found() -> None:
    shard, view = job().shard, small_task_set().development
    arm = replace(shard.arm, sharing="learned_branch", depth=None)
    shard = replace(shard, arm=arm)
    assert shard.recipe.sharing == "learned_branch"
    configs = [ReplicaConfig(key, replica.seed, replica.hyperparameters) for key, replica in shard.replicas.items()]
    outcomes = trainer.fit(shard.recipe, view, configs)
    rows = outcome_rows(shard, view, outcomes)
    whole = cost_of(shard.recipe, view).parameters_total
    for row in rows:
        tree = json.loads(row["tree"])
        assert fault(tree, ["rain", "sun"], shard.recipe.stages) is None
        branch = replace(shard.recipe, sharing="branch", sharing_options={"tree": tree})
        sizes = cost_of(branch, view)
        assert (row["parameters_total"], row["multiply_adds"]) == (sizes.parameters_total, sizes.multiply_adds)
        assert row["parameters_total"] < whole


def test_a_failure_keeps_the_curves_of_earlier_rungs(fake: Path, tmp_path: Path) -> None:
    Archive(tmp_path)
    first = job(until=2)
    first.run(DATA, LocalStorage(tmp_path), silent)
    shard = job(until=4).shard
    assert {len(row["validation_skill"]) for row in failure_rows(shard, LocalStorage(tmp_path), "late")} == {0}
    later = failure_rows(replace(shard, sources=(first.name,)), LocalStorage(tmp_path), "late")
    assert {len(row["validation_skill"]) for row in later} == {2}
    assert {(row["status"], row["reason"], row["epochs"]) for row in later} == {("failed", "late", 2)}
    assert all(set(row) == set(TRAINING) for row in later)


def test_a_failure_that_was_never_trained_has_every_column_and_null_for_what_was_not_measured(tmp_path: Path) -> None:
    rows = failure_rows(job(until=4).shard, LocalStorage(tmp_path), "early")
    assert all(set(row) == set(TRAINING) for row in rows)
    assert {(row["seconds"], row["num_train"], row["epochs"], row["selected_epoch"]) for row in rows} == {
        (None, None, 0, -1)
    }


def test_a_column_of_an_earlier_part_that_the_schema_no_longer_has_is_left_behind(fake: Path, tmp_path: Path) -> None:
    Archive(tmp_path)
    first = job(until=2)
    first.run(DATA, LocalStorage(tmp_path), silent)
    part = tmp_path / "records" / f"{first.name}.parquet"
    table = pq.ParquetFile(part).read()
    pq.write_table(table.append_column("mood", pa.nulls(len(table))), part)
    later = failure_rows(replace(job(until=4).shard, sources=(first.name,)), LocalStorage(tmp_path), "late")
    assert all(set(row) == set(TRAINING) for row in later)


def test_the_best_skill_is_a_mean_over_the_tasks_of_one_replica() -> None:
    rows = [
        {"replica": "a", "task": "rain", "validation_skill": [0.9, 0.1]},
        {"replica": "a", "task": "sun", "validation_skill": [0.1, 0.3]},
        {"replica": "b", "task": "rain", "validation_skill": [0.4, np.nan]},
        {"replica": "b", "task": "sun", "validation_skill": [0.4, 0.8]},
    ]
    assert best_skills(rows) == {("rain", "sun"): pytest.approx(0.5)}
    assert best_skills([{"replica": "a", "task": "rain", "validation_skill": []}]) == {}


def test_replicas_of_single_tasks_have_a_best_skill_for_each_task() -> None:
    rows = [
        {"replica": "a", "task": "rain", "validation_skill": [0.9]},
        {"replica": "b", "task": "sun", "validation_skill": [0.1]},
        {"replica": "c", "task": "sun", "validation_skill": [0.2]},
    ]
    assert best_skills(rows) == {("rain",): pytest.approx(0.9), ("sun",): pytest.approx(0.2)}

"""The job that trains: what it writes, what it would train again, and what it makes of errors."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from mtl_core.training import trainer
from mtl_core.training.device_memory import DeviceMemory
from study.config.sections import Training
from study.jobs import train
from study.jobs.job import Data
from study.jobs.shard import shards_of
from study.jobs.train import TrainingJob
from study.planning.arm import Arm
from study.planning.packing import Packing
from study.planning.replica import Replica
from study.planning.training_settings import TrainingSettings
from study.store.archive import Archive
from study.store.storage import LocalStorage
from tests.study import fake_engine
from tests.study.conftest import small_task_set

ARM = Arm("hard", 1, 2, 4)
SETTINGS = TrainingSettings(Training(epochs=4, batch_size=256))
DATA = Data(small_task_set().development)


def job(phase: str = "search", until: int = 4, seeds: int = 3, settings: TrainingSettings = SETTINGS) -> TrainingJob:
    replicas = {f"{phase}{seed}": Replica(ARM, 0, seed, phase, {"learning_rate": 0.1}) for seed in range(seeds)}
    (shard,) = shards_of(replicas, ("rain", "sun"), Packing(DATA.development), until=until, settings=settings)
    return TrainingJob(shard)


def silent(done: int, total: int, best: float) -> bool:
    """A heartbeat that nobody hears."""
    return False


@pytest.fixture
def archive(fake: Path, tmp_path: Path) -> Archive:
    return Archive(tmp_path / "run")


def test_a_job_writes_its_records_and_then_nothing_of_it_is_missing(archive: Archive) -> None:
    work = job()
    assert work.missing(archive) == list(work.replicas)
    assert not work.collect(archive), "nothing is written yet"
    assert work.run(DATA, LocalStorage(archive.directory), silent).outcome == "recorded"
    assert work.collect(archive)
    assert work.missing(archive) == []


def test_after_a_rung_a_job_goes_on_from_the_parts_that_hold_its_states(archive: Archive) -> None:
    first = job(until=2)
    first.run(DATA, LocalStorage(archive.directory), silent)
    assert first.collect(archive)
    second = job(until=4)
    assert second.missing(archive) == list(second.replicas)
    going_on = second.keeping(["search1", "search2"], archive)
    assert list(going_on.replicas) == ["search1", "search2"]
    assert going_on.shard.sources == (first.name,)
    assert going_on.name != second.name, "a job is named by what it trains"


@pytest.mark.parametrize("phase", ["search", "confirm"])
def test_a_lost_model_is_trained_again_where_it_is_needed(archive: Archive, phase: str) -> None:
    work = job(phase)
    work.run(DATA, LocalStorage(archive.directory), silent)
    assert work.collect(archive)
    for model in (archive.directory / "models").iterdir():
        model.unlink()
    assert work.missing(archive) == ([] if phase == "search" else list(work.replicas))


def test_an_error_of_user_code_is_recorded_as_a_failure(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*arguments: Any, **options: Any) -> Any:
        raise ZeroDivisionError("the user's loss")

    monkeypatch.setattr(trainer, "fit", fit)
    work = job()
    assert work.run(DATA, LocalStorage(archive.directory), silent).outcome == "recorded"
    assert work.collect(archive), "a failure is an end"
    assert {entry.status for entry in archive.entries.values()} == {"failed"}
    assert all("ZeroDivisionError" in entry.reason for entry in archive.entries.values())


def single_task_job(tasks: tuple[str, ...]) -> TrainingJob:
    replicas = {
        f"{task}{seed}": Replica(ARM.each(), 0, seed, "confirm", {"learning_rate": 0.1}, task)
        for task in tasks
        for seed in range(2)
    }
    (shard,) = shards_of(replicas, tasks, Packing(DATA.development), until=4, settings=SETTINGS)
    return TrainingJob(shard)


def test_tasks_that_are_alike_train_in_one_job_and_are_recorded_each_for_itself(archive: Archive) -> None:
    work = single_task_job(("rain", "sun"))
    ended = work.run(DATA, LocalStorage(archive.directory), silent)
    assert work.collect(archive)
    frame = archive.rows(work.replicas)
    assert sorted(zip(frame["replica"], frame["task"], strict=True)) == [
        ("rain0", "rain"),
        ("rain1", "rain"),
        ("sun0", "sun"),
        ("sun1", "sun"),
    ]
    assert set(ended.best) == {("rain",), ("sun",)}


def test_an_error_of_one_tasks_data_fails_that_task_alone(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trainer.fit

    def fit(recipe: Any, view: Any, rows: Any, **options: Any) -> Any:
        if any(row.task == "sun" for row in rows):
            raise ValueError("sun has no labels")
        return whole(recipe, view, rows, **options)

    monkeypatch.setattr(trainer, "fit", fit)
    work = single_task_job(("rain", "sun"))
    assert work.run(DATA, LocalStorage(archive.directory), silent).outcome == "recorded"
    assert work.collect(archive)
    found = {key: entry.status for key, entry in archive.entries.items()}
    assert found == {"rain0": "finished", "rain1": "finished", "sun0": "failed", "sun1": "failed"}


def test_want_of_memory_in_one_tasks_part_cuts_the_job(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(recipe: Any, view: Any, rows: Any, **options: Any) -> Any:
        raise ValueError("together") if len({row.task for row in rows}) > 1 else MemoryError

    monkeypatch.setattr(trainer, "fit", fit)
    ended = single_task_job(("rain", "sun")).run(DATA, LocalStorage(archive.directory), silent)
    assert ended.outcome == "memory"


class StandInMemory:
    """The memory of a card that is none: 5 bytes at the peak, and nothing before work has begun."""

    def __init__(self, device: torch.device) -> None:
        assert device.type == "cpu"
        self.found: DeviceMemory | None = None

    def begin(self) -> None:
        self.found = DeviceMemory("H200", "a", 9, 5, 7)

    def taken(self) -> DeviceMemory | None:
        return self.found


@pytest.mark.parametrize("error", [None, ValueError("no"), MemoryError()])
def test_what_a_job_took_of_its_card_is_told_however_it_ends(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    def fit(*given: Any, **options: Any) -> Any:
        if error is not None:
            raise error
        return fake_engine.fit(*given, **options)

    monkeypatch.setattr(trainer, "fit", fit)
    on_cpu = job().run(DATA, LocalStorage(archive.directory), silent)
    assert on_cpu.memory == {}
    assert "memory" not in on_cpu.facts()
    monkeypatch.setattr(train, "WorkMemory", StandInMemory)
    ended = job().run(DATA, LocalStorage(archive.directory), silent)
    memory = {"card": "H200", "card_id": "a", "memory_bytes": 9, "peak_bytes": 5, "used_bytes": 7}
    assert ended.facts()["memory"] == memory | {"host": socket.gethostname()}
    assert ended.facts().get("outcome") == ("memory" if isinstance(error, MemoryError) else None)


def test_a_card_that_is_lost_before_work_begins_fails_the_replicas_and_not_the_study(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost(StandInMemory):
        def begin(self) -> None:
            raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(train, "WorkMemory", Lost)
    ended = job().run(DATA, LocalStorage(archive.directory), silent)
    assert (ended.outcome, ended.memory) == ("recorded", {})


def test_what_is_given_up_is_recorded_as_failed(archive: Archive) -> None:
    work = job()
    work.give_up(archive, "the worker process died")
    assert {(entry.status, entry.reason) for entry in archive.entries.values()} == {
        ("failed", "the worker process died")
    }
    assert work.missing(archive) == []


def test_a_device_that_is_not_there_stops_the_study_and_fails_no_replica(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    work = job()
    ended = work.run(replace(DATA, device="cuda"), LocalStorage(archive.directory), silent)
    assert ended.outcome == "stuck"
    assert ended.reason.startswith("device: cuda: there is no GPU")
    assert not list((archive.directory / "records").glob("*.parquet"))


def test_a_job_that_must_leave_stores_its_state_and_goes_on_from_there(tmp_path: Path) -> None:
    """On the real engine: what comes out is what an undisturbed job yields, and no epoch is trained again."""
    epochs: list[int] = []

    def heartbeat(done: int, total: int, best: float) -> bool:
        epochs.append(done)
        return done == 6

    left, whole = Archive(tmp_path / "left"), Archive(tmp_path / "whole")
    summary = job().run(DATA, LocalStorage(left.directory), heartbeat)
    assert (summary.outcome, epochs) == ("left", [0, 3, 6])
    assert not job().collect(left)
    assert job().run(DATA, LocalStorage(left.directory), heartbeat).outcome == "recorded"
    assert epochs == [0, 3, 6, 0, 9, 12]
    assert job().run(DATA, LocalStorage(whole.directory), silent).outcome == "recorded"
    for archive in (left, whole):
        assert job().collect(archive)
    rows = [archive.rows(job().replicas).drop(columns="seconds") for archive in (left, whole)]
    pd.testing.assert_frame_equal(*rows, check_exact=True)

"""Files that workers hand to the driver, without Ray: retries, lost answers, errors by their number, who sees what."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from safetensors import safe_open

from study.execution import driver_storage
from study.execution.driver_storage import HAND_BACK, DriverStorage, StorageServer, storage_of
from study.jobs.job import Summary
from study.store.archive import Archive
from study.store.ledger import LOCK
from study.store.storage import LocalStorage
from study.store.undelivered import Undelivered
from tests.study.jobs.test_score import WITH_TEST
from tests.study.jobs.test_train import DATA, job, silent


class Handle:
    """A server's handle, whose answers to the calls with these numbers are lost: the work is done, nobody hears of it.

    Args:
        server: does the work.
        lost: numbers of calls, from 0.
    """

    def __init__(self, server: StorageServer, *lost: int) -> None:
        self._server, self._lost, self.calls = server, lost, 0

    def __getattr__(self, verb: str) -> Any:
        def remote(*arguments: Any) -> Callable[[], Any]:
            answer = getattr(self._server, verb)(*arguments)
            self.calls += 1
            return lambda number=self.calls - 1: answer if number not in self._lost else None

        return SimpleNamespace(remote=remote)


@pytest.fixture(autouse=True)
def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers come at once, or are lost at once."""

    def get(answer: Callable[[], Any], timeout: float) -> Any:
        found = answer()
        if found is None:
            raise driver_storage.GetTimeoutError("late")
        return found

    monkeypatch.setattr(driver_storage.ray, "get", get)
    monkeypatch.setattr(driver_storage.time, "sleep", lambda seconds: None)


def test_an_answer_that_is_lost_is_asked_for_again_and_the_file_is_there_once(tmp_path: Path) -> None:
    handle = Handle(StorageServer(tmp_path, tmp_path / "beats"), 0, 1)
    DriverStorage(handle).write("records/a.parquet", b"rows")
    assert handle.calls == 3
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["a.parquet"]
    assert DriverStorage(handle).read("records/a.parquet") == b"rows"
    DriverStorage(handle).remove("records/a.parquet")
    assert DriverStorage(handle).read("records/a.parquet") is None


def test_a_driver_that_never_answers_is_named(tmp_path: Path) -> None:
    with pytest.raises(Undelivered, match=r"could not write records/a\.parquet on the driver's machine"):
        DriverStorage(Handle(StorageServer(tmp_path, tmp_path / "beats"), 0, 1, 2)).write("records/a.parquet", b"rows")


def test_the_drivers_full_disk_stops_the_study(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: LocalStorage, path: str, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", path)

    monkeypatch.setattr(LocalStorage, "write", full)
    ended = job().run(DATA, DriverStorage(Handle(StorageServer(tmp_path, tmp_path / "beats"))), silent)
    assert ended.outcome == "stuck"
    assert "No space left on device, on the driver's machine" in ended.reason


def test_records_that_cannot_be_handed_over_end_the_job_as_undelivered(fake: Path, tmp_path: Path) -> None:
    storage = DriverStorage(Handle(StorageServer(tmp_path, tmp_path / "beats"), *range(100)))
    ended: Summary = job().run(DATA, storage, silent)
    assert ended.outcome == "undelivered"
    assert "checkpoints/" in ended.reason


def values_in(path: Path) -> Any:
    """What a file holds; safetensors writes the keys of its metadata in any order."""
    if path.suffix != ".safetensors":
        return path.read_bytes()
    with safe_open(path, "pt") as file:
        return file.metadata(), {key: file.get_tensor(key).tolist() for key in file.keys()}  # noqa: SIM118


def far_storage(folder: Path) -> DriverStorage:
    return DriverStorage(Handle(StorageServer(folder, folder / "beats")))


def test_records_models_and_scores_are_those_of_a_worker_that_sees_the_directory(fake: Path, tmp_path: Path) -> None:
    from study.jobs.score import scoring_job

    contents = []
    for name, wrap in (("near", LocalStorage), ("far", far_storage)):
        archive, work = Archive(tmp_path / name), job("confirm")
        storage: Any = wrap(archive.directory)
        assert work.run(DATA, storage, silent).outcome == "recorded"
        assert work.collect(archive)
        scoring = scoring_job(work.shard, work.replicas, archive)
        assert scoring.run(WITH_TEST, storage, silent).outcome == "recorded"
        assert scoring.collect(archive)
        files = [path for path in archive.directory.rglob("*") if path.is_file()]
        contents.append({path.relative_to(archive.directory): values_in(path) for path in files})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 3


def test_a_worker_uses_the_directory_only_where_it_is_the_drivers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / LOCK).write_text("session 1")
    server = object()
    assert storage_of(tmp_path, "session 1", server) == LocalStorage(tmp_path)
    assert storage_of(tmp_path, "session 2", server) == DriverStorage(server), "a copy of the directory"
    assert storage_of(tmp_path / "elsewhere", "session 1", server) == DriverStorage(server)
    assert storage_of(tmp_path / "elsewhere", "session 1", None) is None
    monkeypatch.setenv(HAND_BACK, "1")
    assert storage_of(tmp_path, "session 1", server) == DriverStorage(server)

"""The scheduler: generators that wait for jobs, side by side, and are never given what is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.execution.scheduler import DONE, Parallel, Scheduler, Steps
from study.jobs.job import Summary
from study.planning.arm import Arm
from study.store.archive import Entry
from study.store.ledger import Ledger

ARM = Arm("hard", 1, 2, 8)


@dataclass
class FakeArchive:
    """An archive that a test fills by hand."""

    directory: Path
    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A job of which only the names of its replicas matter."""

    keys: tuple[str, ...]
    phase: str = "search"
    arm: Arm = ARM
    tasks: tuple[str, ...] = ("rain",)

    @property
    def name(self) -> str:
        return "+".join(self.keys)

    @property
    def replicas(self) -> dict[str, Any]:
        return dict.fromkeys(self.keys)

    def facts(self) -> dict[str, Any]:
        return {"phase": self.phase, "arm": self.arm.label, "replicas": list(self.keys)}

    def run(self, *_: Any) -> Summary:
        raise AssertionError("the test plays the worker")

    def missing(self, archive: Any) -> list[str]:
        return [key for key in self.keys if key not in archive.entries]

    def keeping(self, keys: Sequence[str], archive: Any) -> Step:
        return Step(tuple(keys), self.phase)

    def collect(self, archive: Any) -> bool:
        return not self.missing(archive)

    def give_up(self, archive: Any, reason: str) -> None:
        archive.entries |= {key: Entry("hard", self.phase, "failed", 0, reason, key) for key in self.keys}


@pytest.fixture
def archive(tmp_path: Path) -> FakeArchive:
    return FakeArchive(tmp_path)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path) as ledger:
        yield ledger


def record(archive: FakeArchive, job: Any) -> Summary:
    archive.entries |= {key: Entry("hard", job.phase, "finished", 1, "", job.name) for key in job.keys}
    return Summary("recorded")


def two_rungs(name: str) -> Steps:
    yield [Step((f"{name}1",))]
    yield [Step((f"{name}2",)), Step((f"{name}3",))]
    return name


def drain(scheduler: Scheduler) -> list[Any]:
    jobs = []
    while (job := scheduler.next()) is not None and job is not DONE:
        jobs.append(job)
    return jobs


def names(jobs: list[Any]) -> list[str]:
    return [job.name for job in jobs]


def test_no_strand_waits_for_anothers_rung(archive: Any, book: Ledger) -> None:
    def steps() -> Steps:
        results = yield Parallel([two_rungs("a"), two_rungs("b")])
        yield [Step(("end",))]
        return results

    scheduler = Scheduler(steps(), archive, book)
    first = drain(scheduler)
    assert names(first) == ["a1", "b1"]
    assert scheduler.next() is None
    scheduler.finished(first[1], record(archive, first[1]))
    second = drain(scheduler)
    assert names(second) == ["b2", "b3"]
    for job in (*second, first[0]):
        scheduler.finished(job, record(archive, job))
    third = drain(scheduler)
    assert names(third) == ["a2", "a3"]
    for job in third:
        scheduler.finished(job, record(archive, job))
    (end,) = drain(scheduler)
    scheduler.finished(end, record(archive, end))
    assert scheduler.next() is DONE
    assert scheduler.result == ["a", "b"]


def test_finished_work_is_never_handed_out(archive: Any, book: Ledger) -> None:
    record(archive, Step(("a1", "a2")))

    def steps() -> Steps:
        yield [Step(("a1", "b1")), Step(("a2",))]
        yield Parallel([])
        yield [Step(("a1", "a2"))]

    scheduler = Scheduler(steps(), archive, book)
    jobs = drain(scheduler)
    assert names(jobs) == ["b1"]
    scheduler.finished(jobs[0], record(archive, jobs[0]))
    assert scheduler.over


def test_what_ran_on_a_lost_back_end_is_handed_out_again_unless_recorded(archive: Any, book: Ledger) -> None:
    def steps() -> Steps:
        yield [Step(("a",)), Step(("b",))]

    scheduler = Scheduler(steps(), archive, book)
    jobs = drain(scheduler)
    record(archive, jobs[0])
    scheduler.abandoned()
    assert names(drain(scheduler)) == ["b"]


def test_a_dying_worker_is_replaced_then_its_job_cut_until_the_bad_replica_is_alone(archive: Any, book: Ledger) -> None:
    def steps() -> Steps:
        yield [Step(("a", "b", "bad", "c"))]

    scheduler = Scheduler(steps(), archive, book)
    tries = 0
    while (job := scheduler.next()) is not DONE:
        tries += 1
        assert tries < 20
        died = "bad" in job.keys
        scheduler.finished(job, Summary("died", "killed") if died else record(archive, job))
    failed = {key for key, entry in archive.entries.items() if entry.status == "failed"}
    assert failed == {"bad"}
    assert set(archive.entries) == {"a", "b", "bad", "c"}
    assert len(book.of("retried")) >= 2


@pytest.mark.parametrize("outcome", ["died", "undelivered"])
def test_records_that_were_written_before_the_worker_was_lost_count(archive: Any, book: Ledger, outcome: Any) -> None:
    def steps() -> Steps:
        yield [Step(("a",))]

    scheduler = Scheduler(steps(), archive, book)
    (job,) = drain(scheduler)
    record(archive, job)
    scheduler.finished(job, Summary(outcome, "the plug was pulled"))
    assert scheduler.over
    assert not book.of("retried")


def test_a_job_whose_machines_left_is_not_cut(archive: Any, book: Ledger) -> None:
    def steps() -> Steps:
        yield [Step(("a", "b"))]

    scheduler = Scheduler(steps(), archive, book)
    for _ in range(5):
        (job,) = drain(scheduler)
        scheduler.finished(job, Summary("died", "the plug was pulled"))
        scheduler.excuse(job)
    assert names(drain(scheduler)) == ["a+b"]
    assert len(book.of("excused")) == 5


def test_records_that_never_arrive_are_a_mistake_and_no_endless_loop(archive: Any, book: Ledger) -> None:
    def steps() -> Steps:
        yield [Step(("a",))]

    scheduler = Scheduler(steps(), archive, book)
    for _ in range(2):
        scheduler.finished(scheduler.next(), Summary("recorded"))  # type: ignore[arg-type]
    job: Any = scheduler.next()
    with pytest.raises(UserError, match="do not arrive"):
        scheduler.finished(job, Summary("recorded"))


def test_failures_stop_the_study_only_beyond_half(archive: Any, book: Ledger) -> None:
    def steps() -> Steps:
        yield [Step((str(number),)) for number in range(20)]

    scheduler = Scheduler(steps(), archive, book)
    jobs = drain(scheduler)
    for number, job in enumerate(jobs[:10]):
        if number % 2:
            job.give_up(archive, "why")
        else:
            record(archive, job)
        scheduler.finished(job, Summary("recorded"))
    jobs[10].give_up(archive, "because")
    with pytest.raises(UserError, match=r"6 of 11 replicas failed, most often with: why"):
        scheduler.finished(jobs[10], Summary("recorded"))


def test_what_does_not_reach_the_driver_is_tried_again_and_then_stops_the_study_in_words(
    archive: Any, book: Ledger
) -> None:
    def steps() -> Steps:
        yield [Step(("a", "b"))]

    scheduler = Scheduler(steps(), archive, book)
    lost = Summary("undelivered", "node7 could not write records/a.parquet on the driver's machine")
    for _ in range(2):
        (job,) = drain(scheduler)
        scheduler.finished(job, lost)
    (job,) = drain(scheduler)
    assert names([job]) == ["a+b"], "it is not cut in two: its size is not at fault"
    with pytest.raises(UserError, match=r"node7 could not write records/a\.parquet"):
        scheduler.finished(job, lost)
    assert archive.entries == {}, "no replica is recorded as failed"


def test_a_job_that_ran_out_of_memory_is_told_before_it_is_cut(archive: Any, book: Ledger) -> None:
    """One that died, and a single replica that is given up, say nothing about how many fit."""

    def steps() -> Steps:
        yield [Step(("a", "b", "c")), Step(("d", "e"))]

    told: list[str] = []
    scheduler = Scheduler(steps(), archive, book, too_large=lambda job: told.append(job.name))
    full, dying = drain(scheduler)
    scheduler.finished(full, Summary("memory", "CUDA out of memory"))
    assert told == ["a+b+c"]
    for _ in range(3):
        scheduler.finished(dying, Summary("died", "the plug was pulled"))
        (dying, *rest) = [job for job in drain(scheduler) if "d" in job.name or "e" in job.name] or [dying]
        if len(rest):
            break
    assert told == ["a+b+c"]
    assert [event["outcome"] for event in book.of("cut")] == ["memory", "died"]


def test_the_ledger_tells_what_jobs_took_of_their_cards(archive: Any, book: Ledger) -> None:
    def steps() -> Steps:
        yield [Step(("a", "b")), Step(("c",))]

    scheduler = Scheduler(steps(), archive, book)
    large, small = drain(scheduler)
    scheduler.finished(large, Summary("memory", "CUDA out of memory", seconds=2.0, memory={"peak_bytes": 9}))
    scheduler.finished(small, replace(record(archive, small), memory={"peak_bytes": 5}))
    (cut,), (finished,) = book.of("cut"), book.of("finished")
    assert (cut["outcome"], cut["memory"], cut["seconds"]) == ("memory", {"peak_bytes": 9}, 2.0)
    assert finished["memory"] == {"peak_bytes": 5}
    for job in drain(scheduler):
        scheduler.finished(job, record(archive, job))
    assert "memory" not in book.of("finished")[-1], "a processor's jobs tell nothing"

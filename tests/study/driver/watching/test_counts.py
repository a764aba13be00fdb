"""Counting: the live screen and ``status`` say the same of the same study."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mtl_core.training import trainer
from study.cli.study_status import read_status
from study.driver.run import run
from study.driver.watching.counts import Workload, count, event_of_work, planned_work, work_of_event
from study.driver.watching.screens import Watch
from study.execution.scheduler import Scheduler
from study.planning.prepare import prepare_run
from study.store.archive import Entry
from tests.study import fake_engine
from tests.study.conftest import tiny

WORK = {"search": Workload(10, 4.0, 50.0), "confirm": Workload(4, 8.0, 50.0)}


def entry(phase: str, status: str, epochs: int, reason: str = "") -> Entry:
    return Entry("hard", phase, status, epochs, reason, "part")


def test_replicas_count_when_they_have_ended_and_their_epochs_count_before() -> None:
    counts = count(WORK, [entry("search", "running", 2), entry("search", "stopped", 2)], {"search": 6.0})
    assert counts.done == {"search": 1, "confirm": 0}
    assert counts.planned == {"search": 10, "confirm": 4}
    assert counts.share == pytest.approx(0.5 * 10 / 40)
    assert counts.untried == pytest.approx(50 / (50 + 50 * 30 / 40))
    assert set(counts.facts()) == {"done", "planned", "share", "failed", "diverged"}


def test_what_fails_early_is_whole_outside_the_search_and_told_by_reason() -> None:
    entries = [
        entry("confirm", "failed", 1, "ValueError: x"),
        entry("confirm", "failed", 1),
        entry("confirm", "diverged", 3),
    ]
    counts = count(WORK, [*entries, entry("confirm", "failed", 0, "ValueError: x")])
    assert counts.share == pytest.approx(0.5)
    assert list(counts.failed.items()) == [("ValueError: x", 2), ("unknown", 1)]
    assert counts.diverged == 1


def test_more_replicas_than_planned_raise_what_is_planned() -> None:
    counts = count(WORK, [entry("confirm", "finished", 8)] * 6)
    assert counts.of_phase("confirm") == "6 of at most 6 replicas"
    assert counts.share == pytest.approx(0.5), "a phase is done at most"


def test_a_share_is_of_what_is_expected_and_phases_before_the_verdict_are_over_when_it_begins() -> None:
    work = {
        "search": Workload(10, 4.0, 50.0, expected=20.0),
        "confirm": Workload(4, 8.0, 25.0, expected=32.0),
        "verdict": Workload(4, 8.0, 25.0, expected=64.0),
    }
    searched = [entry("search", "finished", 4)] * 3
    assert count(work, searched).share == pytest.approx(0.5 * 12 / 20)
    assert count(work, [*searched, entry("verdict", "finished", 8)]).share == pytest.approx(0.75 + 0.25 * 8 / 64)


def test_what_a_study_is_expected_to_train_follows_from_its_plan(fake: Path, tmp_path: Path) -> None:
    """Confirm is known, the search but for what the choice calls for; the verdict goes on to further seeds."""
    prepared = prepare_run(tiny(verdict={"seeds": 2, "max_seeds": 8, "judge": []}, training={"epochs": 8}), tmp_path)
    work = planned_work(prepared.plan, prepared.forecast)
    most = {phase: one.replicas * one.epochs for phase, one in work.items()}
    assert work["confirm"].expected == pytest.approx(most["confirm"])
    assert 0.7 * most["search"] < work["search"].expected <= most["search"]
    assert work["verdict"].expected > 2 * most["verdict"]


def test_the_lines_stand_below_each_other_and_forget_the_most_at_the_end() -> None:
    counts = count(WORK, [entry("search", "finished", 4)])
    assert counts.lines() == ["search    1 of at most 10 replicas", "confirm   0 of at most 4 replicas"]
    assert counts.lines(is_over=True) == ["search    1 replicas", "confirm   0 replicas"]


def test_the_ledger_holds_the_work() -> None:
    assert work_of_event({"work": event_of_work(WORK), "replicas": {}}) == WORK
    assert work_of_event({"replicas": {"search": 8}})["search"].replicas == 8, "of an earlier version"
    assert work_of_event({}) == {}


def test_the_screen_and_the_status_of_a_running_study_agree(
    fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both are asked in the midst of every shard, by the thread that trains, so that nothing changes in between."""
    out, watched, pairs = tmp_path / "run", [], []

    @contextmanager
    def showing(self: Watch, scheduler: Scheduler) -> Iterator[None]:
        watched[:] = [self.monitor, scheduler]
        yield

    def fit(*given: Any, **options: Any) -> Any:
        monitor, scheduler = watched
        pairs.append((monitor.progress(scheduler), read_status(out)))
        return fake_engine.fit(*given, **options)

    monkeypatch.setattr(Watch, "showing", showing)
    monkeypatch.setattr(trainer, "fit", fit)
    run(tiny(), out=out, backend="inline")
    assert {progress.phase for progress, _ in pairs} == {"search", "confirm", "verdict"}
    for progress, now in pairs:
        assert (now.state, now.phase, now.running) == ("running", progress.phase, len(progress.running))
        assert now.counts == progress.counts
    assert sum(pairs[-1][1].counts.done.values()) > 0

"""Progress: shares of the forecast work, the pace, and what leads and fails."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from study.config.suite import SuitePosition
from study.driver import progress as module
from study.driver.progress import SCORE, ProgressMonitor
from study.planning.forecast import Forecast
from study.planning.make_plan import make_plan
from study.planning.prepare import Prepared
from study.store.archive import Entry
from tests.study.conftest import small_task_set, tiny


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as the last number of the list."""
    times = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: times[-1])
    return times


def prepared() -> Prepared:
    """A study of which half the work is its search."""
    task_set = small_task_set()
    return Prepared(task_set, make_plan(tiny(), task_set.development), Forecast(50.0, 30.0, 20.0, 0.0, 0.0, 0.0))


def monitor(entries: dict[str, Entry], beats: dict[str, Any], position: SuitePosition | None = None) -> ProgressMonitor:
    backend: Any = SimpleNamespace(workers=2, heartbeats=SimpleNamespace(read=beats.get))
    archive: Any = SimpleNamespace(entries=entries)
    return ProgressMonitor(prepared(), archive, backend, position)


_IDLE = {"ready": deque(), "best": {}, "failures": {}, "ledger": SimpleNamespace(of=lambda event: [])}


def scheduler(*running: str, phase: str = "search", **facts: Any) -> Any:
    """A scheduler with these jobs running."""
    jobs = {name: (SimpleNamespace(name=name, phase=phase, arm=SimpleNamespace(label=name)), None) for name in running}
    return SimpleNamespace(**_IDLE | {"running": jobs} | facts)


def entry(phase: str, status: str, epochs: int) -> Entry:
    return Entry("hard", phase, status, epochs, "", "part")


def test_before_anything_ran_nothing_is_done_and_nothing_is_guessed(clock: list[float]) -> None:
    now = monitor({}, {}).progress(scheduler("a"))
    assert (now.phase, now.done, now.share, now.seconds_left) == ("search", 0, 0.0, None)
    assert now.running == [("a", 0.0)]
    assert now.planned == prepared().plan.counts()["search"]


def test_epochs_under_way_count_and_the_pace_says_what_is_left(clock: list[float]) -> None:
    beats: dict[str, Any] = {}
    watched = monitor({}, beats)
    counts = prepared().plan.counts()
    assert prepared().plan.spec.training.epochs == 8
    work = counts["confirm"] * 8
    beats["a"] = (work // 2, work, 0.5)
    clock.append(60.0)
    now = watched.progress(scheduler("a", phase="confirm"))
    assert now.share == pytest.approx(0.3 / 2, abs=0.01), "half of a phase of 30 in 100 forecast seconds"
    assert now.seconds_left == pytest.approx(60 * (1 - now.share) / now.share)
    assert now.running == [("a", pytest.approx(0.5, abs=0.05))]


def test_replicas_that_ended_early_are_whole_outside_the_search(clock: list[float]) -> None:
    entries = {str(number): entry("confirm", "diverged", 1) for number in range(prepared().plan.counts()["confirm"])}
    now = monitor(entries, {}).progress(scheduler("a", phase="confirm"))
    assert now.share == pytest.approx(0.3)
    assert now.done == now.planned == len(entries)


def test_what_was_done_before_this_session_says_nothing_about_its_pace(clock: list[float]) -> None:
    entries = {str(number): entry("confirm", "finished", 8) for number in range(10)}
    watched = monitor(entries, {})
    clock.append(100.0)
    assert watched.progress(scheduler("a")).seconds_left is None


def test_scoring_is_the_end(clock: list[float]) -> None:
    now = monitor({}, {}).progress(scheduler())
    assert (now.phase, now.share, now.seconds_left) == (SCORE, 1.0, None)
    assert "test split" in now.count


def test_the_best_arms_and_the_most_frequent_failures_are_shown(clock: list[float]) -> None:
    best = {("search", f"arm {number}"): {("rain",): number / 10, ("sun",): number / 10} for number in range(8)}
    best["confirm", "other"] = {("rain", "sun"): 0.99}
    failures = {"search": {str(number): "why" if number < 3 else None for number in range(5)}, "confirm": {"x": "how"}}
    now = monitor({}, {}).progress(scheduler("a", best=best, failures=failures))
    assert [arm for arm, _ in now.best] == ["arm 7", "arm 6", "arm 5", "arm 4", "arm 3"]
    assert now.best[0][1] == pytest.approx(70.0)
    assert now.failed == {"why": 3, "how": 1}


def test_arms_with_a_task_that_is_not_seen_yet_are_not_compared(clock: list[float]) -> None:
    best = {("search", "single"): {("rain",): 0.9}, ("search", "hard"): {("rain", "sun"): 0.4}}
    assert monitor({}, {}).progress(scheduler("a", best=best)).best == [("hard", pytest.approx(40.0))]
    best["search", "single"]["sun",] = 0.1
    now = monitor({}, {}).progress(scheduler("a", best=best))
    assert now.best == [("single", pytest.approx(50.0)), ("hard", pytest.approx(40.0))]


def test_a_study_that_ended_without_an_answer_opens_no_test_split(clock: list[float]) -> None:
    ledger = SimpleNamespace(of=lambda event: [{}] if event == "ended" else [])
    now = monitor({}, {}).progress(scheduler(ledger=ledger))
    assert now.phase == "ended"
    assert "test split" not in now.count


def test_later_studies_of_a_suite_are_as_slow_as_this_one(clock: list[float], tmp_path: Path) -> None:
    beats: dict[str, Any] = {}
    watched = monitor({}, beats, SuitePosition("three", 1, 3, later=50.0))
    work = prepared().plan.counts()["confirm"] * 8
    beats["a"] = (work, work, 0.5)
    clock.append(60.0)
    now = watched.progress(scheduler("a", phase="confirm"))
    assert now.share == pytest.approx(0.3)
    # 30 of 100 forecast seconds took 60: twice as slow, so 140 are left here and 100 for the others
    assert now.seconds_left == pytest.approx(140)
    assert now.seconds_left_in_all == pytest.approx(240)

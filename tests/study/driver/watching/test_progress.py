"""Progress: shares of the forecast work, the pace, and what leads and fails."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from study.config.suite import SuitePosition
from study.driver.watching import progress as module
from study.driver.watching.progress import SCORE, ProgressMonitor
from study.execution.backend import Machine
from study.jobs.score import ScoringJob
from study.planning.cards.facts import packing_facts
from study.planning.forecast import Forecast
from study.planning.make_plan import make_plan
from study.planning.prepare import Prepared
from study.store.archive import Entry
from tests.study.conftest import small_task_set, tiny
from tests.study.driver.watching.test_device_use import STARTED, ended, memory
from tests.study.planning.cards.test_card_packing import alone, packing


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


MACHINES: dict[str, Machine] = {}
NODES: dict[str, str] = {}


def monitor(entries: dict[str, Entry], beats: dict[str, Any], position: SuitePosition | None = None) -> ProgressMonitor:
    backend: Any = SimpleNamespace(
        workers=2,
        device="cpu",
        machines=MACHINES,
        heartbeats=SimpleNamespace(read=beats.get, node_of=NODES.get),
    )
    archive: Any = SimpleNamespace(entries=entries)
    return ProgressMonitor(prepared(), archive, backend, position)


_IDLE = {"ready": deque(), "best": {}, "ledger": SimpleNamespace(of=lambda event: [], events=())}


REPLICAS: dict[str, None] = {"r1": None, "r2": None}
"""Of every running job."""


def scheduler(*running: str, phase: str = "search", **facts: Any) -> Any:
    """A scheduler with these jobs running."""
    jobs = {
        name: (SimpleNamespace(name=name, phase=phase, arm=SimpleNamespace(label=name), replicas=REPLICAS), None)
        for name in running
    }
    return SimpleNamespace(**_IDLE | {"running": jobs} | facts)


def entry(phase: str, status: str, epochs: int) -> Entry:
    return Entry("hard", phase, status, epochs, "", "part")


def test_before_anything_ran_nothing_is_done_and_nothing_is_guessed(clock: list[float]) -> None:
    now = monitor({}, {}).progress(scheduler("a"))
    assert (now.phase, now.counts.done["search"], now.counts.share, now.left) == ("search", 0, 0.0, None)
    assert now.running == [("a", 0.0)]
    assert now.counts.planned == prepared().plan.counts()


def test_epochs_under_way_count_and_the_pace_says_what_is_left(clock: list[float]) -> None:
    beats: dict[str, Any] = {}
    watched = monitor({}, beats)
    counts = prepared().plan.counts()
    assert prepared().plan.spec.training.epochs == 8
    work = counts["confirm"] * 8
    beats["a"] = (work // 2, work, 0.5)
    clock.append(60.0)
    now = watched.progress(scheduler("a", phase="confirm"))
    assert now.counts.share == pytest.approx(0.3 / 2, abs=0.01), "half of a phase of 30 in 100 forecast seconds"
    assert now.left is not None
    assert now.left.seconds == pytest.approx(60 * (1 - now.counts.share) / now.counts.share)
    assert now.running == [("a", pytest.approx(0.5, abs=0.05))]


def test_epochs_of_an_earlier_rung_count_once(clock: list[float]) -> None:
    entries = {key: entry("search", "running", 4) for key in REPLICAS}
    before = monitor(entries, {}).progress(scheduler("a")).counts.share
    assert before > 0
    assert monitor(entries, {"a": (8, 16, 0.5)}).progress(scheduler("a")).counts.share == before
    assert monitor(entries, {"a": (12, 16, 0.5)}).progress(scheduler("a")).counts.share == pytest.approx(1.5 * before)


def test_replicas_that_ended_early_are_whole_outside_the_search(clock: list[float]) -> None:
    entries = {str(number): entry("confirm", "diverged", 1) for number in range(prepared().plan.counts()["confirm"])}
    now = monitor(entries, {}).progress(scheduler("a", phase="confirm"))
    assert now.counts.share == pytest.approx(0.3)
    assert now.counts.done["confirm"] == now.counts.planned["confirm"] == len(entries)


def test_what_was_done_before_this_session_says_nothing_about_its_pace(clock: list[float]) -> None:
    entries = {str(number): entry("confirm", "finished", 8) for number in range(10)}
    watched = monitor(entries, {})
    clock.append(100.0)
    assert watched.progress(scheduler("a")).left is None


def test_between_two_phases_the_last_one_is_told(clock: list[float]) -> None:
    watched = monitor({}, {})
    watched.progress(scheduler("a", phase="confirm"))
    assert watched.progress(scheduler()).phase == "confirm"


def test_the_best_arms_of_the_phase_are_shown(clock: list[float]) -> None:
    best = {("search", f"arm {number}"): {("rain",): number / 10, ("sun",): number / 10} for number in range(8)}
    best["confirm", "other"] = {("rain", "sun"): 0.99}
    now = monitor({}, {}).progress(scheduler("a", best=best))
    assert [arm for arm, _ in now.best] == ["arm 7", "arm 6", "arm 5", "arm 4", "arm 3"]
    assert now.best[0][1] == pytest.approx(70.0)


def test_arms_with_a_task_that_is_not_seen_yet_are_not_compared(clock: list[float]) -> None:
    best = {("search", "single"): {("rain",): 0.9}, ("search", "hard"): {("rain", "sun"): 0.4}}
    assert monitor({}, {}).progress(scheduler("a", best=best)).best == [("hard", pytest.approx(40.0))]
    best["search", "single"]["sun",] = 0.1
    now = monitor({}, {}).progress(scheduler("a", best=best))
    assert now.best == [("single", pytest.approx(50.0)), ("hard", pytest.approx(40.0))]


def test_a_study_that_ended_without_an_answer_opens_no_test_split(clock: list[float]) -> None:
    ledger = SimpleNamespace(of=lambda event: [{}] if event == "ended" else [], events=())
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
    assert now.counts.share == pytest.approx(0.3)
    # 30 of 100 forecast seconds took 60: twice as slow, so 140 are left here and 100 for the others
    assert now.left is not None
    assert now.left.seconds == pytest.approx(140)
    assert now.left_in_all is not None
    assert now.left_in_all.seconds == pytest.approx(240)


def test_the_workers_of_every_machine_are_told_where_there_are_several(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MACHINES, "n1", Machine("gpu-1", 4))
    monkeypatch.setitem(NODES, "a", "n1")
    assert monitor({}, {}).progress(scheduler("a")).machines == {}, "one machine needs no name"
    monkeypatch.setitem(MACHINES, "n2", Machine("gpu-2", 2))
    assert monitor({}, {}).progress(scheduler("a", "b")).machines == {"gpu-1": (1, 4), "gpu-2": (0, 2)}


def job(name: str, phase: str = "search") -> tuple[Any, None]:
    return SimpleNamespace(name=name, phase=phase, arm=SimpleNamespace(label=name)), None


def test_what_is_waited_for_is_said(clock: list[float]) -> None:
    begun = {"event": "started", "phase": "search", "time": datetime.now(UTC).isoformat()}
    started = [{"event": "planned"}] + [begun | {"shard": str(number)} for number in range(14)]
    ledger = SimpleNamespace(of=lambda event: [], events=started)
    watched = monitor({}, {})
    assert watched.progress(scheduler("a", ledger=ledger)).waiting == "the last shards of search: 1 of 14"
    assert watched.progress(scheduler("a", ledger=ledger, ready=[job("b")])).waiting == ""
    assert watched.progress(scheduler("a", "b", ledger=ledger)).waiting == "", "all workers are busy"
    assert watched.progress(scheduler(ready=[job("b")])).waiting == "workers to start"
    assert watched.progress(scheduler()).waiting == "", "scoring in this process waits for nobody"
    watched.backend.workers = 1  # type: ignore[misc]
    assert watched.progress(scheduler(ready=[job("b")])).waiting == ""
    watched.backend.workers = 0  # type: ignore[misc]
    assert watched.progress(scheduler("a", ledger=ledger)).waiting == "a machine that can train"


def test_jobs_that_score_are_no_phase_that_trains(clock: list[float]) -> None:
    shard: Any = SimpleNamespace(phase="confirm", arm=SimpleNamespace(label="x"), replicas={})
    watched = monitor({}, {})
    now = watched.progress(scheduler(ready=[(ScoringJob(shard, {}), None)]))
    assert (now.phase, now.left) == (SCORE, None)
    assert "test split" in now.count
    assert watched.progress(scheduler()).phase == SCORE, "it was the last"


def test_the_use_of_cards_is_that_of_the_whole_ledger(clock: list[float]) -> None:
    """The packing stands in the session that measured, and memory in that which trains."""
    packed = {"event": "packed", **packing_facts(*alone(packing()))}
    events = [{"event": "planned"}, packed, {"event": "planned"}, STARTED, *ended(memory())]
    ledger = SimpleNamespace(of=lambda event: [], events=events)
    watched = monitor({}, {})
    assert watched.progress(scheduler("a", ledger=ledger)).use.packing is None, "processors train"
    watched.backend.device = "cuda"
    now = watched.progress(scheduler("a", ledger=ledger))
    assert now.use.packing is not None
    assert (now.use.packing.card, now.use.cards[0].card) == ("H100", "H200")
    assert now.facts()["cards"][0]["peak_bytes"] == 3 * 2**30
    assert now.facts()["device"] == "cuda"


def test_the_rate_counts_replicas_that_ended_in_this_session(clock: list[float]) -> None:
    ago = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    events = [
        {"event": "finished", "replicas": ["old"], "time": ago},
        {"event": "planned", "time": ago},
        {"event": "started", "shard": "s", "phase": "search", "time": ago},
        {"event": "finished", "replicas": [str(number) for number in range(30)], "time": ago},
    ]
    entries = {str(number): entry("search", "finished" if number < 20 else "running", 8) for number in range(30)}
    now = monitor(entries, {}).progress(scheduler("a", ledger=SimpleNamespace(of=lambda event: [], events=events)))
    assert now.per_minute == pytest.approx(2.0, abs=0.1)

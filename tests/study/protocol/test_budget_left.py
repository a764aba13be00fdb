"""Seeds under a budget: as many as what is left allows, decided once, from clocks and counts alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from study.driver.run import run
from study.protocol.budget_left import (
    device_seconds_spent,
    seconds_spent,
    with_confirm_that_fits,
    with_first_seeds,
    with_seeds_that_fit,
)
from study.store import ledger
from study.store.archive import Archive
from tests.study.conftest import tiny
from tests.study.protocol.conftest import Opener


def test_what_was_spent_is_the_length_of_every_session_and_no_pause() -> None:
    def at(minute: int, kind: str) -> dict[str, str]:
        return {"event": kind, "time": f"2026-01-05T10:{minute:02}:00.000+00:00"}

    events = [at(0, "planned"), at(2, "finished"), at(30, "planned"), at(31, "started"), at(35, "finished")]
    assert seconds_spent(events) == (2 + 5) * 60
    assert seconds_spent([]) == 0


@pytest.mark.parametrize("first", ["retrying", "tree", "pilot"])
@pytest.mark.parametrize("last", ["stopped", "refused", "interrupted"])
def test_the_night_between_two_sessions_is_not_spent(first: str, last: str) -> None:
    """A session writes some events before its ``planned``; they are not the last ones of the session before."""
    times = {"planned": "01-05T10:00", last: "01-05T10:05", first: "01-06T08:00"}
    events = [{"event": kind, "time": f"2026-{time}:00.000+00:00"} for kind, time in times.items()]
    events.append({"event": "planned", "time": "2026-01-06T08:00:10.000+00:00", "before": 15.0})
    events.append({"event": "finished", "time": "2026-01-06T08:05:15.000+00:00"})
    assert seconds_spent(events) == 300 + 15 + 305


def test_a_session_that_ended_before_its_plan_leaves_the_one_before_as_long_as_it_was() -> None:
    times = {"planned": "01-05T10:00", "interrupted": "01-05T10:05", "crashed": "01-06T08:00"}
    events = [{"event": kind, "time": f"2026-{time}:00.000+00:00"} for kind, time in times.items()]
    assert seconds_spent(events) == 300


def test_what_came_before_the_plan_counts_as_measured_or_else_as_forecast() -> None:
    planned = {"event": "planned", "time": "2026-01-05T10:00:00.000+00:00", "forecast": {"start": 4.0, "trees": 2.0}}
    assert seconds_spent([planned]) == 6
    assert seconds_spent([planned | {"before": 9.5}]) == 9.5


def test_a_worker_with_half_a_gpu_counts_half() -> None:
    shard = {"event": "finished", "seconds": 10.0}
    assert device_seconds_spent([shard, {"event": "device", "share": 0.5}, shard, {"event": "started"}]) == 15


def fitted(out: Path, phase: str) -> list[dict[str, Any]]:
    return [event for event in ledger.read(out / ledger.NAME) if event["event"] == "fitted" and event["phase"] == phase]


def trained(out: Path, phase: str = "verdict") -> int:
    import analysis

    replicas = analysis.load(out).replicas
    return replicas.loc[replicas["phase"] == phase, "seed"].nunique()


def test_with_time_left_the_verdict_gets_more_seeds_up_to_the_limit(fake: Path, tmp_path: Path) -> None:
    spec = tiny(budget="20h", verdict={"seeds": 7, "max_seeds": 9})
    out = run(spec, out=tmp_path / "run", backend="inline")
    first, last = fitted(out, "verdict")
    assert (first["seeds"], first["provisional"]) == (5, True)
    assert (last["seeds"], last["planned"], last["budget"]) == (9, 7, 72_000.0)
    assert trained(out) == 9
    (confirm,) = fitted(out, "confirm")
    assert (confirm["seeds"], confirm["arms"]) == (3, "all")


@pytest.mark.parametrize(("spent", "seeds"), [(1.0, 12), (1e6, 6)])
def test_with_outer_folds_the_seeds_that_are_written_are_those_that_train(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, spent: float, seeds: int
) -> None:
    monkeypatch.setattr("study.protocol.budget_left.seconds_spent", lambda events: spent)
    context = opened(budget="20h", confirm={"seeds": 5}, verdict={"seeds": 8, "max_seeds": 13})
    for part in (context.directory / "records").glob("merged-confirm*"):
        part.unlink()
    context = replace(context, plan=replace(context.plan, folds=3), archive=Archive(context.directory))
    confirmed = with_confirm_that_fits(context)
    (confirm,) = fitted(context.directory, "confirm")
    assert confirm["seeds"] == confirm["planned"] == len(confirmed.plan.seeds("confirm")) == 6
    assert confirm["arms"] == confirm["planned_arms"], "so few arms are confirmed anyway"
    first = with_first_seeds(context)
    assert first is not None
    longer = with_seeds_that_fit(context)
    events = fitted(context.directory, "verdict")
    assert [event["planned"] for event in events] == [9, 9]
    assert events[0]["seeds"] == len(first.plan.seeds("verdict")) == 6
    assert events[1]["seeds"] == len(longer.plan.seeds("verdict")) == seeds


def test_without_time_left_it_gets_as_few_as_can_be_and_a_resumed_study_does_not_decide_anew(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.protocol.budget_left.seconds_spent", lambda events: 1e6)
    spec = tiny(budget="20h", confirm={"seeds": 8}, verdict={"seeds": 9})
    out = run(spec, out=tmp_path / "run", backend="inline")
    assert (trained(out), trained(out, "confirm")) == (5, 5)
    lines = (out / ledger.NAME).read_text().splitlines(keepends=True)
    place = max(number for number, line in enumerate(lines) if json.loads(line)["event"] == "fitted")
    (out / ledger.NAME).write_text("".join(lines[: place + 1]))
    for part in (out / "records").glob("merged-verdict*"):
        part.unlink()
    monkeypatch.setattr("study.protocol.budget_left.seconds_spent", lambda events: 1.0)
    run(spec, out=out, backend="inline")
    assert (trained(out), trained(out, "confirm")) == (5, 5)
    assert len(fitted(out, "verdict")) == 2
    assert len(fitted(out, "confirm")) == 1


@pytest.mark.parametrize("budget", [150, 220])
def test_a_budget_of_replicas_is_kept(fake: Path, tmp_path: Path, budget: int) -> None:
    import analysis

    spec = tiny(budget=f"{budget} replicas", confirm={"seeds": 8}, verdict={"seeds": 6, "max_seeds": 1_000})
    number = analysis.load(run(spec, out=tmp_path / "run", backend="inline")).replicas["replica"].nunique()
    assert 0.85 * budget <= number <= budget


def test_a_budget_of_device_hours_ends_the_verdict_at_the_pace_of_its_first_seeds(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.protocol.budget_left.device_seconds_spent", len)  # a second an event
    spec = tiny(budget="0.05 CPU-hours", verdict={"seeds": 6, "max_seeds": 1_000})
    first, last = fitted(run(spec, out=tmp_path / "run", backend="inline"), "verdict")
    assert last["budget"] == 180
    per_seed = (last["spent"] - first["spent"]) / 5
    assert last["seeds"] == pytest.approx(5 + (180 - last["spent"]) / per_seed, abs=1)


def test_a_study_of_before_is_not_fitted_anew(fake: Path, tmp_path: Path) -> None:
    out = run(tiny(budget="20h", verdict={"seeds": 7, "max_seeds": 9}), out=tmp_path / "run", backend="inline")
    events = [json.loads(line) for line in (out / ledger.NAME).read_text().splitlines()]
    old = [event for event in events if event["event"] != "fitted" or event["phase"] == "verdict"]
    old = [event for event in old if not event.get("provisional")]
    (out / ledger.NAME).write_text("".join(json.dumps(event) + "\n" for event in old))
    run(tiny(budget="20h", verdict={"seeds": 7, "max_seeds": 9}), out=out, backend="inline")
    assert len(fitted(out, "verdict")) == 1
    assert not fitted(out, "confirm")


def test_a_search_stops_proposing_when_its_part_is_spent_and_baselines_are_searched_all_the_same(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import analysis

    monkeypatch.setattr("study.protocol.budget_left.seconds_spent", lambda events: 1e6)
    factors = {"depth": "all", "stages": [3], "width": [2, 3]}
    spec = tiny(budget="20h", factors=factors, search={"strategy": "joint", "trials": 20})
    out = run(spec, out=tmp_path / "run", backend="inline")
    (event,) = fitted(out, "search")
    assert event["trials"] == 8, "a batch"
    rows = analysis.load(out).replicas
    rows = rows[rows["phase"] == "search"].drop_duplicates("replica")
    assert (rows[rows["sharing"] == "independent"].groupby("arm").size() == 4).all()
    open_to_it = rows[(rows["sharing"] == "hard") & (rows["depth"] < rows["stages"])]
    assert len(open_to_it) <= 8
    run(spec, out=out, backend="inline")
    assert len(fitted(out, "search")) == 1


def test_without_a_budget_nothing_is_decided(fake: Path, tmp_path: Path) -> None:
    out = run(tiny(), out=tmp_path / "run", backend="inline")
    assert not fitted(out, "verdict") + fitted(out, "confirm")

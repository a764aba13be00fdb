"""Verdict seeds under a budget: as many as the time left allows, decided once, from clocks alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from study.driver.run import run
from study.protocol.time_budget import seconds_spent, seeds_that_fit
from study.store import ledger
from tests.study.conftest import tiny

FORECAST = {"start": 5.0, "trees": 0.0, "pilot": 0.0, "search": 60.0, "confirm": 35.0, "verdict": 100.0, "score": 10.0,
            "report": 10.0}  # fmt: skip


@pytest.mark.parametrize(
    ("spent", "seeds"),
    [
        (100.0, 8),  # as forecast: 200 s - 100 - 20 are left, and a seed takes 10
        (50.0, 28),  # twice as fast: 200 - 50 - 10 are left, and a seed takes 5
        (150.0, 1),  # at half the pace more 150 - 30 are gone: 20 s are left, and a seed takes 15
        (400.0, 0),
    ],
)
def test_the_time_left_is_shared_out_at_the_pace_so_far(spent: float, seeds: int) -> None:
    assert seeds_that_fit(FORECAST, spent, budget=200.0, planned=10) == seeds


def test_what_was_spent_is_the_length_of_every_session_and_no_pause() -> None:
    def at(minute: int, kind: str) -> dict[str, str]:
        return {"event": kind, "time": f"2026-01-05T10:{minute:02}:00.000+00:00"}

    events = [at(0, "planned"), at(2, "finished"), at(30, "planned"), at(31, "started"), at(35, "finished")]
    assert seconds_spent(events) == (2 + 5) * 60
    assert seconds_spent([]) == 0


def fitted(out: Path) -> list[dict[str, Any]]:
    return [event for event in ledger.read(out / ledger.NAME) if event["event"] == "fitted"]


def trained(out: Path) -> int:
    import analysis

    replicas = analysis.load(out).replicas
    return replicas.loc[replicas["phase"] == "verdict", "seed"].nunique()


def test_with_time_left_the_verdict_gets_more_seeds_up_to_the_limit(fake: Path, tmp_path: Path) -> None:
    spec = tiny(budget="20h", verdict={"seeds": 2, "max_seeds": 7})
    out = run(spec, out=tmp_path / "run", backend="inline")
    (event,) = fitted(out)
    assert (event["seeds"], event["planned"], event["budget"]) == (7, 2, 72_000.0)
    assert trained(out) == 7


def test_without_time_left_it_gets_as_few_as_can_be_and_a_resumed_study_does_not_decide_anew(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.protocol.time_budget.seconds_spent", lambda events: 1e6)
    spec = tiny(budget="20h", verdict={"seeds": 9})
    out = run(spec, out=tmp_path / "run", backend="inline")
    assert trained(out) == 5
    lines = (out / ledger.NAME).read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if json.loads(line)["event"] == "fitted")
    (out / ledger.NAME).write_text("".join(lines[: place + 1]))
    for part in (out / "records").glob("merged-verdict*"):
        part.unlink()
    monkeypatch.setattr("study.protocol.time_budget.seconds_spent", lambda events: 1.0)
    run(spec, out=out, backend="inline")
    assert trained(out) == 5
    assert len(fitted(out)) == 1


def test_without_a_budget_nothing_is_decided(fake: Path, tmp_path: Path) -> None:
    assert not fitted(run(tiny(), out=tmp_path / "run", backend="inline"))

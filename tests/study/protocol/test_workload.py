"""The number of verdict replicas, in the ledger before the first of them trains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import analysis
from mtl_core.training import trainer
from study.cli.study_status import read_status
from study.driver.extend import extend
from study.driver.run import run
from study.store import ledger
from tests.study import fake_engine
from tests.study.conftest import tiny
from tests.study.protocol.conftest import Opener


def told(out: Path) -> list[tuple[int, int]]:
    return [
        (event["replicas"], event["expected"])
        for event in ledger.read(out / ledger.NAME)
        if event["event"] == "workload"
    ]


def trained(out: Path) -> int:
    replicas = analysis.load(out).replicas
    return replicas.loc[replicas["phase"] == "verdict", "replica"].nunique()


@pytest.fixture
def seen(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, float]]:
    """Of every shard, in its midst: the phase, the number of verdict replicas as told, and the share of the study."""
    found: list[tuple[str, int, float]] = []

    def fit(*given: Any, **options: Any) -> Any:
        now = read_status(tmp_path / "run")
        found.append((now.phase, now.counts.planned["verdict"], now.counts.share))
        return fake_engine.fit(*given, **options)

    monkeypatch.setattr(trainer, "fit", fit)
    return found


def test_the_verdict_is_counted_exactly_from_its_first_shard_on(
    seen: list[tuple[str, int, float]], tmp_path: Path
) -> None:
    out = run(tiny(verdict={"seeds": 2, "max_seeds": 2}), out=tmp_path / "run", backend="inline")
    number = trained(out)
    assert told(out) == [(number, number)]
    assert {planned for phase, planned, _ in seen if phase == "verdict"} == {number}
    assert {planned for phase, planned, _ in seen if phase == "search"} != {number}, "an upper bound"
    run(tiny(verdict={"seeds": 2, "max_seeds": 2}), out=out, backend="inline")
    assert len(told(out)) == 1, "told once"
    counts = read_status(out).counts
    assert counts.planned == counts.done
    assert counts.share == 1


def test_an_addition_is_counted_exactly_and_no_part_of_it_is_open(
    seen: list[tuple[str, int, float]], tmp_path: Path
) -> None:
    out = run(tiny(verdict={"seeds": 2, "max_seeds": 2}), out=tmp_path / "run", backend="inline")
    before = trained(out)
    del seen[:]
    extend(out, seeds=4)
    assert trained(out) == 2 * before
    assert told(out)[1:] == [(2 * before, 2 * before)]
    assert {planned for _, planned, _ in seen} == {2 * before}
    (event,) = [event for event in ledger.read(out / ledger.NAME) if event["event"] == "planned"][1:]
    assert event["work"]["verdict"]["replicas"] == 2 * before
    assert event["share"] == min(share for *_, share in seen) > 0.5


def test_seeds_that_a_study_may_go_on_to_are_expected(fake: Path, tmp_path: Path) -> None:
    out = run(tiny(verdict={"seeds": 2, "max_seeds": 4}), out=tmp_path / "run", backend="inline")
    (number, expected), *later = told(out)
    assert expected == 2 * number
    assert later == ([(trained(out), trained(out))] if trained(out) > number else [])


def test_under_a_budget_the_first_seeds_expect_those_of_the_plan(opened: Opener) -> None:
    from study.protocol.workload import note_verdict

    context = opened(budget="20h", verdict={"seeds": 10, "max_seeds": 50})
    context = replace(context, plan=replace(context.plan, verdict_seeds=5))
    verdict = {key: entry for key, entry in context.archive.entries.items() if entry.phase == "verdict"}
    for facts in ({"seeds": 5, "provisional": True}, {"seeds": 5}):
        context.ledger.append("fitted", phase="verdict", planned=10, **facts)
        note_verdict(context, {})
    number = len(verdict)
    assert told(context.directory)[-2:] == [(number, 2 * number), (number, number)]

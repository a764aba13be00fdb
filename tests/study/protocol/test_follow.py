"""Policies of search strategies, followed: the same whatever interrupts them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import analysis
from analysis.selection.skills import LOWEST_SKILL
from study.driver.run import run
from study.planning.policy import Round, Trial
from study.protocol.follow import ANSWERED, follow
from tests.study.conftest import tiny
from tests.study.protocol.conftest import Opener, frozen
from tests.study.protocol.interrupted import run_interrupted
from tests.study.protocol.test_search import jobs

STRATEGIES = ("successive_halving", "joint", "nsga")
BETWEEN = 17
"""Events between two interruptions."""
FACTORS = {"depth": "all", "stages": [2], "width": [2, 3]}


def spec(strategy: str) -> Any:
    search = {"strategy": strategy, "seeds": 1}
    return tiny(factors=FACTORS, search=search, confirm={"seeds": 2, "arms": 2}, verdict={"max_seeds": 2})


def table(out: Path) -> list[tuple[Any, ...]]:
    """What was trained, with what and how far."""
    rows = analysis.load(out).replicas
    names = ["phase", "arm", "task", "draw", "seed", "hyperparameters", "epochs", "status"]
    return sorted(rows[names].itertuples(index=False, name=None), key=str)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_interrupted_anywhere_it_trains_the_same_and_nothing_twice(strategy: str, fake: Path, tmp_path: Path) -> None:
    expected = table(run(spec(strategy), out=tmp_path / "whole", backend="inline"))
    assert any(row[0] == "verdict" for row in expected)
    fake.unlink()
    interrupted = run_interrupted(spec(strategy), tmp_path / "cut", (ANSWERED, "proposed", "finished"), BETWEEN)
    assert interrupted >= 3
    assert table(tmp_path / "cut") == expected
    trained = fake.read_text().splitlines()
    assert len(trained) == len(set(trained))


def test_a_round_trains_to_its_epochs_and_what_the_next_leaves_out_is_stopped(opened: Opener) -> None:
    context = opened(until=lambda event: event["event"] == "device")
    arms = context.plan.candidates

    def policy() -> Any:
        found = yield Round([Trial(arm, draw) for arm in arms for draw in range(2)], 2)
        assert [answer.skill for answer in found] == [pytest.approx(answer.skill) for answer in found]
        assert all(answer.multiply_adds > 0 and set(answer.skills) == {"rain", "sun"} for answer in found)
        yield Round([Trial(arms[0], 1)], 8)
        return "over"

    steps = jobs(follow(context, policy()))
    assert [(job.shard.until, len(job.replicas)) for job in steps] == [(2, 2), (2, 2), (8, 1)]


def test_a_round_may_count_the_skill_of_its_last_epochs_alone(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    context = opened(until=frozen("draws"))
    (arm, *_), found = context.plan.candidates, []
    (key,) = context.keyed(context.plan.replicas(arm, "search", [0]))
    rows = context.archive.rows([key])
    falling = rows.assign(validation_skill=[list(curve)[::-1] for curve in rows["validation_skill"]])
    monkeypatch.setattr(context.archive, "rows", lambda _: falling)

    def policy() -> Any:
        for start in (0, 2):
            found.append((yield Round([Trial(arm, 0)], 8, start))[0])

    jobs(follow(context, policy()))
    means = [sum(values) / len(values) for values in zip(*falling["validation_skill"], strict=True)]
    assert [answer.skill for answer in found] == [pytest.approx(means[0]), pytest.approx(means[2])]
    assert means[2] < means[0]
    assert len(context.ledger.of(ANSWERED)) == 2


def test_a_lost_trial_counts_as_the_lowest_skill_and_is_asked_once(opened: Opener) -> None:
    context = opened(until=frozen("draws"))
    (trial,) = [Trial(context.plan.candidates[0], 99, {"learning_rate": 0.1})]
    found: list[Any] = []

    def policy() -> Any:
        found.extend((yield Round([trial], 8)))

    jobs(follow(context, policy()))
    assert [answer.skill for answer in found] == [LOWEST_SKILL]
    jobs(follow(context, policy()))
    assert len(context.ledger.of(ANSWERED)) == 1
    context.ledger.append("retrying", arms=[trial.arm.label])
    jobs(follow(context, policy()))
    assert len(context.ledger.of(ANSWERED)) == 2

"""Jobs are put in order by what they will cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from study.execution.forecast_length import ForecastLength
from study.jobs.score import ScoringJob
from study.jobs.shard import Shard
from study.jobs.train import TrainingJob
from study.planning.arm import Arm
from study.planning.prepare import prepare_run
from study.planning.replica import Replica
from tests.study.conftest import tiny
from tests.study.planning.cards.stand_in import StandInCard
from tests.study.planning.cards.test_pack_study import Measuring, cards_of


def test_a_job_is_longer_the_wider_the_more_replicas_the_more_epochs_and_with_all_tasks(
    fake: Path, tmp_path: Path
) -> None:
    prepared = prepare_run(tiny(), tmp_path)
    length, settings = ForecastLength(prepared), prepared.plan.settings("search")

    def of(arm: Arm, number: int, until: int, task: str | None = None) -> float:
        replicas = {str(seed): Replica(arm, 0, seed, "search", {}, task) for seed in range(number)}
        return length(TrainingJob(Shard("search", arm, prepared.plan.tasks, replicas, until, settings)))

    def after_a_rung(until: int) -> float:
        replicas = {str(seed): Replica(arm, 0, seed, "search", {}, None) for seed in range(4)}
        return length(TrainingJob(Shard("search", arm, prepared.plan.tasks, replicas, until, settings, ("part",))))

    arm, alone = prepared.plan.candidates[0], next(arm for arm in prepared.plan.arms if arm.is_single_task)
    assert of(arm, 4, 2) < min(of(arm, 8, 2), of(arm, 4, 4))
    rungs = [round(share * 8) for share in prepared.plan.spec.search.rungs]
    assert rungs == [2, 4]
    assert (after_a_rung(2), after_a_rung(4), after_a_rung(8)) == (of(arm, 4, 2), of(arm, 4, 2), of(arm, 4, 4))
    assert of(replace(arm, width=512), 4, 2) > of(arm, 4, 2) > of(replace(arm, train_fraction=0.5), 4, 2)
    replicas = {str(seed): Replica(arm, 0, seed, "verdict", {}, None) for seed in range(4)}
    shard = Shard("verdict", arm, prepared.plan.tasks, replicas, 8, settings)
    assert length(ScoringJob(shard, {})) < 0.8 * length(TrainingJob(shard)), "a forward pass is no training"
    task = prepared.plan.tasks[0]
    assert of(replace(arm, width=512), 4, 2) > of(replace(alone, width=512), 4, 2, task) > 0


def test_on_a_card_training_takes_what_was_measured_there_and_scoring_what_a_processor_takes(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's two seconds an epoch hold 8 rows back as little as one; two arrays at once wait for the card."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    prepared = prepare_run(tiny(tuning={"draws": 24}), tmp_path)
    card = StandInCard(host=2.0, row_seconds=0.2, trial_epochs=1e-6)
    study, arm = prepared.forecaster().measurable(prepared.plan), prepared.plan.candidates[0]
    cards = cards_of(study, card, Measuring(card))

    def of(arrays: int, number: int, *, scores: bool = False) -> float:
        replicas = {str(seed): Replica(arm, 0, seed, "verdict", {}, None) for seed in range(number)}
        shard = Shard("verdict", arm, prepared.plan.tasks, replicas, 10, prepared.plan.settings("verdict"))
        length = ForecastLength(replace(prepared, cards=cards.shared_by(arrays)))
        return length(ScoringJob(shard, {}) if scores else TrainingJob(shard))

    assert of(1, 1) == pytest.approx(20, rel=0.01)
    assert of(1, 8) == pytest.approx(20, rel=0.01)
    assert of(2, 8) == pytest.approx(32, rel=0.01)
    assert of(2, 8, scores=True) < 1

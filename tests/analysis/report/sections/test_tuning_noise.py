"""Tuning noise from the search: recomputed, told beside the gain, and unknown where there is no second draw."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.recommendation.recommend import recommend
from analysis.records.schema import Records
from analysis.records.study_state import LoadedStudy
from analysis.report.sections.tuning_noise import behind_best, tuning_noise
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD, words_of

DRAWN = replace(ODD, draws=4, draw_spread=6.0)


def said(records: Records) -> list[str]:
    return tuning_noise(LoadedStudy(records), recommend(records).options)


def with_finished(records: Records, *, draws: int) -> Records:
    """The records with so many draws that trained to their end."""
    rows = records.replicas
    stopped = (rows["phase"] == "search") & (rows["draw"] >= draws)
    return replace(records, replicas=rows.assign(status=rows["status"].mask(stopped, "stopped")))


def test_the_second_best_draw_is_behind_by_what_the_curves_say(records_of: StudyOf) -> None:
    records = with_finished(records_of(DRAWN), draws=3)
    arm = str(records.chosen_arm)
    rows = records.replicas[(records.replicas["arm"] == arm) & (records.replicas["phase"] == "search")]
    rows = rows[rows["status"] == "finished"]
    best = rows.assign(curve=rows["validation_skill"].map(np.asarray))
    means = {  # an arm that shares has one epoch for all its tasks
        draw: np.mean([np.stack(seed["curve"].tolist()).mean(axis=0).max() for _, seed in here.groupby("seed")])
        for draw, here in best.groupby("draw")
    }
    first, second = sorted(means.values(), reverse=True)[:2]
    assert behind_best(records.replicas, arm) == pytest.approx(100 * (first - second), rel=1e-4)
    assert math.isnan(behind_best(records.replicas, "nobody"))


def test_draws_of_different_outer_folds_are_not_compared() -> None:
    """Each fold halves its draws by its own rungs, so that others train to their end in each."""
    first = [draw(0, seed=0, skill=0.5), draw(1, seed=0, skill=0.48), draw(2, seed=0, skill=0.1, status="stopped")]
    second = [draw(0, seed=1, skill=0.2, status="stopped"), draw(2, seed=1, skill=0.9), draw(3, seed=1, skill=0.88)]
    rows = pd.DataFrame([*first, *second])
    assert behind_best(rows, "arm", folds=2) == pytest.approx(2.0)


def draw(number: int, *, seed: int, skill: float, status: str = "finished") -> dict[str, Any]:
    facts = {"arm": "arm", "sharing": "hard", "phase": "search", "task": "a", "epochs": 1, "status": status}
    return facts | {"replica": f"{number}-{seed}", "draw": number, "seed": seed, "validation_skill": [skill]}


def test_both_sides_are_told_with_what_the_interval_leaves_out(records_of: StudyOf) -> None:
    records = with_finished(records_of(DRAWN), draws=3)
    (sentence,) = said(records)
    single = behind_best(records.replicas, "single_task w16 l1 adamw")
    assert sentence.startswith("Tuning noise: with its second-best draw the chosen arm would have ")
    assert f"single-task networks with theirs {single:.1f}" in sentence
    assert sentence in words_of(records).limits


def test_noise_beyond_the_gain_is_said(records_of: StudyOf) -> None:
    wide = replace(DRAWN, draw_spread=40.0, effects={"left": 0.5, "right": 0.5})
    assert "more than the measured mean gain" in said(with_finished(records_of(wide), draws=3))[0]
    narrow = replace(DRAWN, draw_spread=0.0, seed_noise=0.0, effects={"left": 9.0, "right": 9.0})
    assert "more than" not in said(with_finished(records_of(narrow), draws=3))[0]


def test_without_a_second_draw_it_is_not_known(records_of: StudyOf) -> None:
    records = with_finished(records_of(DRAWN), draws=1)
    assert math.isnan(behind_best(records.replicas, str(records.chosen_arm)))
    assert said(records)[0].startswith("Tuning noise is not known")


def test_before_the_verdict_nothing_is_said(records_of: StudyOf) -> None:
    assert said(records_of(replace(DRAWN, phases=("search", "confirm")))) == []

"""What speaks against a verdict: which caveat is the gravest, what would change it, and what picking flattered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.questions import transfer
from analysis.recommendation.caveats import caveat, changes, winners_curse
from analysis.recommendation.recommend import recommend
from analysis.records.schema import Records
from analysis.statistics.verdicts import HELPED, HURT_BY_SHARING, REFERENCE, TIE, TUNED_ALONE, UNDECIDED
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import FULL, GOOD, arm, judged, study_of


def test_the_winners_curse_is_laid_open(records_of: StudyOf) -> None:
    winners_curse = recommend(records_of(GOOD)).winners_curse
    assert all(f"in {phase}" in winners_curse for phase in ("search", "confirm", "verdict"))
    assert "2 draws and 4 arms" in winners_curse


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": {"search": 1, "confirm": 2, "verdict": 3}}, "Fewer than 5 paired seeds"),
        ({"failing": 0.9, "draws": 8}, "of the replicas failed or diverged"),
        ({"epochs": 6}, "best in their last epoch"),
        ({"seed_noise": 0.05, "test_noise": 9.0}, "The test split limits the precision"),
        ({"seed_noise": 2.0, "test_noise": 0.5}, "intervals speak of this pool of data"),
    ],
)
def test_the_strongest_caveat_comes_first(records_of: StudyOf, change: dict, words: str) -> None:
    assert words in recommend(records_of(replace(GOOD, **change))).caveat


def test_what_would_change_the_verdict_names_the_band_the_remedy_and_the_other_baseline() -> None:
    rows = pd.concat(
        [
            judged(("a", HELPED), edge=1.24),
            judged(("b", HURT_BY_SHARING), edge=3.0).assign(order=1),
            judged(("c", UNDECIDED), ("d", UNDECIDED), remedy="about 3 more seeds"),
            judged(("e", UNDECIDED), remedy="more test data"),
            judged(("f", TIE), ("g", TUNED_ALONE)),
            judged(("a", ""), baseline="best", contradicts=True),
            judged(("", ""), baseline="total", scope="mean", contradicts=True),
            judged(("h", HELPED), role=REFERENCE, arm="another"),
        ]
    )
    assert changes(rows, FULL) == [
        "a would not count as helped with a band of ±1.2 points or wider.",
        "b would not count as hurt by sharing with a band of ±3.0 points or wider.",
        "About 3 more seeds could decide c and d.",
        "More test data could decide e.",
        "a: against the baseline 'best' the verdict on the chosen arm is the opposite.",
    ]
    assert changes(judged(("a", TIE)), FULL) == []


def picked(phase: str, skill: float, **columns: object) -> dict[str, Any]:
    """A training row of the chosen arm whose skill at the selected epoch is ``skill``."""
    facts = {"phase": phase, "draw": 0, "task": "a", "status": "finished", "selected_epoch": 1, "seed": 0}
    return arm(FULL) | facts | {"validation_skill": np.array([0.0, skill, 0.1])} | columns


def test_the_curse_is_shown_by_the_picked_draw_alone() -> None:
    frozen = {"event": "frozen", "choice": "draws", "value": {FULL: {"a": 1}}}
    rows = [
        picked("search", 0.9, draw=1), picked("search", 0.2), picked("search", 0.5, arm="another", draw=2),
        picked("confirm", 0.8), picked("confirm", 0.7, seed=1), picked("confirm", 0.9, status="failed", seed=2),
        picked("verdict", 0.6),
    ]  # fmt: skip
    said = winners_curse(study_of(["a"], rows, ledger=[frozen]), FULL)
    assert said.startswith(
        "Mean validation skill of the chosen arm: 90.0 in search, 75.0 in confirm and 60.0 in verdict"
    )
    assert "it is the pick of 3 draws and 1 arm, and only the last was not used to pick it." in said
    assert "– in verdict" in winners_curse(study_of(["a"], rows[:-1], ledger=[frozen]), FULL)


@pytest.fixture
def judgement(records_of: StudyOf) -> tuple[Records, pd.DataFrame]:
    """A finished study and its table, of which only the mildest caveat holds."""
    records = records_of(replace(GOOD, seed_noise=2.0, test_noise=0.5))
    return records, transfer.table(transfer.score(records))


def test_a_plan_that_the_budget_shrank_is_said(judgement: tuple[Records, pd.DataFrame]) -> None:
    records, rows = judgement
    plan = {"event": "planned", "shrunk": ["8 draws instead of 16", "2 seeds instead of 3"]}
    said = caveat(replace(records, ledger=[*records.ledger, plan]), rows, FULL)
    assert said == "The budget shrank the plan: 8 draws instead of 16; 2 seeds instead of 3."
    grown = [*records.ledger, plan, plan | {"shrunk": []}]
    assert "shrank" not in caveat(replace(records, ledger=grown), rows, FULL)  # the last plan counts


def test_a_task_without_pairs_does_not_hide_the_seeds_of_the_others(judgement: tuple[Records, pd.DataFrame]) -> None:
    records, rows = judgement
    assert caveat(records, rows.assign(n=rows["n"].where(rows["task"] != "left", 0)), FULL).startswith("Resampled")
    assert caveat(records, rows.assign(n=0), FULL).startswith("Fewer than 5 paired seeds")
    assert caveat(records, rows.assign(n=rows["n"].where(rows["task"] != "left", 4)), FULL).startswith("Fewer than 5")


def test_one_replica_in_five_may_fail_and_no_more(judgement: tuple[Records, pd.DataFrame]) -> None:
    records, rows = judgement
    names = list(records.replicas["replica"].unique())

    def said(lost: int) -> str:
        gone = records.replicas["replica"].isin(names[:lost])
        status = records.replicas["status"].where(~gone, "failed")
        return caveat(replace(records, replicas=records.replicas.assign(status=status)), rows, FULL)

    fifth = len(names) // 5
    assert "failed or diverged" not in said(fifth)
    assert said(fifth + len(names) // 20 + 1).endswith("of the replicas failed or diverged.")

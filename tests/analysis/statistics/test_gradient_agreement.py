"""Agreement of gradients: planted cosines come back, and the numbers of a table follow their closed forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.records.frames import each
from analysis.statistics.gradient_agreement import ALL, NORM, PAIR, RATIO, WITHIN, last_stage, score, table
from analysis.statistics.intervals import paired_gain
from tests.analysis import synthetic
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

SEEDS = {"search": 1, "confirm": 6, "verdict": 6}
FULL = "hard d2 w16 l2 equal adamw"
QUIET = Truth(stages=2, draws=1, epochs=4, widths=(16,), seeds=SEEDS, chosen=FULL, agreement={})
APART = replace(QUIET, agreement={("left", "odd"): 0.1})
PLACE = {"arm": FULL, "sharing": "hard", "depth": 1, "stages": 1, "width": 16, "stage": "stage0", "stage_order": 0}


def rows_of(records_of: StudyOf, truth: Truth) -> pd.DataFrame:
    return table(score(records_of(truth)))


def pair(behind_task: list[float], behind_other: list[float], **changes: Any) -> pd.DataFrame:
    """Scores of two tasks in one epoch of one stage, one row a seed; halves agree by 0.5 and 0.3."""
    across = 0.5 + np.asarray(behind_task)
    facts = PLACE | {"epoch": 1, "quantity": PAIR, "task": "a", "other": "b", "task_order": 0, "other_order": 1}
    return pd.DataFrame(
        {
            "seed": range(len(across)), "value": across, "cosine": across + 0.1, "within_task": 0.5,
            "within_other": 0.3, "behind_task": behind_task, "behind_other": behind_other,
        }
    ).assign(**facts | changes)  # fmt: skip


def test_planted_cosines_come_back_with_their_intervals(records_of: StudyOf) -> None:
    rows = rows_of(records_of, APART)
    pairs = rows[(rows["quantity"] == PAIR) & (rows["epoch"] != ALL)]
    assert set(pairs["epoch"]) == {1, 4}
    for row in each(pairs):
        planted = 0.1 if (row.task, row.other, row.stage) == ("left", "odd", "stage1") else synthetic.WITHIN
        assert row.mean == pytest.approx(planted, abs=0.03)
        assert row.n == 12
        assert 0 < row.high - row.mean < 0.03
    within = rows[rows["quantity"] == WITHIN]
    assert within["mean"].to_numpy() == pytest.approx(synthetic.WITHIN, abs=0.03)


def test_norms_and_their_ratio_are_geometric_means(records_of: StudyOf) -> None:
    rows = rows_of(records_of, QUIET)
    assert rows.loc[rows["quantity"] == RATIO, "mean"].to_numpy() == pytest.approx(4.0)
    norms = rows[(rows["quantity"] == NORM) & (rows["epoch"] == ALL) & (rows["stage"] == "stage0")]
    assert dict(zip(norms["task"], norms["mean"], strict=True)) == pytest.approx({"left": 1, "right": 2, "odd": 4})


def test_the_arm_is_the_chosen_one_or_another_that_shares(records_of: StudyOf) -> None:
    shallow = "hard d1 w16 l2 equal adamw"
    assert set(score(records_of(replace(QUIET, chosen=shallow)))["arm"]) == {shallow}
    records = records_of(replace(QUIET, chosen=shallow))
    without = records.replicas.loc[records.replicas["arm"] == shallow, "replica"]
    other = replace(records, conflict=records.conflict[~records.conflict["replica"].isin(without)])
    assert set(score(other)["arm"]) == {FULL}


def test_a_study_that_measured_nothing_is_not_answered(records_of: StudyOf) -> None:
    assert score(records_of(replace(QUIET, agreement=None))).empty


def test_scores_hold_a_pair_against_the_halves_of_both_its_tasks(records_of: StudyOf) -> None:
    scores, records = score(records_of(APART)), records_of(APART)
    row = next(each(scores[(scores["quantity"] == PAIR) & (scores["task"] == "left") & (scores["other"] == "odd")]))
    probes = records.conflict
    probes = probes[(probes["replica"] == row.replica) & (probes["epoch"] == 0) & (probes["stage"] == row.stage)]
    across = probes.set_index(["task", "other"])["across"]
    assert (row.epoch, row.seed) == (1, records.replicas.set_index("replica").loc[row.replica, "seed"].iloc[0])
    assert row.behind_task == pytest.approx(across["left", "odd"] - across["left", "left"])
    assert row.behind_other == pytest.approx(across["left", "odd"] - across["odd", "odd"])


def test_a_pair_is_apart_only_if_it_lies_behind_both_halves() -> None:
    far, near = [-0.30, -0.31, -0.29, -0.32, -0.28, -0.30], [-0.10, -0.11, -0.09, -0.12, -0.08, -0.10]
    rows = table(pair(far, near)).set_index("epoch")
    expected = paired_gain(np.array(near))
    assert rows["apart"].all()
    assert rows.loc[1, "behind"] == pytest.approx(-0.10)  # the task that it comes nearer to
    assert rows.loc[1, "within"] == pytest.approx(0.3)
    assert rows.loc[1, "behind_half"] == pytest.approx(expected.half_simultaneous)
    assert rows.loc[1, "same_examples"] == pytest.approx(0.3)
    assert not rows["opposed"].any()  # the cosine is 0.2
    level = [0.02, -0.02, 0.01, -0.01, 0.03, -0.03]
    assert not table(pair(far, level))["apart"].any()
    assert not table(pair(level, far))["apart"].any()
    assert table(pair([-0.9 + one for one in level], near))["opposed"].all()


def test_missing_seeds_are_no_pairs_and_too_few_of_them_no_interval() -> None:
    near = [-0.10, -0.11, -0.09, -0.12, -0.08]
    whole = table(pair([*near, np.nan], [*near, np.nan]))
    assert (whole["n"] == 5).all()
    assert whole["apart"].all()
    few = table(pair([*near[:4], np.nan], [*near[:4], np.nan]))
    assert (few["n"] == 4).all()
    assert few["low"].isna().all()
    assert few["mean"].to_numpy() == pytest.approx(0.5 + np.mean(near[:4]))
    assert not few["apart"].any()


def test_the_mean_over_epochs_is_of_every_seed_and_the_family_is_the_pairs() -> None:
    early, late = [-0.2, -0.1, -0.3, -0.2, -0.1], [-0.4, -0.5, -0.3, -0.2, -0.6]
    other = pair(early, early, task="a", other="c", other_order=2)
    rows = table(pd.concat([pair(early, early), pair(late, late, epoch=3), other])).set_index(["other", "epoch"])
    mean = (np.array(early) + np.array(late)) / 2
    expected = paired_gain(mean, family=2)
    assert rows.loc[("b", ALL), "behind"] == pytest.approx(expected.mean)
    assert rows.loc[("b", ALL), "behind_half"] == pytest.approx(expected.half_simultaneous)
    assert expected.half_simultaneous > expected.half_width


def test_the_last_stage_is_the_deepest_shared_one_with_the_furthest_pair_first() -> None:
    level, far = [-0.01, 0.01, 0.0, 0.02, -0.02], [-0.3, -0.2, -0.4, -0.3, -0.3]
    deep = {"stage": "stage1", "stage_order": 1}
    scores = pd.concat(
        [
            pair(far, far),
            pair(level, level, **deep),
            pair(far, far, other="c", other_order=2, **deep),
            pair(far, far, stage="stitch1", stage_order=2),  # what connects stages is none
        ]
    )
    rows = last_stage(table(scores))
    assert list(rows["stage"]) == ["stage1", "stage1"]
    assert list(rows["other"]) == ["c", "b"]
    assert set(rows["epoch"]) == {ALL}

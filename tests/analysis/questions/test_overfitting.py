"""Overfitting: gaps, onset and reductions by their definitions, and what is said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.questions import overfitting
from analysis.questions.overfitting import onset
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([1.0, 0.5, 0.4, 0.6, 0.7], 2.0),
        ([1.0, 0.5, 0.6, 0.4, 0.7], 3.0),
        ([1.0, 0.5, 0.501, 0.504, 0.6], 3.0),  # within 1% of the minimum
        ([1.0, 0.5, 0.4], np.nan),
        ([1.0, 0.4, 0.6, 0.402], np.nan),
        ([0.4, 0.5, 0.6], 0.0),
        ([], np.nan),
        ([np.nan, np.nan], np.nan),
    ],
)
def test_onset_is_the_last_epoch_near_the_minimum(curve: list[float], expected: float) -> None:
    assert onset(np.array(curve)) == pytest.approx(expected, nan_ok=True)


def test_gap_and_reductions_follow_their_definitions(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    row = (
        overfitting.score(records)
        .query("arm == 'hard d2 w16 l2 equal adamw' and task == 'left' and seed == 1003")
        .iloc[0]
    )
    curves_of = records.replicas.query("task == 'left' and seed == 1003 and phase == 'confirm'").set_index("arm")
    arm, base = curves_of.loc["hard d2 w16 l2 equal adamw"], curves_of.loc["single_task w16 l2 adamw"]
    gap = (np.asarray(arm["validation_loss"]) - np.asarray(arm["train_loss"])) / arm["trivial_loss"]
    base_gap = (np.asarray(base["validation_loss"]) - np.asarray(base["train_loss"])) / base["trivial_loss"]
    matched = int(np.argmax(np.asarray(base["train_loss"]) <= arm["train_loss"][arm["selected_epoch"]]))
    assert row["gap"] == pytest.approx(gap[arm["selected_epoch"]])
    assert row["gap_end"] == pytest.approx(gap[-1])
    assert row["reduction"] == pytest.approx(base_gap[base["selected_epoch"]] - gap[arm["selected_epoch"]])
    assert row["reduction_matched"] == pytest.approx(base_gap[matched] - gap[arm["selected_epoch"]])


def test_sharing_that_overfits_less_is_said_so_only_if_it_is_more_than_noise(records_of: StudyOf) -> None:
    rows = overfitting.table(overfitting.score(records_of(PLAIN)))
    assert "smallest with 2 of 2 stages shared" in overfitting.title(rows)
    unsure = rows.assign(reduction_half_width=np.inf)
    assert overfitting.title(unsure) == "Gap between validation and training loss at the selected epoch"


def test_the_models_are_named_by_role_and_one_arm_has_one_role() -> None:
    arms = pd.DataFrame(
        [("single", "single_task", np.nan), ("half", "hard", 1.0), ("all", "hard", 2.0)],
        columns=["arm", "sharing", "depth"],
    ).assign(stages=2, recommended=[False, True, False])
    assert overfitting.models(arms) == [("single", "single"), ("half", "recommended"), ("all", "full")]
    full = arms.assign(recommended=[False, False, True])
    assert overfitting.models(full) == [("single", "single"), ("all", "recommended")]
    assert overfitting.models(arms[arms["arm"] == "half"]) == [("half", "recommended")]

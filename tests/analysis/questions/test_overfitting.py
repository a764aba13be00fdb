"""Overfitting: gaps, onset and reductions by their definitions, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.questions import overfitting
from analysis.records.schema import Records
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN

Curve = Callable[[np.ndarray], np.ndarray]


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
    reached = max(one["train_loss"][one["selected_epoch"]] for one in (arm, base))
    matched, base_matched = (
        np.interp(-reached, [-1.0, *-np.asarray(one["train_loss"], float)], [0.0, *gaps])
        for one, gaps in ((arm, gap), (base, base_gap))
    )
    assert row["gap"] == pytest.approx(gap[arm["selected_epoch"]])
    assert row["gap_end"] == pytest.approx(gap[-1])
    assert row["reduction"] == pytest.approx(base_gap[base["selected_epoch"]] - gap[arm["selected_epoch"]])
    assert row["reduction_matched"] == pytest.approx(base_matched - matched)


def with_curves(records: Records, *, of_sharing: bool, train: Curve, validation: Curve) -> Records:
    """The records, had the arms that share (or else the others) these losses by epoch, plus a little noise per seed."""
    rows = records.replicas.copy()
    noise = np.random.default_rng(0)
    for place in rows.index[(rows["sharing"] == "hard") == of_sharing]:
        epochs = np.arange(int(rows.at[place, "epochs"]))
        shift = 0.002 * noise.normal()
        rows.at[place, "train_loss"] = (train(epochs) + shift).astype(np.float32)
        rows.at[place, "validation_loss"] = (validation(epochs) + shift + 0.002 * noise.normal()).astype(np.float32)
        rows.at[place, "selected_epoch"] = len(epochs) - 1
    return replace(records, replicas=rows)


def said(records: Records) -> str:
    return overfitting.title(overfitting.table(overfitting.score(records)))


def learning(epochs: np.ndarray) -> np.ndarray:
    return 0.9 ** (1 + epochs)


def overfitted(epochs: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * learning(epochs)


def test_sharing_that_overfits_less_is_said_so_only_if_it_is_more_than_noise(records_of: StudyOf) -> None:
    rows = overfitting.table(overfitting.score(records_of(PLAIN)))
    assert "sharing (2 of 2 stages shared) reduces overfitting" in overfitting.title(rows)
    unsure = rows.assign(reduction_matched_half_simultaneous=np.inf, reduction_half_width=np.inf)
    assert "no gap was found to differ" in overfitting.title(unsure)
    few = rows.assign(reduction_matched_half_simultaneous=np.nan)
    assert overfitting.title(few) == "Gap between validation and training loss at the selected epoch"


def test_a_smaller_gap_at_equal_fit_is_less_overfitting_and_a_larger_one_is_more(records_of: StudyOf) -> None:
    single = with_curves(records_of(PLAIN), of_sharing=False, train=learning, validation=overfitted)
    less = with_curves(single, of_sharing=True, train=learning, validation=lambda epochs: learning(epochs) + 0.02)
    assert "reduces overfitting" in said(less)
    more = with_curves(single, of_sharing=True, train=learning, validation=lambda epochs: 0.8 + 0.2 * learning(epochs))
    assert "adds to overfitting" in said(more)


def test_a_gap_that_is_small_because_a_task_is_not_learnt_is_not_called_less_overfitting(records_of: StudyOf) -> None:
    single = with_curves(records_of(PLAIN), of_sharing=False, train=learning, validation=overfitted)
    unlearnt = with_curves(single, of_sharing=True, train=np.ones_like, validation=np.ones_like)
    title = said(unlearnt)
    assert "so is the fit (training loss 1.00; 0.43)" in title
    assert "no gap was found to differ" in title
    assert "reduces" not in title


def test_a_task_that_is_learnt_half_is_compared_at_half_the_fit(records_of: StudyOf) -> None:
    """The baseline passes from 0.9 to 0.81 in an epoch: its gap there must not be held against an arm at 0.85."""
    single = with_curves(records_of(PLAIN), of_sharing=False, train=learning, validation=overfitted)
    half = with_curves(
        single, of_sharing=True, train=lambda epochs: np.full(len(epochs), 0.85),
        validation=lambda epochs: np.full(len(epochs), 0.925),
    )  # fmt: skip
    assert "no gap was found to differ" in said(half)


def test_networks_of_which_none_learns_have_nothing_to_overfit(records_of: StudyOf) -> None:
    nothing = with_curves(records_of(PLAIN), of_sharing=False, train=np.ones_like, validation=np.ones_like)
    nothing = with_curves(nothing, of_sharing=True, train=np.ones_like, validation=np.ones_like)
    assert "there is no overfitting to judge" in said(nothing)


def test_equal_curves_show_no_difference(records_of: StudyOf) -> None:
    same = with_curves(records_of(PLAIN), of_sharing=False, train=learning, validation=overfitted)
    same = with_curves(same, of_sharing=True, train=learning, validation=overfitted)
    assert said(same).startswith("At equal training loss, no gap was found to differ")


def test_the_models_are_named_by_role_and_one_arm_has_one_role() -> None:
    arms = pd.DataFrame(
        [("single", "single_task", np.nan), ("half", "hard", 1.0), ("all", "hard", 2.0)],
        columns=["arm", "sharing", "depth"],
    ).assign(stages=2, chosen=[False, True, False])
    assert overfitting.models(arms) == [("single", "single"), ("half", "chosen"), ("all", "full")]
    full = arms.assign(chosen=[False, False, True])
    assert overfitting.models(full) == [("single", "single"), ("all", "chosen")]
    assert overfitting.models(arms[arms["arm"] == "half"]) == [("half", "chosen")]

"""The question of gradient conflict finds what a synthetic study planted, and no more."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.plots import style
from analysis.questions import conflict
from analysis.statistics.gradient_agreement import ALL, NORM, PAIR, RATIO, last_stage, score, table
from tests.analysis import synthetic
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

SEEDS = {"search": 1, "confirm": 6, "verdict": 6}
FULL = "hard d2 w16 l2 equal adamw"
QUIET = Truth(stages=2, draws=1, epochs=4, widths=(16,), seeds=SEEDS, chosen=FULL, agreement={})
APART = replace(QUIET, agreement={("left", "odd"): 0.1})
AGAINST = replace(QUIET, agreement={("left", "odd"): 0.2, ("right", "odd"): -0.3})


def rows_of(records_of: StudyOf, truth: Truth) -> pd.DataFrame:
    return table(score(records_of(truth)))


def test_a_pair_below_two_halves_is_named_with_its_numbers(records_of: StudyOf) -> None:
    rows = rows_of(records_of, APART)
    found = rows[(rows["quantity"] == PAIR) & (rows["epoch"] == ALL)].set_index(["stage", "task", "other"])
    apart = found.index[found["apart"].astype(bool)]
    assert list(apart) == [("stage1", "left", "odd")]
    assert not found["opposed"].any()
    assert found.loc[("stage1", "left", "odd"), "behind"] == pytest.approx(0.1 - synthetic.WITHIN, abs=0.05)
    assert conflict.title(rows).startswith(
        "Gradients of left and odd agree less than two halves of one task in the last shared stage (cosine 0.1"
    )
    assert "halves 0.40)" in conflict.title(rows)


def test_tasks_that_pull_against_each_other_are_said_to(records_of: StudyOf) -> None:
    rows = rows_of(records_of, AGAINST)
    assert conflict.title(rows).startswith(
        "Gradients of right and odd point against each other in the last shared stage"
    )
    assert list(last_stage(rows)["task"]) == ["right", "left", "left"]


def test_a_negative_cosine_like_that_of_two_halves_is_no_conflict(records_of: StudyOf) -> None:
    """Where nothing but noise is left of a gradient, halves of a split without a common example point apart."""
    scores = score(records_of(QUIET))
    low = scores.assign(value=scores["value"].where(scores["quantity"].isin([NORM, RATIO]), scores["value"] - 0.5))
    rows = table(low)
    pairs = last_stage(rows)
    assert (pairs["mean"] < 0).all()
    assert not pairs["opposed"].any()
    assert conflict.title(rows).startswith("No two tasks were found")


def test_nothing_is_claimed_without_reason_or_with_few_seeds(records_of: StudyOf) -> None:
    quiet = conflict.title(rows_of(records_of, QUIET))
    assert quiet == "No two tasks were found whose gradients agree less than two halves of one task"
    few = rows_of(records_of, replace(AGAINST, seeds={"search": 1, "confirm": 2, "verdict": 2}))
    assert conflict.title(few) == "Agreement of the tasks' gradients by stage and epoch"
    assert few["low"].isna().all()
    assert "no intervals below 5 seeds" in conflict.caption(few)


def test_a_task_without_numbers_leaves_the_others_alone(records_of: StudyOf) -> None:
    records = records_of(APART)
    gone = records.conflict.assign(
        **{
            name: records.conflict[name].where(
                (records.conflict["task"] != "right") & (records.conflict["other"] != "right")
            )
            for name in ("norm", "cosine", "across")
        }
    )
    rows = table(score(replace(records, conflict=gone)))
    assert rows.loc[(rows["task"] == "right") & (rows["quantity"] == PAIR), "mean"].isna().all()
    assert "left and odd agree less" in conflict.title(rows)
    assert conflict.figure(rows)


def test_the_figure_has_a_panel_for_each_stage_and_a_matrix_for_many_tasks(records_of: StudyOf) -> None:
    rows = rows_of(records_of, APART)
    titles = [axes.get_title(loc="left") or axes.get_title(loc="right") for axes in conflict.figure(rows).axes]
    assert titles[:2] == ["shared stage 1", "shared stage 2"]
    assert len(titles) == 4
    two = rows_of(records_of, replace(QUIET, effects={"left": 1.0, "right": 2.0}))
    assert len(conflict.figure(two).axes) == 3


def test_of_many_pairs_the_furthest_behind_are_named(records_of: StudyOf) -> None:
    tasks = {f"t{number}": 0.0 for number in range(14)}
    truth = replace(QUIET, effects=tasks, agreement={("t3", "t9"): -0.2, ("t1", "t2"): 0.1})
    rows = rows_of(records_of, truth)
    assert list(zip(*(last_stage(rows)[side][:2] for side in ("task", "other")), strict=True)) == [
        ("t3", "t9"), ("t1", "t2"),
    ]  # fmt: skip
    drawn = conflict.figure(rows)
    with style.style():
        drawn.draw_without_rendering()
    texts = [text.get_text() for legend in drawn.legends for text in legend.get_texts()]
    assert texts[:3] == ["two halves of one task", "t3 and t9", "t1 and t2"]
    assert "simultaneous over 91 pairs" in conflict.caption(rows)


def test_false_claims_are_rare() -> None:
    """Of 200 studies of tasks that pull the same way, some more noisily: in few a pair is said to agree less."""
    generator, false = np.random.default_rng(1), 0
    keys = {"arm": "a", "sharing": "hard", "depth": 1.0, "stages": 1, "width": 4, "epoch": 1, "stage": "stage0"}
    for _ in range(200):
        rows = []
        for seed in range(10):
            within = np.array([0.3, 0.2, 0.3]) + 0.1 * generator.normal(size=3)
            for i, j in ((0, 1), (1, 2)):
                across = math.sqrt(0.3 * 0.2) + 0.1 * generator.normal()
                names = {"quantity": PAIR, "task": str(i), "other": str(j), "task_order": i, "other_order": j}
                values = {"value": across, "cosine": across, "within_task": within[i], "within_other": within[j]}
                values |= {"behind_task": across - within[i], "behind_other": across - within[j]}
                rows.append({"seed": seed, "stage_order": 0} | keys | names | values)
        false += bool(table(pd.DataFrame(rows))["apart"].any())
    assert false <= 10

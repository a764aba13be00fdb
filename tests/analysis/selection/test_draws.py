"""Draws are ranked by what validation says of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.selection.draws import rank_draws, select_draws
from tests.analysis.conftest import StudyOf
from tests.analysis.selection.replicas import frame, replica
from tests.analysis.synthetic import Truth


def draws_in_order(ranked: pd.DataFrame) -> list[int]:
    return list(ranked.sort_values("rank")["draw"])


def test_a_draw_is_judged_by_the_maximum_of_the_mean_over_tasks() -> None:
    # Each task's own maximum would prefer draw 0 (0.9 and 0.9), but no epoch has both.
    records = frame(
        replica("x", 0, {"a": [0.9, 0.1], "b": [0.1, 0.9]}, draw=0),
        replica("x", 0, {"a": [0.6, 0.6], "b": [0.5, 0.7]}, draw=1),
    )
    ranked = rank_draws(records)
    assert draws_in_order(ranked) == [1, 0]
    assert ranked["skill"].tolist() == pytest.approx([0.65, 0.5])


def test_a_task_that_is_not_learnt_decides_between_no_draws_but_between_those_of_its_own_network() -> None:
    both = [{"a": [0.8], "b": [-1500.0]}, {"a": [0.1], "b": [-900.0]}]
    records = frame(*(replica("x", 0, curves, draw=draw) for draw, curves in enumerate(both)))
    assert draws_in_order(rank_draws(records)) == [0, 1]
    alone = frame(
        *(replica("s", 0, {"b": curves["b"]}, draw=draw, sharing="single_task") for draw, curves in enumerate(both))
    )
    assert draws_in_order(rank_draws(alone)) == [1, 0]


def test_a_rung_looks_no_further_than_its_epochs() -> None:
    records = frame(
        replica("x", 0, {"a": [0.5, 0.5, 0.9]}, draw=0),
        replica("x", 0, {"a": [0.6, 0.6, 0.6]}, draw=1),
    )
    assert draws_in_order(rank_draws(records, epochs=2)) == [1, 0]
    assert draws_in_order(rank_draws(records)) == [0, 1]


def test_seeds_are_averaged() -> None:
    records = frame(
        *(replica("x", seed, {"a": [skill]}, draw=0) for seed, skill in enumerate((0.9, 0.1))),
        *(replica("x", seed, {"a": [skill]}, draw=1) for seed, skill in enumerate((0.6, 0.5))),
    )
    assert draws_in_order(rank_draws(records)) == [1, 0]


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_lost_replicas_rank_their_draw_last(status: str) -> None:
    records = frame(
        replica("x", 0, {"a": [0.9]}, draw=0),
        replica("x", 1, {"a": [0.9]}, draw=0, status=status),
        *(replica("x", seed, {"a": [0.1]}, draw=1) for seed in (0, 1)),
    )
    assert draws_in_order(rank_draws(records)) == [1, 0]
    assert select_draws(records) == {"x": {"a": 1}}


def test_a_replica_that_its_own_patience_ended_keeps_its_place_at_a_later_rung() -> None:
    records = frame(replica("x", 0, {"a": [0.9]}, draw=0), replica("x", 0, {"a": [0.5, 0.5]}, draw=1))
    assert draws_in_order(rank_draws(records, epochs=2)) == [0, 1]


def test_a_stopped_draw_is_never_selected() -> None:
    records = frame(replica("x", 0, {"a": [0.9]}, draw=0, status="stopped"), replica("x", 0, {"a": [0.1, 0.2]}, draw=1))
    assert select_draws(records) == {"x": {"a": 1}}


def test_an_arm_without_a_finished_replica_is_left_out() -> None:
    assert select_draws(frame(replica("x", 0, {"a": [0.9]}, status="diverged"))) == {}


def test_sharing_arms_take_one_draw_and_single_task_one_per_task() -> None:
    skills = {0: {"a": 0.9, "b": 0.1}, 1: {"a": 0.2, "b": 0.7}}
    shared = [replica("x", 0, {t: [s] for t, s in by.items()}, draw=d) for d, by in skills.items()]
    single = [
        replica("s", 0, {task: [skill]}, draw=draw, sharing="single_task")
        for draw, by in skills.items()
        for task, skill in by.items()
    ]
    assert select_draws(frame(*shared, *single)) == {"x": {"a": 0, "b": 0}, "s": {"a": 0, "b": 1}}


def test_equal_draws_are_decided_by_number_whatever_the_order_of_the_rows() -> None:
    records = frame(*(replica("x", 0, {"a": [0.5]}, draw=draw) for draw in (3, 1, 2)))
    assert select_draws(records) == {"x": {"a": 1}}
    assert select_draws(records.iloc[::-1]) == {"x": {"a": 1}}


def test_the_best_draw_of_a_study_is_found(records_of: StudyOf) -> None:
    records = records_of(Truth(draw_spread=20.0, draws=4, failing=0.1))
    draws = select_draws(records.replicas)
    assert len(draws) == 10
    chosen = [draw for by_task in draws.values() for draw in by_task.values()]
    assert np.mean([draw == 0 for draw in chosen]) > 0.6  # lost replicas rank some first draws last

"""Selection against hand-made records whose answer is plain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.selection import choose_arm, costs, fair_skills, rank_draws, select_draws, selected
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth


def replica(arm: str, seed: int, curves: dict[str, Sequence[float]], **facts: Any) -> list[dict[str, Any]]:
    """The rows of one replica; ``curves``: validation skill by epoch, per task."""
    mean = np.mean(list(curves.values()), axis=0)
    length = len(mean)
    shared = {
        "replica": f"{arm}-{facts.get('draw', 0)}-{seed}-{'+'.join(curves)}",
        "arm": arm,
        "phase": "search",
        "draw": 0,
        "seed": seed,
        "sharing": "hard",
        "status": "finished",
        "epochs": length,
        "selected_epoch": int(np.argmax(mean)) if length else -1,
        "multiply_adds": 100,
        "parameters_total": 100,
    }
    return [shared | {"task": task, "validation_skill": list(curve)} | facts for task, curve in curves.items()]


def frame(*parts: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([row for part in parts for row in part])


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


def confirm(arm: str, skills: Sequence[float], cost: int, **facts: Any) -> list[dict[str, Any]]:
    facts = {"multiply_adds": cost, "parameters_total": cost, "phase": "confirm"} | facts
    return [row for seed, skill in enumerate(skills) for row in replica(arm, seed, {"a": [skill]}, **facts)]


BEST = [0.70, 0.60, 0.80, 0.50]


def test_the_cheapest_arm_within_one_paired_standard_error_is_chosen() -> None:
    noise = np.array([0.02, -0.02, 0.02, -0.01])  # mean 0.0025, standard error 0.0103
    records = frame(confirm("best", BEST, 300), confirm("close", list(np.array(BEST) - noise), 200))
    choice = choose_arm(records)
    assert (choice.arm, choice.best, choice.eligible) == ("close", "best", ["close", "best"])
    row = choice.table.set_index("arm").loc["close"]
    assert row["difference"] == pytest.approx(noise.mean())
    assert row["standard_error"] == pytest.approx(noise.std(ddof=1) / 2)


def test_pairs_separate_what_seeds_alone_would_not() -> None:
    # 0.01 lower in every seed: far within the spread between seeds, never within that of the differences.
    records = frame(confirm("best", BEST, 300), confirm("worse", [s - 0.01 + 1e-4 * (s > 0.6) for s in BEST], 100))
    assert choose_arm(records).arm == "best"


@pytest.mark.parametrize("sharing", ["independent", "single_task"])
def test_not_to_share_is_an_answer(sharing: str) -> None:
    records = frame(confirm("shared", [s - 0.1 for s in BEST], 100), confirm("apart", BEST, 300, sharing=sharing))
    assert choose_arm(records).arm == "apart"


def test_single_task_costs_add_up_over_tasks() -> None:
    rows = frame(
        *(replica("s", 0, {task: [0.5]}, sharing="single_task", multiply_adds=60, phase="confirm") for task in "ab"),
        replica("x", 0, {"a": [0.5], "b": [0.5]}, multiply_adds=100, phase="confirm"),
    )
    assert dict(costs(rows)[["arm", "multiply_adds"]].itertuples(index=False)) == {"s": 120, "x": 100}
    assert choose_arm(rows).arm == "x"


def test_equal_arms_are_decided_by_name_whatever_the_order_of_the_rows() -> None:
    records = frame(confirm("b", BEST, 100), confirm("a", BEST, 100))
    assert choose_arm(records).arm == choose_arm(records.iloc[::-1]).arm == "a"


def test_a_diverging_arm_is_not_chosen_while_another_is_sound() -> None:
    bad = confirm("bad", [0.9, 0.9, 0.9, 0.9], 10)
    bad[0] |= {"status": "diverged"}
    assert choose_arm(frame(bad, confirm("sound", BEST, 300))).arm == "sound"
    assert choose_arm(frame(bad)).arm == "bad"


def test_a_failed_replica_leaves_the_pairs_that_remain() -> None:
    broken = confirm("broken", BEST, 100)
    broken[2] |= {"status": "failed"}
    choice = choose_arm(frame(broken, confirm("whole", [s - 0.001 for s in BEST], 300)))
    assert (choice.best, choice.arm) == ("broken", "broken")
    row = choice.table.set_index("arm").loc["broken"]
    assert (row["seeds"], row["lost"]) == (3, 1)


def test_only_candidates_are_chosen() -> None:
    records = frame(confirm("best", BEST, 100), confirm("other", [0.1] * 4, 50))
    assert choose_arm(records, candidates=["other"]).arm == "other"


def test_no_finished_replica_is_an_error() -> None:
    with pytest.raises(ValueError, match="No arm"):
        choose_arm(frame(confirm("x", BEST, 10, status="failed")))


def test_the_best_draw_of_a_study_is_found(records_of: StudyOf) -> None:
    records = records_of(Truth(draw_spread=20.0, draws=4, failing=0.1))
    draws = select_draws(records.replicas)
    assert len(draws) == 10
    chosen = [draw for by_task in draws.values() for draw in by_task.values()]
    assert np.mean([draw == 0 for draw in chosen]) > 0.6  # lost replicas rank some first draws last


def test_a_curve_is_read_at_the_epoch_that_the_other_half_of_the_seeds_was_best_in() -> None:
    records = frame(
        replica("x", 0, {"a": [0.1, 0.9, 0.3], "b": [0.1, 0.5, 0.2]}),
        replica("x", 1, {"a": [0.2, 0.4, 0.8], "b": [0.2, 0.3, 0.4]}),
        replica("x", 2, {"a": [0.1, 0.2, 0.7], "b": [0.1, 0.1, 0.4]}),
        replica("x", 3, {"a": [0.9, 0.9, 0.9], "b": [0.9, 0.9, 0.9]}, status="diverged"),
    )
    others = {0: 2, 1: 1, 2: 2}  # seeds 0 and 2 are best together in epoch 1, seed 1 in epoch 2
    expected = [row["validation_skill"][others[row["seed"]]] for _, row in records.iloc[:6].iterrows()]
    assert fair_skills(records)[:6] == pytest.approx(expected)
    assert np.isnan(fair_skills(records)[6:]).all()
    assert fair_skills(records.iloc[:2]) == pytest.approx([0.9, 0.5]), "a seed alone has no other"


def test_the_choice_of_epochs_favours_no_arm() -> None:
    """Curves of nothing but noise: twelve single-task networks have twelve maxima, a shared one a single one."""
    noise, tasks = np.random.default_rng(0), [f"t{number}" for number in range(12)]
    parts = []
    for seed in range(40):
        parts += [replica("alone", seed, {task: noise.normal(0, 0.05, 30)}, sharing="single_task") for task in tasks]
        parts.append(replica("shared", seed, {task: noise.normal(0, 0.05, 30) for task in tasks}))
    records = frame(*parts)
    by_arm = records["arm"].to_numpy()
    own = selected(records, "validation_skill")
    gap, fair = (
        (skills[by_arm == "alone"].mean() - skills[by_arm == "shared"].mean()) for skills in (own, fair_skills(records))
    )
    assert gap > 0.05, "each task's own maximum favours single-task networks"
    assert abs(fair) < 0.01


def test_a_task_that_is_not_learnt_counts_for_minus_one_at_most() -> None:
    records = frame(
        *(replica("wild", seed, {"a": [0.8], "b": [-50.0]}, phase="confirm") for seed in range(4)),
        *(replica("dull", seed, {"a": [0.1], "b": [-0.9]}, phase="confirm") for seed in range(4)),
    )
    table = choose_arm(records).table.set_index("arm")
    assert table.loc["wild", "skill"] == pytest.approx(-0.1)
    assert choose_arm(records).best == "wild"


def test_the_choice_of_an_arm_goes_by_stated_importance() -> None:
    parts = [
        replica(arm, seed, {task: [skill + 0.001 * seed] for task, skill in skills.items()}, phase="confirm")
        for arm, skills in (("x", {"a": 0.9, "b": 0.4}), ("y", {"a": 0.6, "b": 0.8}))
        for seed in range(4)
    ]
    records = frame(*parts)
    assert choose_arm(records).arm == "y"
    choice = choose_arm(records, importance={"a": 3.0, "b": 1.0})
    assert choice.arm == "x"
    assert choice.skill == pytest.approx((3 * 0.9 + 0.4) / 4 + 0.0015)
    alike = choose_arm(records, importance={"a": 2.0, "b": 2.0})
    pd.testing.assert_frame_equal(alike.table, choose_arm(records).table)


def test_with_importance_a_seed_without_a_task_is_no_pair_either() -> None:
    whole = [replica("x", seed, {"a": [0.9], "b": [0.4]}, phase="confirm") for seed in range(3)]
    records = frame(*whole, replica("x", 3, {"a": [0.9]}, phase="confirm"), replica("y", 3, {"a": [0.1], "b": [0.1]}))
    records = records.assign(phase="confirm")
    choice = choose_arm(records, importance={"a": 3.0})
    assert choice.table.set_index("arm").loc["x", "seeds"] == 3

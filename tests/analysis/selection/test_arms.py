"""The cheapest arm that the best does not clearly beat is chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.selection.arms import choose_arm
from tests.analysis.selection.replicas import confirm, frame, replica

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

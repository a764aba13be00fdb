"""Arms: labels, levels and baselines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from study.planning.arm import Arm

PLAIN = Arm("hard", 1, 3, 64)


@pytest.mark.parametrize(
    ("arm", "label"),
    [
        (PLAIN, "hard d1 w64 l3 equal adamw"),
        (replace(PLAIN, sharing="mmoe", depth=None), "mmoe w64 l3 equal adamw"),
        (PLAIN.each(), "single_task w64 l3 adamw"),
        (PLAIN.loop(), "independent w64 l3 equal adamw"),
        (replace(PLAIN, width=50, capacity=64), "hard d1 w50 as w64 l3 equal adamw"),
        (replace(PLAIN, gradients="last_stage", gramian_rows=8, scale="native", optimiser="sgd", train_fraction=0.5),
         "hard d1 w64 l3 equal at the last stage on 8 rows native sgd 0.5 of the data"),
    ],
)  # fmt: skip
def test_a_label_says_what_is_not_usual(arm: Arm, label: str) -> None:
    assert arm.label == label


def test_labels_tell_arms_apart_that_differ_in_one_level() -> None:
    others = {
        "sharing": "mmoe", "depth": 2, "stages": 2, "width": 32, "backbone": "convnet", "weighting": "mgda",
        "scale": "native", "gradients": "representation", "gramian_rows": 4, "optimiser": "sgd", "train_fraction": 0.1,
        "capacity": 80,
    }  # fmt: skip
    assert set(others) == set(PLAIN.levels()), "another factor belongs into the label"
    labels = [PLAIN.label, *(replace(PLAIN, **{name: value}).label for name, value in others.items())]
    assert len(set(labels)) == len(others) + 1


def test_the_capacity_of_an_arm_that_was_not_matched_is_its_width() -> None:
    assert PLAIN.levels()["capacity"] == 64
    assert replace(PLAIN, width=50, capacity=64).levels()["capacity"] == 64


def test_baselines_have_the_references_width_and_equal_weights() -> None:
    arm = replace(PLAIN, width=50, capacity=64, weighting="mgda", gradients="last_stage", scale="native")
    for baseline in (arm.each(), arm.loop()):
        assert (baseline.width, baseline.capacity, baseline.weighting) == (64, None, "equal")
        assert (baseline.gradients, baseline.scale) == ("parameters", "matched")
    assert (arm.each().is_single_task, arm.loop().is_single_task) == (True, False)
    assert (arm.each().depth, arm.loop().depth) == (None, 0)


def test_an_arm_names_its_tasks_in_a_tree_or_by_weights() -> None:
    assert not PLAIN.names_its_tasks
    assert replace(PLAIN, sharing="branch").names_its_tasks
    assert all(replace(PLAIN, weighting=name).names_its_tasks for name in ("fixed", "scheduled"))

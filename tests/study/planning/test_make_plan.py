"""From a study file to its plan: arms, baselines, and the reasons of what cannot exist."""

from __future__ import annotations

from collections import Counter

import pytest

from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.recipe import Recipe
from study.planning.make_plan import make_plan
from tests.study.planning.planned import development, plan, spec


def test_every_depth_by_default_and_baselines_for_every_width() -> None:
    made = plan(factors={"width": [8, 16], "stages": [1, 3]})
    assert Counter((arm.stages, arm.width) for arm in made.candidates) == {(1, 8): 1, (1, 16): 1, (3, 8): 3, (3, 16): 3}
    assert {(arm.sharing, arm.stages, arm.width) for arm in made.baselines} == {
        (sharing, stages, width) for sharing in ("single_task", "independent") for stages in (1, 3) for width in (8, 16)
    }
    assert not made.skipped


def test_every_candidate_has_its_baselines_whatever_the_factors() -> None:
    made = plan(
        factors={
            "width": [8, 16], "weighting": ["equal", "fixed"], "scale": ["matched", "native"],
            "optimiser": ["adamw", "sgd"], "train_fraction": [0.5, 1.0],
        }
    )  # fmt: skip
    for arm in made.candidates:
        assert arm.each() in made.baselines
        assert arm.loop() in made.baselines
    assert len(made.baselines) == 2 * 2 * 2 * 2  # two kinds × width × optimiser × fraction
    assert not set(made.candidates) & set(made.baselines)
    assert len(set(made.arms)) == len(made.arms)


def test_arms_that_cannot_exist_are_listed_with_the_reason() -> None:
    made = plan(factors={"depth": [0, 1, 3], "stages": [2], "width": 8})
    reasons = {skipped.arm: skipped.reason for skipped in made.skipped}
    assert [arm.depth for arm in made.candidates] == [1]
    assert "independent" in reasons["hard d0 w8 l2 equal adamw"]
    assert "3" in reasons["hard d3 w8 l2 equal adamw"]


def test_the_architecture_says_what_is_impossible() -> None:
    def only_wide(recipe: Recipe, data: Development) -> str | None:
        assert [task.name for task in data.tasks] == ["task 0", "task 1"]
        return None if recipe.width > 8 else "too narrow"

    made = make_plan(spec(factors={"width": [8, 16], "stages": 1}), development(), why_infeasible=only_wide)
    assert [arm.width for arm in made.candidates] == [16]
    assert {arm.width for arm in made.baselines} == {16}
    assert [skipped.reason for skipped in made.skipped] == ["too narrow"]


def test_one_task_has_nobody_to_share_with() -> None:
    with pytest.raises(UserError, match="one task"):
        plan(num_tasks=1)


def test_listed_baselines_are_no_candidates_but_weighted_independents_are() -> None:
    made = plan(
        factors={
            "sharing": ["single_task", "independent", "hard"],
            "weighting": ["equal", "fixed"],
            "stages": 1,
            "width": 8,
        }
    )
    roles = Counter((arm.sharing, arm.weighting, made.role(arm)) for arm in made.arms)
    assert roles == {
        ("single_task", "equal", "baseline"): 1,
        ("independent", "equal", "baseline"): 1,
        ("independent", "fixed", "candidate"): 1,
        ("hard", "equal", "candidate"): 1,
        ("hard", "fixed", "candidate"): 1,
    }


def test_what_the_study_file_fixes_is_said_and_wrong_weights_are_refused() -> None:
    factors = {"width": [8], "weighting": ["fixed"]}
    made = plan(factors=factors, training={"weighting_options": {"fixed": {"weights": [0.25, 0.75]}}})
    assert made.remarks == ("fixed: weights is [0.25, 0.75] in every draw",)
    replicas = made.replicas(made.candidates[0], "search", range(len(made.draws)))
    assert {tuple(replica.hyperparameters["weights"]) for replica in replicas} == {(0.25, 0.75)}
    with pytest.raises(UserError, match="Write 2 numbers"):
        plan(factors=factors, training={"weighting_options": {"fixed": {"weights": [0.25]}}})

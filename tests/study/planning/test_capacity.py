"""Matched widths: arms as large as the fully shared reference, and the bisection that finds them."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.data.task_set import Development
from mtl_core.network.cost import cost_of
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from study.config.sections import Training
from study.planning.arm import Arm
from study.planning.capacity import Match, Matcher, widths_around
from study.planning.training_settings import TrainingSettings, recipe_of
from tests.study.planning.planned import development

SETTINGS = TrainingSettings(Training())
COLUMNS = {"parameters": "parameters_total", "multiply_adds": "multiply_adds"}


def matcher(by: str, infeasible: Any = why_infeasible) -> Matcher:
    return Matcher(by, development(3), lambda arm: recipe_of(arm, SETTINGS), infeasible)


def size(arm: Arm, by: str) -> int:
    return getattr(cost_of(recipe_of(arm, SETTINGS), development(3)), COLUMNS[by])


@pytest.mark.parametrize(
    ("wanted", "widths"), [(1, (1, 2)), (4, (1, 2)), (5, (2, 3)), (100, (9, 10)), (101, (10, 11)), (10**6, (999, 1000))]
)
def test_the_first_width_is_too_small_and_the_second_large_enough(wanted: int, widths: tuple[int, int]) -> None:
    assert widths_around(wanted, lambda width: width**2) == widths


def test_no_width_beyond_the_widest_is_looked_at() -> None:
    seen = []

    def tiny(width: int) -> float:
        seen.append(width)
        return 0.0

    assert widths_around(5.0, tiny, widest=64) == (63, 64)
    assert max(seen) < 64


@pytest.mark.parametrize("by", COLUMNS)
@pytest.mark.parametrize("sharing", ["hard", "independent", "mmoe"])
def test_no_neighbouring_width_is_nearer_to_the_references_size(by: str, sharing: str) -> None:
    arm = Arm(sharing, 0 if sharing == "independent" else 1, 2, 64)
    found = matcher(by).match(arm)
    wanted = size(Arm("hard", 2, 2, 64), by)
    assert found.ratio == pytest.approx(size(found.arm, by) / wanted)
    assert found.ratio == pytest.approx(1, abs=0.1)
    assert found.arm.width != 64
    assert found.arm.capacity == 64
    for other in (found.arm.width - 1, found.arm.width + 1):
        near = Arm(sharing, arm.depth, 2, other)
        assert abs(size(near, by) - wanted) >= abs(size(found.arm, by) - wanted)


def test_single_tasks_keep_the_references_width_and_the_reference_its_own() -> None:
    for arm in (Arm("single_task", None, 2, 64), Arm("hard", 2, 2, 64)):
        assert matcher("parameters").match(arm) == Match(arm, 1.0)


def test_a_width_that_cannot_be_built_is_passed_over() -> None:
    def only_even(recipe: Recipe, data: Development) -> str | None:
        return None if recipe.width % 2 == 0 else "odd"

    found = [matcher("parameters", only_even).match(Arm("independent", 0, 2, width)).arm.width for width in (32, 64)]
    assert all(width % 2 == 0 for width in found)


@pytest.mark.parametrize("sharing", ["recon", "learned_branch"])
def test_an_arm_that_searches_is_matched_by_what_it_may_find_not_by_all_that_it_holds(sharing: str) -> None:
    arm, held = Arm(sharing, None, 2, 64), size(Arm(sharing, None, 2, 64), "parameters")
    wanted, found = size(Arm("hard", 2, 2, 64), "parameters"), matcher("parameters").match(arm)
    assert found.ratio == pytest.approx(1, abs=0.1)
    assert size(found.arm, "parameters") > 1.2 * found.ratio * wanted
    assert found.arm.width > 64 * wanted / held

"""What cannot exist says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtl_core.data.task_set import Development
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from tests.mtl_core.worlds import development, own_inputs

RECIPE = Recipe(sharing="hard", depth=1, stages=2, width=8, weighting="mgda")
AT_Z = replace(RECIPE, gradients="representation")


@pytest.mark.parametrize("weighting", ["mgda", "graddrop"])
def test_methods_that_weigh_gradients_need_shared_parameters(weighting: str) -> None:
    alone = replace(RECIPE, sharing="independent", depth=0)
    assert why_infeasible(replace(alone, weighting="equal"), development()) is None
    assert "nothing is shared" in (why_infeasible(replace(alone, weighting=weighting), development()) or "")


def test_a_method_that_consults_another_needs_what_that_one_needs() -> None:
    def averaged(around: str, **settings: Any) -> str | None:
        recipe = replace(RECIPE, weighting="cr_mogm", weighting_options={"around": around}, **settings)
        return why_infeasible(recipe, development())

    for around, reason in (("dwa", None), ("mgda", "nothing is shared")):
        found = averaged(around, sharing="independent", depth=0)
        assert found is None if reason is None else reason in (found or "")
    for elsewhere in ({"gradients": "last_stage"}, {"gramian_rows": 8}):
        assert averaged("mgda", **elsewhere) is None
        assert "no use for inner products" in (averaged("dwa", **elsewhere) or "")


@pytest.mark.parametrize("sharing", ["hard", "relationship"])
def test_a_trunk_has_a_common_representation(sharing: str) -> None:
    recipe = replace(AT_Z, sharing=sharing)
    assert why_infeasible(recipe, development() if sharing == "hard" else same_heads()) is None


def same_heads() -> Development:
    """Two tasks with heads of one shape."""
    data = development(["price", "sold"])
    return replace(data, tasks=(data.tasks[0], replace(data.tasks[0], name="worth")))


@pytest.mark.parametrize("sharing", ["mmoe", "cross_stitch", "additive", "low_rank"])
def test_signals_of_their_own_have_none(sharing: str) -> None:
    recipe = replace(AT_Z, sharing=sharing, depth=None if sharing == "additive" else 1)
    assert "no single representation" in (why_infeasible(recipe, development()) or "")


def test_inputs_of_their_own_have_none() -> None:
    assert "no single representation" in (why_infeasible(AT_Z, own_inputs()) or "")


def test_methods_without_a_gramian_cannot_take_it_elsewhere() -> None:
    for elsewhere in ({"gradients": "representation"}, {"gradients": "last_stage"}, {"gramian_rows": 8}):
        assert "of no use" in (why_infeasible(replace(RECIPE, weighting="graddrop", **elsewhere), development()) or "")


def test_rows_are_part_of_a_batch() -> None:
    assert why_infeasible(replace(RECIPE, gramian_rows=63), development()) is None
    assert "no part of a batch of 64" in (why_infeasible(replace(RECIPE, gramian_rows=64), development()) or "")


def test_a_backbone_with_layers_of_its_own_does_not_follow_bf16() -> None:
    options: dict[str, Any] = {"modules": ["tests.mtl_core.backbones.example_modules:normalised"] * 2}
    own = replace(RECIPE, weighting="equal", backbone="custom", backbone_options=options)
    assert why_infeasible(own, development()) is None
    assert why_infeasible(replace(own, precision="tf32"), development()) is None
    assert "custom has others" in (why_infeasible(replace(own, precision="bf16"), development()) or "")
    assert why_infeasible(replace(RECIPE, precision="bf16"), development()) is None

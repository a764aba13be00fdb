"""Shapes of arrays: what tells two of them apart, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.recipe import Recipe
from mtl_core.testing.small_tasks import small_tasks
from study.planning.cards.shape import shape_of

DATA = small_tasks(("price", "bonus", "sold"))
RECIPE = Recipe(depth=1, stages=2, width=8, epochs=10)


def test_what_does_not_change_memory_or_time_of_a_step_is_no_part_of_a_shape() -> None:
    shape = shape_of(RECIPE, DATA)
    assert shape.kind == ("hard", "equal", "mlp", 2)
    for recipe in (replace(RECIPE, epochs=99), replace(RECIPE, patience=3), replace(RECIPE, probes=4)):
        assert shape_of(recipe, DATA) == shape
    assert shape_of(RECIPE, DATA.only("price", "bonus", "sold")) == shape, "the view of all tasks is the pool"
    assert shape_of(RECIPE, DATA.only("price")) == shape_of(RECIPE, DATA.only("bonus")), "tasks that are alike"


@pytest.mark.parametrize(
    "change",
    [{"width": 16}, {"batch_size": 32}, {"optimiser": "sgd"}, {"backbone_options": {"norm": "layer"}}, {"depth": 2}],
)
def test_what_changes_them_is(change: dict[str, object]) -> None:
    assert shape_of(replace(RECIPE, **change), DATA).digest != shape_of(RECIPE, DATA).digest  # type: ignore[arg-type]


def test_so_is_what_an_array_learns_from() -> None:
    shape = shape_of(RECIPE, DATA)
    assert shape_of(RECIPE, DATA.only("price")).digest != shape.digest
    assert shape_of(RECIPE, small_tasks(("price", "bonus", "sold"), examples=200)).digest != shape.digest
    assert shape_of(RECIPE, small_tasks(("price", "bonus", "sold"), missing=0.3)).digest != shape.digest
    weighted = replace(DATA.examples, weights=torch.ones(DATA.examples.targets.shape))
    assert shape_of(RECIPE, replace(DATA, examples=weighted)).digest != shape.digest

"""How many replicas a shard holds, and of which tasks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtl_core.recipe import Recipe
from mtl_core.testing.small_tasks import small_tasks
from study.planning.packing import Packing
from study.planning.replica import FEWEST_ROWS, MOST_ROWS

DATA = small_tasks(("price", "sold", "bonus"))


@pytest.mark.parametrize(("width", "rows"), [(8, MOST_ROWS), (64, 26), (512, FEWEST_ROWS)])
def test_small_networks_are_packed_more_densely_than_large_ones(width: int, rows: int) -> None:
    found = Packing(DATA).rows(Recipe(depth=1, stages=3, width=width), ("price", "sold", "bonus"))
    assert FEWEST_ROWS <= found <= MOST_ROWS
    assert abs(found - rows) <= 3


def test_tasks_that_are_alike_keep_company() -> None:
    packing, recipe = Packing(DATA), Recipe(sharing="single_task", stages=2, width=8)
    assert packing.company(recipe, "bonus") == packing.company(recipe, "price") == ("price", "bonus")
    assert packing.company(recipe, "sold") == ("sold",)
    assert packing.company(replace(recipe, backbone="custom"), "price") == ("price",)

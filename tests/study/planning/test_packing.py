"""How many replicas a shard holds, and of which tasks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

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


def test_on_a_card_shards_are_as_large_as_it_says() -> None:
    card: Any = SimpleNamespace(rows=lambda recipe, tasks: 300 if tasks == ("price",) else 77)
    packing, recipe = Packing(DATA, card), Recipe(depth=1, stages=2, width=8)
    assert packing.rows(recipe, ("price", "sold")) == 77
    card.rows = lambda recipe, tasks: 5
    assert packing.rows(recipe, ("price", "sold")) == 5, "it is asked each time, since memory may run out"

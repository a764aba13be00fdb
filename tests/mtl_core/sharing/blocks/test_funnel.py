"""Funnels: who depends on whom, and labels that contradict the order."""

from __future__ import annotations

from dataclasses import replace

import torch

from mtl_core.data.task_set import Development, Examples
from mtl_core.recipe import Recipe
from mtl_core.sharing.blocks.funnel import followers, in_chain, places_in, why_no_funnel
from mtl_core.testing.small_tasks import FUNNEL, small_tasks

TASKS, CHAIN = ("buy", "click", "basket"), ("click", "basket", "buy")


def test_a_copy_is_used_by_its_task_and_by_all_behind_it() -> None:
    assert places_in(TASKS, CHAIN) == [1, 2, 0]
    assert places_in(TASKS, None) == [0, 1, 2]
    assert followers(TASKS, CHAIN, "basket") == {"basket", "buy"}
    assert [(copy.name, sorted(copy.users or ())) for copy in in_chain(TASKS, CHAIN)] == [
        ("buy", ["buy"]), ("click", ["basket", "buy", "click"]), ("basket", ["basket", "buy"]),
    ]  # fmt: skip


def with_skips(number: int) -> Development:
    """A funnel of which so many examples reached the second task and not the first."""
    data = small_tasks(FUNNEL, examples=400)
    targets = torch.zeros(400, 3)
    targets[:200, :2] = 1
    targets[:number, 0] = 0
    return replace(data, examples=Examples(data.examples.inputs, targets))


def test_up_to_one_in_a_hundred_that_skip_a_task_are_errors_of_recording() -> None:
    recipe = Recipe(sharing="esmm")
    assert why_no_funnel(recipe, with_skips(2)) is None
    reason = why_no_funnel(recipe, with_skips(3)) or ""
    assert "3 of 200 examples with basket are without click" in reason

"""A pool that does not fit its tasks is refused by name and row, before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mtl_core.data.examples import Examples
from mtl_core.data.pool_checks import AT_ONCE, refuse_odd_examples
from mtl_core.data.stacked_tasks import stacked
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development

TASKS = (
    Task("price", "regression", "mse"),
    Task("sick", "binary", "accuracy", 2),
    Task("well", "binary", "accuracy", 2),
    Task("visits", "count", "mae"),
    Task("move", "regression", "mse", num_targets=2),
    Task("pain", "ordinal", "class_distance", 4),
)
N, COLUMNS = 30, 7


def pool() -> Development:
    chance = torch.Generator().manual_seed(0)
    draw = torch.rand(N, COLUMNS, generator=chance)
    targets = torch.cat([draw[:, :1], (draw[:, 1:4] * 2).floor(), draw[:, 4:6], (draw[:, 6:] * 4).floor()], dim=1)
    targets[torch.rand(N, COLUMNS, generator=chance) < 0.2] = torch.nan
    examples = Examples(torch.randn(N, 3), targets, torch.arange(N) // 2, torch.ones(N, len(TASKS)))
    return Development(TASKS, examples, torch.ones(3, dtype=torch.bool))


def changed(part: str, row: int, column: int, value: float) -> Callable[[Development], Development]:
    def change(data: Development) -> Development:
        values: Tensor = getattr(data.examples, part).clone()
        values[row, column] = value
        return replace(data, examples=replace(data.examples, **{part: values}))

    return change


def cut(part: str, values: Tensor) -> Callable[[Development], Development]:
    def change(data: Development) -> Development:
        if hasattr(data.examples, part):
            return replace(data, examples=replace(data.examples, **{part: values}))
        return replace(data, **{part: values})

    return change


BAD = {
    "class 2 of two": (changed("targets", 7, 1, 2.0), "Task 'sick': row 7 holds 2, .* class numbers from 0 to 1"),
    "half a class": (changed("targets", 9, 2, 0.5), "Task 'well': row 9 holds 0.5, .* class numbers from 0 to 1"),
    "class −1": (changed("targets", 0, 6, -1.0), "Task 'pain': row 0 holds -1, .* class numbers from 0 to 3"),
    "a count below 0": (changed("targets", 3, 3, -3.0), "Task 'visits': row 3 holds -3, .* whole numbers from 0 up"),
    "half a count": (changed("targets", 3, 3, 1.5), "Task 'visits': row 3 holds 1.5, .* whole numbers from 0 up"),
    "an infinite number": (changed("targets", 4, 5, float("-inf")), "Task 'move': row 4 holds -inf, .* finite numbers"),
    "NaN weighs": (changed("weights", 5, 3, float("nan")), "Task 'visits': row 5 weighs nan, .* from 0 up"),
    "less than 0 weighs": (changed("weights", 6, 0, -0.1), "Task 'price': row 6 weighs -0.1"),
    "infinity weighs": (changed("weights", 6, 5, float("inf")), "Task 'pain': row 6 weighs inf"),
    "one column weighs": (cut("weights", torch.ones(N, 1)), r"weights have shape \[30, 1\], and not \[30, 6\]"),
    "few rows weigh": (cut("weights", torch.ones(N - 1, 6)), r"weights have shape \[29, 6\], and not \[30, 6\]"),
    "few targets": (cut("targets", torch.zeros(N - 1, COLUMNS)), "targets has 29 entries for 30 examples"),
    "few groups": (cut("groups", torch.arange(3)), "groups has 3 entries for 30 examples"),
    "few validate": (cut("validates", torch.ones(15, dtype=torch.bool)), "validates has 15 entries for 30 examples"),
    "few folds": (cut("folds", torch.zeros(4, dtype=torch.int64)), "folds has 4 entries for 30 examples"),
    "few columns": (cut("standardise", torch.ones(2, dtype=torch.bool)), "standardise has 2 entries for 3 input"),
    "few origins": (cut("target_origin", torch.zeros(6)), "target_origin has 6 entries for 7 targets"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_refused_by_name_and_row(name: str) -> None:
    change, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        change(pool())


def test_good_ones_pass_also_in_part_and_stacked() -> None:
    data = pool()
    assert data.only("pain", "move").tasks == (TASKS[5], TASKS[4])
    views = [data.only("sick"), data.only("well")]
    both = stacked([replace(view, validates=torch.arange(N) < 9) for view in views])
    assert (both.examples.copies, len(both.examples), len(both.examples.targets)) == (2, N, 2 * N)
    with pytest.raises(ValueError, match="targets has 60 entries for 30 examples"):
        replace(both, examples=replace(both.examples, copies=1))
    assert replace(data, examples=replace(data.examples, weights=torch.zeros(N, 6))).labels_in_loss.sum() == 0


def test_a_row_far_behind_is_named_too() -> None:
    targets = torch.zeros(3 * AT_ONCE, 1)
    targets[2 * AT_ONCE + 5] = 7
    with pytest.raises(ValueError, match=f"Task 'sick': row {2 * AT_ONCE + 5} holds 7"):
        refuse_odd_examples(TASKS[1:2], Examples(torch.zeros(3 * AT_ONCE, 1), targets))

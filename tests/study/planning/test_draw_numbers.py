"""Draws by task: of single-task networks each its own, of networks that train tasks together every number once."""

from __future__ import annotations

import pytest

from study.planning.arm import Arm
from study.planning.draw_numbers import DrawNumbers, draws_by_task

TASKS = ("rain", "sun")
TOGETHER = Arm("hard", 1, 2, 8, "mlp", "equal")
ALONE = Arm("single_task", None, 2, 8, "mlp", "equal")


@pytest.mark.parametrize(
    ("arm", "draws", "expected"),
    [
        (TOGETHER, [3, 1], [(None, 3), (None, 1)]),
        (TOGETHER, {"rain": 2, "sun": 2}, [(None, 2)]),
        (TOGETHER, {"rain": [4, 0], "sun": 4}, [(None, 0), (None, 4)]),
        (ALONE, [3, 1], [("rain", 3), ("rain", 1), ("sun", 3), ("sun", 1)]),
        (ALONE, {"rain": 2, "sun": [0, 5]}, [("rain", 2), ("sun", 0), ("sun", 5)]),
        (ALONE, {"sun": 7}, [("sun", 7)]),
    ],
)
def test_which_draws_train_which_task(arm: Arm, draws: DrawNumbers, expected: list[tuple[str | None, int]]) -> None:
    assert list(draws_by_task(arm, TASKS, draws)) == expected

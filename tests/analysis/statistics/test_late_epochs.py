"""Best epochs at the end: which count, and when they are too many."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.statistics.late_epochs import is_late, late_arms, too_many_late


@pytest.mark.parametrize(("epochs", "first_late"), [(100, 95), (67, 64), (30, 29), (3, 2), (1, 0)])
def test_the_last_twentieth_is_late_and_at_least_the_last_epoch(epochs: int, first_late: int) -> None:
    assert is_late(list(range(epochs)), epochs).tolist() == [epoch >= first_late for epoch in range(epochs)]


def test_one_late_replica_is_chance_and_one_in_twenty_is_allowed() -> None:
    assert too_many_late([1, 2, 2, 3], [10, 10, 40, 40]).tolist() == [False, True, False, True]


def test_arms_are_counted_by_replica_and_the_worst_comes_first() -> None:
    late = {"fine": 0, "some": 3, "most": 8, "chance": 1}
    rows = [
        {"replica": f"{arm} {n}", "arm": arm, "task": task, "budget_epochs": 40, "selected_epoch": 39 if n < k else 20}
        for arm, k in late.items()
        for n in range(10)
        for task in ("rain", "sun")
    ]
    found = late_arms(pd.DataFrame(rows))
    assert found.to_dict("list") == {
        "arm": ["most", "some"], "late": [8, 3], "replicas": [10, 10], "epochs": [40, 40], "share": [0.8, 0.3],
    }  # fmt: skip

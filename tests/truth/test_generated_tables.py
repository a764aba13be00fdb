"""Tables with a known answer, and what counts as a right one; the studies themselves are run by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.truth.generated_tables import KINDS, UNKNOWN, Answer, is_right, table


@pytest.mark.parametrize(("kind", "tasks"), [("harm", 5), ("mild", 5), ("none", 3)])
def test_a_table_follows_from_its_seed(kind: str, tasks: int) -> None:
    one, same, other = table(kind, 0), table(kind, 0), table(kind, 1)
    assert one.equals(same)
    assert not one.equals(other)
    fewest, most = KINDS[kind].num_rows
    assert fewest <= len(one) <= most
    assert sum(name.startswith("y_") for name in one) == tasks


def test_the_odd_task_follows_the_related_ones_in_part_only() -> None:
    targets = table("harm", 0).filter(like="y_")
    related, odd = targets.drop(columns="y_odd"), targets["y_odd"]
    assert related.corr().to_numpy().min() > 0.3
    shared = related.mean(axis=1)  # a fifth of its variance is noise, so that of the function is more than is seen
    assert 0.25 < np.corrcoef(shared, odd)[0, 1] < 0.55


@pytest.mark.parametrize(
    ("kind", "found", "right"),
    [
        ("harm", Answer("share some", ("y_odd",), (1.5, 0.8, 2.1), UNKNOWN), True),
        ("harm", Answer("share some", ("y_odd",), (0.5, -0.1, 1.1), UNKNOWN), False),
        ("harm", Answer("share", (), (1.5, 0.8, 2.1), UNKNOWN), False),
        ("none", Answer("no difference found", (), (-0.7, -1.3, -0.1), UNKNOWN), True),
        ("none", Answer("share", (), (0.8, 0.2, 1.4), UNKNOWN), False),
        ("none", Answer("do not share", (), UNKNOWN, UNKNOWN), False),
    ],
)
def test_what_is_right(kind: str, found: Answer, right: bool) -> None:
    assert is_right(kind, found) is right

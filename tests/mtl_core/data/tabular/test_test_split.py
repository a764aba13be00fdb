"""Test rows: every task keeps labels on both sides where that is possible, and what cannot be measured is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_core.data.tabular.test_split import rows_drawn_for_test
from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built

SITES = np.arange(ROWS) // 5


@pytest.mark.parametrize("seed", range(20))
def test_labels_in_three_groups_are_tested_trained_and_validated_on(seed: int) -> None:
    labelled = np.stack([np.ones(ROWS, dtype=bool), SITES < 3], axis=1)
    test = rows_drawn_for_test(ROWS, SITES, 0.2, seed, labelled)
    assert len(np.unique(SITES[test & labelled[:, 1]])) == 1
    assert len(np.unique(SITES[~test & labelled[:, 1]])) == 2


def test_an_order_that_serves_all_tasks_is_the_first_one() -> None:
    labelled = np.ones((ROWS, 2), dtype=bool)
    assert np.array_equal(rows_drawn_for_test(ROWS, SITES, 0.2, 3, labelled), rows_drawn_for_test(ROWS, SITES, 0.2, 3))


def test_labels_in_two_groups_are_refused(tmp_path: Path) -> None:
    columns = {"y_b": [value if row < 60 else None for row, value in enumerate(NUMBERS[3])]}
    columns |= {"site": [0 if row < 30 else 1 if row < 60 else row // 5 for row in range(ROWS)]}
    with pytest.raises(UserError, match="labelled in 2 groups only"):
        built(tmp_path, columns, ("y", "y_b"), groups="site")


def test_labels_in_few_groups_are_remarked_upon(tmp_path: Path) -> None:
    wide = {"y_b": [value if site < 6 else None for value, site in zip(NUMBERS[3], SITES, strict=True)]}
    remarks = built(tmp_path, {**wide, "site": SITES}, ("y", "y_b"), groups="site").remarks
    assert any("'y_b' is labelled in 6 groups only" in remark.text for remark in remarks)


def test_a_target_that_does_not_vary_in_the_test_rows_is_said(tmp_path: Path) -> None:
    fold = np.arange(ROWS) % 5 == 0
    remarks = built(tmp_path, {"y": np.where(fold, 1.0, NUMBERS[2]), "fold": fold}, test="fold").remarks
    assert any("nothing can be measured there" in remark.text for remark in remarks)

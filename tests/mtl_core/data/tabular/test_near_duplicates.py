"""Test rows that nearly equal rows to develop on are counted, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular import near_duplicates as module
from mtl_core.data.tabular.near_duplicates import NEAR

ROWS, COLUMNS = 600, 8


def near_duplicates(inputs: np.ndarray, standardise: np.ndarray, test: np.ndarray) -> list[Remark]:
    return module.near_duplicates(inputs, standardise, RowParts(test), np.arange(len(inputs)))


def table(planted: int, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs with a scale and two 0/1 columns, of which the first test rows repeat others but for noise."""
    chance = np.random.default_rng(3)
    numbers = chance.normal(50, 20, (ROWS, COLUMNS)) + 0.5 * chance.normal(0, 20, (ROWS, 1))
    flags = chance.integers(0, 2, (ROWS, 2))
    test = np.arange(ROWS) >= 450
    numbers[450 : 450 + planted] = numbers[:planted] + noise * 20 * chance.uniform(-1, 1, (planted, COLUMNS))
    flags[450 : 450 + planted] = flags[:planted]
    standardise = np.array([True] * COLUMNS + [False] * 2)
    return np.concatenate([numbers, flags], axis=1).astype(np.float32), standardise, test


@pytest.mark.parametrize("planted", [1, 40])
def test_every_planted_row_is_found(planted: int) -> None:
    (remark,) = near_duplicates(*table(planted, 0.8 * NEAR))
    assert remark.kind == "near_rows"
    assert remark.consequence == "verdict"
    assert f"{planted} of 150 test rows nearly repeat a row to develop on" in remark.text


@pytest.mark.parametrize(("planted", "noise"), [(0, 0.0), (40, 0.0), (40, 20 * NEAR)])
def test_equal_rows_and_merely_similar_ones_are_not_counted(planted: int, noise: float) -> None:
    assert not near_duplicates(*table(planted, noise))


def test_a_flag_that_differs_makes_rows_differ() -> None:
    inputs, standardise, test = table(40, 0.5 * NEAR)
    inputs[450:490, COLUMNS] = 1 - inputs[450:490, COLUMNS]
    assert not near_duplicates(inputs, standardise, test)


def test_with_few_measuring_inputs_rows_are_near_by_chance_and_nothing_is_said() -> None:
    inputs, standardise, test = table(40, 0.5 * NEAR)
    few = [0, 1, 2, COLUMNS, COLUMNS + 1]
    assert not near_duplicates(inputs[:, few], standardise[few], test)


def test_missing_values_and_columns_without_any_value_are_taken_as_the_mean() -> None:
    inputs, standardise, test = table(40, 0.5 * NEAR)
    inputs[:40, 0] = inputs[450:490, 0] = np.nan
    inputs[:, 1] = np.nan
    (remark,) = near_duplicates(inputs, standardise, test)
    assert remark.text.startswith("40 of 150")


def test_of_many_rows_a_sample_is_looked_at_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 50)
    monkeypatch.setattr(module, "MOST_KNOWN", 225)
    (remark,) = near_duplicates(*table(150, 0.5 * NEAR))
    assert remark.text.startswith("25 of 50 test rows (a sample of 150) nearly repeat one of 225 rows to develop on")


def test_where_all_rows_judge_they_are_compared_with_all_others_that_a_split_can_separate() -> None:
    inputs, standardise, test = table(40, 0.5 * NEAR)
    every, rows = RowParts(test, all_judge=True), np.arange(ROWS)
    (remark,) = module.near_duplicates(inputs, standardise, every, rows)
    assert remark.text.startswith("80 of 600 rows nearly repeat a row of the others: no input")
    pairs = np.where(rows >= 450, rows - 450, rows)
    assert not module.near_duplicates(inputs, standardise, every, pairs), "each pair is one group"
    (remark,) = module.near_duplicates(inputs, standardise, every, rows // 2)
    assert "a row of another group" in remark.text

"""Values that lie far from 0 for their spread keep their differences in float32, or are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.data.tabular.float32_columns import as_float32
from mtl_core.errors import UserError
from mtl_core.network.export import export
from mtl_core.recipe import Recipe
from mtl_core.training.trainer import fit
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built
from tests.mtl_core.worlds import rows

EVERY = np.ones(ROWS, dtype=bool)


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e3, 1.7e9, 1e12])
@pytest.mark.parametrize("unit", [1e-12, 1e-3, 1.0, 1e9])
def test_differences_survive_any_offset_that_float64_holds(offset: float, unit: float) -> None:
    numbers = (NUMBERS[0] + offset) * unit
    found = as_float32(numbers, EVERY)
    assert found.values.dtype == np.float32
    back = found.values.astype(np.float64) + found.origin
    assert np.abs(back - numbers).max() < 2e-4 * numbers.std()


def test_ordinary_numbers_are_left_as_they_are() -> None:
    found = as_float32(NUMBERS[0], EVERY)
    assert found.origin == 0.0
    assert np.array_equal(found.values, NUMBERS[0].astype(np.float32))


def test_test_rows_do_not_move_the_origin() -> None:
    development = np.arange(ROWS) < 80
    changed = np.where(development, NUMBERS[0], 5.0) + 1e9
    one, other = (as_float32(numbers, development) for numbers in (NUMBERS[0] + 1e9, changed))
    assert one.origin == other.origin
    assert np.array_equal(one.values[:80], other.values[:80])


def test_what_even_float64_cannot_hold_is_refused_or_left_out(tmp_path: Path) -> None:
    coarse = 1e14 + np.arange(ROWS) % 8 / 64
    with pytest.raises(UserError, match="Subtract"):
        built(tmp_path, {"y": coarse}, kinds={"y": "regression"})
    task_set = built(tmp_path, {"a": coarse})
    assert task_set.development.num_inputs == 1
    assert any("less than a computer can tell" in remark.text for remark in task_set.remarks)


@pytest.mark.parametrize("name", ["a", "y"])
def test_a_shifted_column_trains_to_the_same_numbers(tmp_path: Path, name: str) -> None:
    """1e9 + k/64 is exact in float64, so both files hold the same differences."""
    exact = {column: np.round(values * 64) / 64 for column, values in zip("aby", NUMBERS, strict=False)}
    recipe = Recipe(depth=1, stages=1, width=8, epochs=3)
    skills = []
    for offset in (0.0, 1e9):
        data = built(tmp_path, exact | {name: exact[name] + offset}).development
        skills.append(fit(recipe, data, rows(1))[0].curves["validation_skill"])
    assert np.allclose(*skills, atol=1e-4)


def test_what_is_exported_reads_and_answers_in_the_users_units(tmp_path: Path) -> None:
    moved = {"a": NUMBERS[0] + 1.7e9, "y": NUMBERS[2] + 1e8}
    development = built(tmp_path, moved).development
    recipe = Recipe(depth=1, stages=1, width=8, epochs=3)
    outcome = fit(recipe, development, rows(1))[0]
    module = export(recipe, development, rows(1)[0].seed, outcome.selected)
    raw = torch.from_numpy(np.stack([moved["a"], NUMBERS[1]], axis=1))
    answers = module(raw)["y"]
    assert answers.dtype == torch.float64
    assert abs(answers.mean().item() - 1e8) < 2
    assert answers.std() > 0


@pytest.mark.parametrize("unit", [1e-12, 3e-10, 1.0, 1e12])
def test_a_unit_does_not_make_a_column_constant(tmp_path: Path, unit: float) -> None:
    development = built(tmp_path, {"a": NUMBERS[0] * unit}).development
    preparation = prepare(development, 0)
    scaled = (development.examples.inputs[:, 0] - preparation.input_shift[0]) * preparation.input_scale[0]
    assert scaled[preparation.train].std().item() == pytest.approx(1, rel=0.02)


def test_a_constant_column_is_still_silenced(tmp_path: Path) -> None:
    development = built(tmp_path, {"a": np.full(ROWS, 1 / 3)}).development
    assert prepare(development, 0).input_scale[0] == 0


@pytest.mark.parametrize("unit", [1e-39, 1e-42, 1e-60, 1e-300])
def test_what_float32_cannot_hold_is_left_out_and_said(tmp_path: Path, unit: float) -> None:
    task_set = built(tmp_path, {"a": NUMBERS[0] * unit})
    assert task_set.development.num_inputs == 1
    assert any(remark.kind == "no_difference" and "another unit" in remark.text for remark in task_set.remarks)


def test_the_origin_does_not_depend_on_the_order_of_the_rows() -> None:
    numbers = NUMBERS[0] + 1e9 / 3
    origins = {as_float32(np.random.default_rng(seed).permutation(numbers), EVERY).origin for seed in range(20)}
    assert len(origins) == 1

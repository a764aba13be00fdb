"""What a study leaves to the size of the data, and that studies from before keep what they had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from mtl_core.data.task_set import Development, Examples
from study.config.load import load_spec, load_suite
from study.config.spec import LEFT_TO_THE_DATA, Spec
from study.planning.prepare import prepare
from study.planning.settings_from_data import STEPS, settle_settings, with_begun_settings
from tests.study.conftest import small_task_set, tiny

AUTO = {section: dict.fromkeys(keys, "auto") for section, keys in LEFT_TO_THE_DATA.items()}


def development(rows: int) -> Development:
    examples = Examples(torch.zeros(rows, 3), torch.zeros(rows, 2))
    return replace(small_task_set().development, examples=examples)


def settled(rows: int, stored: Spec | None = None, **changes: Any) -> Spec:
    return settle_settings(tiny(**{**AUTO, **changes}), development(rows), stored)[0]


def test_a_table_leaves_out_what_other_task_sets_have_defaults_for(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)), columns=["x", "y_a", "y_b"]).to_csv(table)
    spec = load_spec(table, ["y_*"])
    assert (spec.training.epochs, spec.training.batch_size) == ("auto", "auto")
    assert (spec.factors.width, spec.factors.weighting) == ("auto", "auto")
    digits = load_spec("digits3", overrides=["training.epochs=30"])
    assert (digits.training.epochs, digits.factors.weighting) == (30, ("equal",))
    said = load_spec(table, ["y_*"], ["training.epochs=7", "factors.width=8"])
    assert (said.training.epochs, said.factors.width) == (7, (8,))
    plan = prepare(spec, out=tmp_path / "run").plan
    assert plan.spec.training.epochs * 8 == STEPS  # of 200 rows 128 train: of outer folds four fifths, of those four
    assert [reason.split(":")[0] for reason in plan.reasons] == [
        "training.batch_size", "training.epochs", "factors.weighting", "factors.width",
    ]  # fmt: skip
    assert {arm.weighting for arm in plan.candidates} == {"equal", "uncertainty"}


@pytest.mark.parametrize(
    ("rows", "batch_size", "epochs"),
    [(20, 16, 600), (160, 16, 75), (400, 32, 60), (1_000, 64, 47), (8_000, 64, 30), (100_000, 512, 30)],
)
def test_small_tables_take_more_epochs_and_large_ones_larger_batches(rows: int, batch_size: int, epochs: int) -> None:
    training = settled(rows).training
    assert (training.batch_size, training.epochs) == (batch_size, epochs)


def test_epochs_follow_from_the_steps_that_are_really_taken() -> None:
    assert settled(1_000, training={"epochs": "auto", "batch_size": 800}).training.epochs == STEPS
    assert settled(800, factors={"train_fraction": [1.0, 0.1]}).training.epochs == STEPS // 4


def test_wide_networks_are_for_many_rows() -> None:
    assert settled(1_000).factors.width == (16, 64)
    assert settled(10_000).factors.width == (32, 128)


def test_a_number_is_left_as_it_is() -> None:
    assert settle_settings(tiny(), development(400)) == (tiny(), ())


def test_a_study_that_was_begun_goes_on_with_what_it_had() -> None:
    """With the settings of studies from before there was ``auto``, or from rules that have changed since."""
    before = tiny(factors={"width": [16, 64]}, training={"epochs": 30, "batch_size": 64})
    assert settled(400, before) == before
    assert settled(400, before).digest() == before.digest()
    assert with_begun_settings(tiny(**AUTO), before).digest() == before.digest()
    assert with_begun_settings(tiny(), before) == tiny()


def test_widths_that_a_budget_took_away_are_not_what_was_asked_for() -> None:
    stored = settled(400, budget=60).model_copy(update={"factors": tiny(factors={"width": [16]}).factors})
    assert settled(400, stored, budget=60).factors.width == (16, 64)
    assert settled(400, stored).factors.width == (16,)


def test_all_task_sets_of_a_suite_have_the_same_arms(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("suite: {a: {tasks: {set: digits3}}, b: {tasks: {set: table, path: b.csv, targets: [y_*]}}}\n")
    digits, table = load_suite(path).studies.values()
    assert digits.factors == table.factors
    assert (digits.training.epochs, table.training.epochs) == (30, "auto")

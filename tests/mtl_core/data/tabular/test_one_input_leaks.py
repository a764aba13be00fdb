"""Inputs that alone predict a target nearly perfectly are named with what they explain; good predictors are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from mtl_core.data.remark import Remark
from mtl_core.data.tabular import one_input_leaks as module
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.one_input_leaks import one_input_leaks
from mtl_core.data.task import Task

ROWS = 2_000
CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=ROWS)
NUMBER = Task("y", "regression", "mse")
CLASSES = ("no", "yes")
BINARY = Task("y", "binary", "accuracy", num_classes=2, classes=CLASSES)
DEVELOPMENT = np.arange(ROWS) % 5 > 0


def column(values: object) -> Column:
    return Column("x", "table.csv: x", pa.chunked_array([pa.array(values, from_pandas=True)]))


def found(values: object, task: Task, label: np.ndarray, **more: list[Remark]) -> list[str]:
    remarks = one_input_leaks([column(values)], [task], label.astype(np.float64)[:, None], DEVELOPMENT, **more)
    assert all((one.kind, one.subject, one.consequence) == ("leak", "x", "verdict") for one in remarks)
    return [one.text for one in remarks]


@pytest.mark.parametrize("label", [np.exp(X / 2) + CHANCE.normal(0, 0.05, ROWS), np.abs(X), X + 0.1 * np.sin(9 * X)])
def test_a_number_that_follows_from_an_input_is_a_leak_whatever_the_curve(label: np.ndarray) -> None:
    (text,) = found(X, NUMBER, label)
    assert text.startswith("Column 'x' alone explains 9")
    assert "of the variance of the target 'y': a leak?" in text


@pytest.mark.parametrize("share", [0.5, 0.3, 0.15])
@pytest.mark.parametrize("shape", ["above", "between"])
def test_a_class_that_follows_from_an_input_is_a_leak_also_where_it_is_rare(share: float, shape: str) -> None:
    inside = X if shape == "above" else -np.abs(X)
    label = inside > np.quantile(inside, 1 - share)
    flipped = label ^ (CHANCE.random(ROWS) < 0.01 * share)
    (text,) = found(X, BINARY, flipped)
    assert "of the errors of the most frequent class of the target 'y'" in text


def test_text_and_missing_values_can_give_a_target_away() -> None:
    label = X > 0.5
    words = [f"{'a' if one else 'b'}{number % 40}" for number, one in enumerate(label)]
    assert len(found(words, BINARY, label)) == 1
    known_afterwards = np.where(label, CHANCE.normal(size=ROWS), np.nan)
    assert len(found(known_afterwards, BINARY, label)) == 1


def test_good_predictors_and_noise_are_no_leaks() -> None:
    noise = CHANCE.normal(size=ROWS)
    assert not found(X, NUMBER, X + 0.4 * noise)  # 86% of the variance
    assert not found(X, BINARY, X + 0.3 * noise > 0)
    assert not found(noise, NUMBER, X)
    assert not found([f"row {number}" for number in range(ROWS)], NUMBER, X)  # names of rows overfit, and are found out
    assert not found(np.full(ROWS, 3.0), BINARY, X > 0)


def test_what_was_said_before_is_not_said_again() -> None:
    said = [Remark("leak", "x", "Column 'x' is a straight line of the target 'y': a leak?")]
    assert not found(X, NUMBER, X, said=said)


def test_rows_to_test_on_are_not_looked_at() -> None:
    label = np.where(DEVELOPMENT, CHANCE.normal(size=ROWS), X)
    assert not found(X, NUMBER, label)


def test_too_many_pairs_are_said_not_to_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 0)
    (remark,) = one_input_leaks([column(X)], [NUMBER], X[:, None], DEVELOPMENT)
    assert (remark.kind, remark.consequence) == ("not_looked_at", "information")

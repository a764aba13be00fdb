"""The order of the rows: what is read does not depend on it, nor do splits that named rows or groups decide.

Where neither a column nor groups say which rows test, the rows are drawn by place, and another order draws others.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.table import Table
from tests.hostile.formats import FORMATS, Columns, options_of

ROWS, ORDERS = 120, 40
RANDOM = np.random.default_rng(5)
NAMES = np.round(RANDOM.permutation(ROWS) * 0.37 + 0.1, 4)
"""An input that differs in every row and tells them apart."""
HOLES = RANDOM.random(ROWS) < 0.15
VALUES = np.round(RANDOM.normal(size=(3, ROWS)), 4)
TABLE: Columns = {
    "name": NAMES,
    "far": 1.7e9 + np.round(40 * VALUES[0], 3),
    "holes": np.where(HOLES, np.nan, VALUES[1]),
    "coded": np.where(HOLES, -999.0, np.arange(ROWS) % 17),
    "code": np.array(["01", "1", "2", "2E3"])[RANDOM.integers(0, 4, ROWS)],
    "town": np.array(["Rom", "rom", "Wien", "?"])[RANDOM.integers(0, 4, ROWS)],
    "day": np.datetime64("2024-01-01") + RANDOM.integers(0, 300, ROWS),
    "true": RANDOM.random(ROWS) < 0.4,
    "y_1": np.round(VALUES[0] + VALUES[2], 4),
    "y_2": np.where(HOLES[::-1], "", np.array(["yes", "no"])[(VALUES[0] > VALUES[2]).astype(int)]),
    "patient": np.array([f"{number:03}" if number % 2 else f"{number}" for number in RANDOM.integers(0, 15, ROWS)]),
    "split": np.where(np.arange(ROWS) % 5 == 0, "test", "train"),
}
KINDS = {"code": "categorical"}


def read(order: np.ndarray, format_name: str, **options: Any) -> TaskSet:
    """The task set of the table with its rows in this order."""
    with tempfile.TemporaryDirectory() as folder:
        path = FORMATS[format_name](Path(folder), {name: values[order] for name, values in TABLE.items()})
        options = {"targets": ("y_*",), "kinds": KINDS, **options_of(format_name), **options}
        return Table(path=path, **options).build()


def by_name(task_set: TaskSet) -> list[torch.Tensor]:
    """Inputs, targets and groups of both drawers, ordered by what tells the rows apart."""
    found = []
    for part in (task_set.development.examples, task_set.test):
        order = part.inputs[:, 0].argsort()
        found += [part.inputs[order], part.targets[order]] + ([] if part.groups is None else [part.groups[order]])
    return found


def without_places(task_set: TaskSet) -> list[tuple[str, str, str]]:
    """The remarks, less the numbers of rows in them."""
    return [(one.kind, one.subject, re.sub(r"\brow \d+", "row", one.text)) for one in task_set.remarks]


def names_of(task_set: TaskSet, rows: torch.Tensor) -> list[float]:
    return sorted(task_set.development.examples.inputs[rows, 0].tolist())


def orders() -> st.SearchStrategy[np.ndarray]:
    return st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).permutation(ROWS))


@pytest.mark.parametrize("format_name", ["csv", "parquet"])
@pytest.mark.parametrize(
    "options", [{"test": "split", "ignore": ("patient",)}, {"groups": "patient", "ignore": ("split",)}]
)
def test_what_is_read_does_not_depend_on_the_order(format_name: str, options: dict[str, Any]) -> None:
    plain = read(np.arange(ROWS), format_name, **options)

    @settings(max_examples=ORDERS, deadline=None)
    @given(order=orders())
    def holds(order: np.ndarray) -> None:
        permuted = read(order, format_name, **options)
        assert permuted.tasks == plain.tasks
        assert permuted.columns == plain.columns
        assert without_places(permuted) == without_places(plain)
        pools = (plain.development, permuted.development)
        assert all(torch.equal(*pair) for pair in zip(*(pool.standardise[None] for pool in pools), strict=True))
        assert pools[0].input_origin is not None
        assert pools[1].input_origin is not None
        assert torch.equal(pools[0].input_origin, pools[1].input_origin)
        for one, other in zip(by_name(plain), by_name(permuted), strict=True):
            assert torch.equal(one.nan_to_num(7e7), other.nan_to_num(7e7))

    holds()


def test_splits_of_groups_and_what_is_fitted_to_them_do_not_depend_on_the_order() -> None:
    options: dict[str, Any] = {"groups": "patient", "ignore": ("split",)}
    plain = read(np.arange(ROWS), "csv", **options)

    @settings(max_examples=ORDERS, deadline=None)
    @given(order=orders(), seed=st.integers(0, 5))
    def holds(order: np.ndarray, seed: int) -> None:
        permuted = read(order, "csv", **options)
        fitted: list[Preparation] = [prepare(one.development, seed) for one in (plain, permuted)]
        for part in ("train", "validation"):
            assert names_of(plain, getattr(fitted[0], part)) == names_of(permuted, getattr(fitted[1], part))
        for number in ("input_shift", "input_scale", "target_shift", "target_scale", "trivial_metric"):
            one, other = (getattr(each, number) for each in fitted)
            assert torch.allclose(one, other, rtol=1e-5, atol=1e-6), number

    holds()

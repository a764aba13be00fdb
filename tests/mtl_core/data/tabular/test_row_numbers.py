"""Columns that number the rows are no inputs, in any order of the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_core.tasks.table import Table
from tests.mtl_core.data.tabular.files import NUMBERS, RANDOM, ROWS, built, lines, text_built

SHUFFLED = RANDOM.permutation(ROWS)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("id", np.arange(ROWS)),
        ("id", SHUFFLED + 1),
        ("id", (SHUFFLED + 500).astype(float)),
        ("Unnamed: 0", SHUFFLED * 3),
        ("__index_level_0__", SHUFFLED * 2),
    ],
)
def test_row_numbers_are_left_out_with_a_remark(tmp_path: Path, name: str, values: Any) -> None:
    task_set = built(tmp_path, {name: values})
    assert task_set.development.num_inputs == 2
    assert any(f"{name!r}" in remark.text and "left out" in remark.text for remark in task_set.remarks)


def test_they_are_kept_where_their_kind_is_declared(tmp_path: Path) -> None:
    assert built(tmp_path, {"id": SHUFFLED}, kinds={"id": "numeric"}).development.num_inputs == 3


@pytest.mark.parametrize("values", [SHUFFLED // 2, SHUFFLED * 2, SHUFFLED + 0.5])
def test_other_whole_numbers_are_inputs(tmp_path: Path, values: Any) -> None:
    assert built(tmp_path, {"count": values}).development.num_inputs == 3


@pytest.mark.parametrize("named", [None, "customer"])
def test_the_index_of_a_data_frame_is_left_out(tmp_path: Path, named: str | None) -> None:
    frame = pd.DataFrame({"a": NUMBERS[0], "y": NUMBERS[1]}, index=pd.Index(NUMBERS[2], name=named))
    frame.to_parquet(tmp_path / "frame.parquet")
    task_set = Table(path=tmp_path / "frame.parquet", targets=("y",)).build()
    assert task_set.development.num_inputs == 1
    assert any("index of the data frame" in remark.text for remark in task_set.remarks)


def test_the_index_that_a_data_frame_writes_into_a_text_file_is_left_out(tmp_path: Path) -> None:
    assert text_built(tmp_path, lines(",a,y", range(ROWS), *NUMBERS[:2])).development.num_inputs == 1

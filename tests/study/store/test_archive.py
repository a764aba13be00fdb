"""The archive's writer: a part holds exactly the declared columns."""

from __future__ import annotations

import io
from typing import Any

import pyarrow.parquet as pq
import pytest

from analysis.records.schema import SCORES
from study.store.archive import encode

ROW: dict[str, Any] = dict.fromkeys(SCORES) | {
    "replica": "a",
    "task": "left",
    "test_skill": 0.5,
    "example_scores": [1.0],
}


def test_a_part_gives_back_its_rows() -> None:
    assert pq.read_table(io.BytesIO(encode([ROW], SCORES))).to_pylist() == [ROW]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (ROW | {"test_skil": 0.5}, "unknown test_skil"),
        ({name: value for name, value in ROW.items() if name != "test_skill"}, "missing test_skill"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_key(row: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        encode([row], SCORES)

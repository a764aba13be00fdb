"""Two targets that are one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built

WORDS = np.array(["low", "middle", "high"])[np.arange(ROWS) * 7 % 3]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (NUMBERS[2], NUMBERS[2], True),
        (NUMBERS[2], 32 - 1.8 * NUMBERS[2], True),
        (NUMBERS[2], np.where(np.arange(ROWS) % 9 == 0, np.nan, NUMBERS[2]), True),
        (WORDS, np.char.upper(WORDS), True),
        (NUMBERS[2], NUMBERS[3], False),
        (NUMBERS[2], NUMBERS[2] + 0.1 * NUMBERS[3], False),
        (WORDS, np.where(WORDS == "low", "low", "other"), False),
    ],
)
def test_targets_that_follow_from_each_other_are_said(one: Any, other: Any, same: bool, tmp_path: Path) -> None:
    remarks = built(tmp_path, {"y": one, "z": other}, ("y", "z")).remarks
    assert any(remark.kind == "same_target" and "'y' and 'z'" in remark.text for remark in remarks) is same

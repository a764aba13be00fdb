"""Declared codes that stand nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built, lines, text_built

CODED = np.where(np.arange(ROWS) % 9 == 0, -999.0, NUMBERS[0])


@pytest.mark.parametrize("text_format", [True, False])
@pytest.mark.parametrize(
    ("missing", "unused"),
    [
        ((-999,), ""),
        (("-999",), ""),
        ((-99,), "No cell of the file holds -99"),
        ((-999, "?"), "No cell of the file holds '?'"),
        ({"a": (-999,)}, ""),
        ({"b": (-999,)}, "No cell of column 'b' holds -999"),
        ({"a": ()}, ""),
    ],
)
def test_a_code_that_no_cell_holds_is_said(missing: Any, unused: str, text_format: bool, tmp_path: Path) -> None:
    coded = np.char.replace(CODED.astype(str), "-999.0", "-999")
    if text_format:
        task_set = text_built(tmp_path, lines("a,b,y", coded, *NUMBERS[1:3]), missing=missing)
    else:
        task_set = built(tmp_path, {"a": CODED}, missing=missing)
    said = " ".join(remark.text for remark in task_set.remarks if remark.kind == "unused_code")
    assert (unused in said) if unused else (said == "")

"""Rows that a quotation mark has swallowed."""

from __future__ import annotations

from pathlib import Path

from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, lines, text_built


def test_swallowed_rows_are_said(tmp_path: Path) -> None:
    cells = ["fine"] * ROWS
    cells[9], cells[29] = '"fine', 'fine"'
    (remark,) = (
        one for one in text_built(tmp_path, lines("a,b,y,c", *NUMBERS[:3], cells)).remarks if one.kind == "line_break"
    )
    assert "the first in row 10, 20 lines in all" in remark.text


def test_a_line_break_within_a_text_is_nothing(tmp_path: Path) -> None:
    cells = ['"two\nlines"' if row % 2 else "one" for row in range(ROWS)]
    task_set = text_built(tmp_path, lines("a,b,y,c", *NUMBERS[:3], cells))
    assert not any(remark.kind == "line_break" for remark in task_set.remarks)
    assert task_set.development.num_inputs == 4

"""Cells that hold line breaks: a quotation mark that is not closed swallows the rows up to the next one."""

from __future__ import annotations

import pyarrow.compute as pc

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column


def remarks_on_line_breaks(column: Column, delimiter: str) -> list[Remark]:
    """Return a remark where a cell of text holds a line break and the delimiter, as swallowed rows do."""
    if not column.is_text or not column.num_present:
        return []
    both = [pc.fill_null(pc.match_substring(column.values, mark), False) for mark in ("\n", delimiter)]  # pyright: ignore[reportAttributeAccessIssue]
    rows = pc.and_(*both).to_numpy(zero_copy_only=False).nonzero()[0]  # pyright: ignore[reportAttributeAccessIssue]
    if not len(rows):
        return []
    lost = sum(str(column.values[int(row)]).count("\n") for row in rows)
    found = f"Column {column.name!r} has cells with line breaks, the first in row {rows[0] + 1}, {lost} lines in all"
    text = f"{found}: are these rows behind a quotation mark that is not closed? Mend it, if so."
    return [Remark("line_break", column.name, text)]

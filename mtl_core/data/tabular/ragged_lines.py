"""Text files whose lines do not have as many columns as the header: refused with the line and the remedy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv

from mtl_core.data.reading.arrow_memory import reader_of
from mtl_core.errors import UserError

LONGEST_SHOWN = 40


def refuse_ragged_lines(path: Path, content: bytes, parse: Mapping[str, Any]) -> None:
    """Refuse the text ``content`` if lines of it have more or fewer columns than the header.

    Args:
        path: of the file, for the message.
        content: of the file.
        parse: options of Arrow's parser.

    Raises:
        UserError: with the number of the line; where most lines differ, the header is said to stand further down.
    """
    odd: list[csv.InvalidRow] = []

    def note(row: csv.InvalidRow) -> str:
        odd.append(row)
        return "skip"

    block = csv.ReadOptions(use_threads=False, block_size=min(2 * len(content) + 1, 2**31 - 1))
    options = csv.ParseOptions(**parse, invalid_row_handler=note)
    try:
        kept = csv.read_csv(reader_of(content), read_options=block, parse_options=options).num_rows
    except pa.ArrowInvalid:
        return
    if not odd:
        return
    columns, number = Counter(row.actual_columns for row in odd).most_common(1)[0]
    if number > kept:
        _refuse_what_stands_above(path, content, next(row for row in odd if row.actual_columns == columns))
    first = odd[0]
    more = f", and {len(odd) - 1:,} more lines differ" if len(odd) > 1 else ""
    found = f"line {_line_of(content, first)} has {_columns(first.actual_columns)}, the header {first.expected_columns}"
    advice = (
        "Put text that holds the delimiter in quotation marks, or mend the line."
        if first.actual_columns > first.expected_columns
        else "Complete the line or delete it, and look for a quotation mark that is not closed."
    )
    raise UserError(str(path), f"{found}{more}.", advice)


def _refuse_what_stands_above(path: Path, content: bytes, header: csv.InvalidRow) -> None:
    line = _line_of(content, header)
    above = _lines(content)[0][:LONGEST_SHOWN]
    which = "line 1" if line == 2 else f"lines 1 to {line - 1}"
    found = f"line 1 ({above!r}) has {_columns(header.expected_columns)}, line {line} and most others have"
    advice = f"The header has to be the first line: delete {which}, if line {line} is the header."
    if header.actual_columns > header.expected_columns:
        advice += " If line 1 is, put in quotation marks what holds the delimiter, such as numbers with decimal commas."
    raise UserError(str(path), f"{found} {header.actual_columns}.", advice)


def _line_of(content: bytes, row: csv.InvalidRow) -> int:
    """Return the number of the line at which ``row`` begins; Arrow skips blank lines in its count."""
    begin = _lines((row.text or "").encode())[0]
    return next((number for number, text in enumerate(_lines(content), start=1) if text == begin), row.number or 0)


def _lines(content: bytes) -> list[str]:
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    return re.split("\r\n|\n|\r", text)  # splitlines would also break at signs that Arrow takes for letters


def _columns(number: int) -> str:
    return f"{number} column{'s' * (number != 1)}"

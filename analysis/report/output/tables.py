"""A table once, in every format: CSV for programs, LaTeX for papers, Markdown for notes, cells for the page.

CSV keeps every digit; the others round as a reader would.  All text goes through
:mod:`analysis.report.output.escaping`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.report.output.escaping import for_csv, for_latex, for_markdown, plain

NOTHING = "–"
LARGEST_WHOLE = 2.0**53
"""Real numbers from here on are all whole, and are not written out."""
MINUS, NARROW_SPACE = "\u2212", "\u202f"


@dataclass(frozen=True)
class Table:
    """A frame with what a reader must know to read it.

    Args:
        name: stem of the files; not taken from data.
        caption: what the rows are, the unit, n.
        frame: the cells; the column names become the header, with underscores as spaces.
        title: heading in the page, where it has one.
        when_empty: what the page says instead of a table without rows.
        most_rows: the page shows so many; the files have all.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    title: str = ""
    when_empty: str = ""
    most_rows: int = 200

    @cached_property
    def header(self) -> list[str]:
        """The columns' names for people."""
        return [plain(str(column)).replace("_", " ") for column in self.frame.columns]

    @cached_property
    def cells(self) -> list[list[str]]:
        """The rows for people."""
        columns = [_cells(list(self.frame.iloc[:, place])) for place in range(self.frame.shape[1])]
        return [list(row) for row in zip(*columns, strict=True)]

    @property
    def files(self) -> list[tuple[str, str]]:
        """Labels and paths of the files, relative to the page."""
        kinds = {"CSV": "csv", "LaTeX": "tex", "Markdown": "md"}
        return [(label, f"tables/{self.name}.{ending}") for label, ending in kinds.items()]

    @cached_property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers only; those are set flush right."""
        columns = (self.frame.iloc[:, place] for place in range(self.frame.shape[1]))
        return [all(_is_number(value) or _is_nothing(value) for value in column) for column in columns]

    def save(self, folder: Path) -> None:
        """Write ``<name>.csv``, ``.tex`` and ``.md`` into ``folder``."""
        for ending, text in ((".csv", to_csv(self)), (".tex", to_latex(self)), (".md", to_markdown(self))):
            (folder / f"{self.name}{ending}").write_text(text, encoding="utf-8", newline="")


def shown(value: Any) -> str:
    """A cell as a reader wants it: a true minus sign, grouped thousands, three significant digits, – for nothing."""
    if _is_nothing(value):
        return NOTHING
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(part) for part in value)
    if _is_truth(value):
        return "yes" if value else "no"
    if not _is_number(value):
        return plain(str(value))
    if isinstance(value, Integral):
        return _with_signs(f"{int(value):,}")
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}∞"
    return _with_signs(f"{value:,.2f}" if 0.095 <= abs(value) < 1e6 or value == 0 else f"{value:.3g}")


def to_csv(table: Table) -> str:
    """Every digit of every number; no text cell is a formula (also none of the header)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([for_csv(str(column)) for column in table.frame.columns])
    writer.writerows([[_raw(value) for value in row] for row in table.frame.itertuples(index=False, name=None)])
    return text.getvalue()


def to_latex(table: Table) -> str:
    """A ``booktabs`` table; ``\\usepackage[T1]{fontenc}`` and ``\\usepackage{booktabs,textcomp}`` are all it needs."""
    columns = "".join("r" if numeric else "l" for numeric in table.numeric)
    sinks = [_number_in_latex if numeric else for_latex for numeric in table.numeric]
    rows = [[sink(cell) for sink, cell in zip(sinks, row, strict=True)] for row in table.cells]
    body = "\n".join(f"  {' & '.join(row)} \\\\" for row in rows)
    return (
        f"\\begin{{table}}\n  \\caption{{{for_latex(table.caption)}}}\n  \\label{{tab:{for_latex(table.name)}}}\n"
        f"  \\begin{{tabular}}{{{columns}}}\n  \\toprule\n  {' & '.join(map(for_latex, table.header))} \\\\\n"
        f"  \\midrule\n{body}\n  \\bottomrule\n  \\end{{tabular}}\n\\end{{table}}\n"
    )


def to_markdown(table: Table) -> str:
    """A pipe table with its caption above."""
    rule = ["---:" if numeric else ":---" for numeric in table.numeric]
    rows = [list(map(for_markdown, row)) for row in [table.header, *table.cells]]
    lines = [f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]]]
    return f"{for_markdown(table.caption)}\n\n" + "\n".join(lines) + "\n"


def frame_of(rows: Sequence[Any], **columns: Callable[[Any], Any]) -> pd.DataFrame:
    """One row per element of ``rows``, one column per function; the columns are there when there are no rows."""
    return pd.DataFrame({name: [value(row) for row in rows] for name, value in columns.items()}, dtype=object)


def _cells(values: list[Any]) -> list[str]:
    """A column for people: whole numbers stay whole although a gap has made the column one of real numbers."""
    numbers = [value for value in values if _is_number(value) and not _is_nothing(value)]
    if numbers and all(abs(value) < LARGEST_WHOLE and value == int(value) for value in numbers):
        values = [int(value) if _is_number(value) and not _is_nothing(value) else value for value in values]
    return [shown(value) for value in values]


def _raw(value: Any) -> str:
    if _is_nothing(value):
        return ""
    if isinstance(value, (list, tuple)):
        text = ", ".join(map(str, value))
        return text if all(map(_is_number, value)) else for_csv(text)  # a minus in front of numbers is no formula
    return repr(value.item() if hasattr(value, "item") else value) if _is_number(value) else for_csv(str(value))


def _number_in_latex(cell: str) -> str:
    if cell == NOTHING:
        return "--"
    return f"${cell.replace(MINUS, '-').replace(NARROW_SPACE, chr(92) + ',').replace('∞', chr(92) + 'infty')}$"


def _with_signs(text: str) -> str:
    return text.replace(",", NARROW_SPACE).replace("-", MINUS)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not _is_truth(value)


def _is_truth(value: Any) -> bool:
    return type(value).__name__ in ("bool", "bool_")  # of Python and of NumPy


def _is_nothing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (_is_number(value) and math.isnan(float(value)))

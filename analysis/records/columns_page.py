"""The documentation of the records' columns, as data and as a page.

``python -m analysis.records.columns_page > docs/reference/columns.md`` writes the page anew after a column has changed.
"""

from __future__ import annotations

import pyarrow as pa

from analysis.records.schema import RECORD_KINDS

INTRODUCTION = """\
# The columns of the records

A run directory holds one directory of parquet files for each kind of records below; `analysis.load(run)` reads them as
pandas tables.  `mtl-study list columns` prints this page, with `--json` for programs.  It is written by
`python -m analysis.records.columns_page > docs/reference/columns.md` from `analysis/records/schema.py`."""


def column_facts(kind: str) -> list[dict[str, str]]:
    """Return ``column, type, unit, meaning`` of every column of a kind of records, in the file's order."""
    return [
        {"column": name, "type": _type(column.type), "unit": column.unit, "meaning": column.meaning}
        for name, column in RECORD_KINDS[kind].columns.items()
    ]


def columns_page() -> str:
    """Return the page of all columns, in Markdown."""
    return "\n\n".join([INTRODUCTION, *(_section(kind) for kind in RECORD_KINDS)]) + "\n"


def _section(kind: str) -> str:
    described = RECORD_KINDS[kind]
    lines = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for facts in column_facts(kind):
        lines.append(f"| `{facts['column']}` | {facts['type']} | {facts['unit'] or '–'} | {facts['meaning']} |")
    return f"## {described.heading}: `{kind}/`\n\nOne row per {described.row}.\n\n" + "\n".join(lines)


def _type(arrow: pa.DataType) -> str:
    return f"list of {arrow.value_type}" if isinstance(arrow, pa.ListType) else str(arrow)


if __name__ == "__main__":
    print(columns_page(), end="")

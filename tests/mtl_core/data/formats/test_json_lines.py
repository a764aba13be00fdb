"""JSON lines: an object a row; a missing key is a missing value."""

from __future__ import annotations

import json
from pathlib import Path

from tests.mtl_core.data.formats.tables import as_from_csv, built, packed, small_table


def test_objects_are_rows_and_a_key_may_be_left_out(tmp_path: Path) -> None:
    rows = small_table().to_pylist()
    lines = [json.dumps({key: value for key, value in row.items() if value is not None}) for row in rows]
    content = "\n".join(lines).encode()
    (tmp_path / "t.jsonl").write_bytes(content)
    (tmp_path / "t.jsonl.gz").write_bytes(packed(content, "gzip"))
    assert {built(tmp_path / name).fingerprint() for name in ("t.jsonl", "t.jsonl.gz")} == {as_from_csv(tmp_path)}


def test_a_type_is_that_of_all_rows(tmp_path: Path) -> None:
    """A fraction in the last of many rows makes all of them numbers with fractions."""
    lines = [json.dumps({"a": number, "y_1": number % 2, "y_2": number % 3}) for number in range(50_000)]
    (tmp_path / "t.jsonl").write_text("\n".join([*lines, '{"a": 0.5, "y_1": 0, "y_2": 1}']))
    task_set = built(tmp_path / "t.jsonl")
    assert task_set.columns[0].kind.startswith("numeric")

"""What is said of the values of a column, whatever its type."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from mtl_core.data.tabular.column_values import facts_of_column, stored_kind
from mtl_core.data.tabular.columns import Column


@pytest.mark.parametrize(
    ("values", "kind", "distinct", "smallest"),
    [
        (pa.array([1.5, None, float("inf")]), "numeric", 2, 1.5),
        (pa.array([True, False, None]), "boolean", 2, None),
        (pa.array(["x", "y", "x"]), "categorical", 2, None),
        (pa.array([0, 1], pa.timestamp("s")), "date", 2, "1970-01-01 00:00:00"),
        (pa.array([0, 253402387200], pa.timestamp("s")), "date", 2, "1970-01-01 00:00:00"),
        (pa.array([[1], [2]]), "list<item: int64>", None, None),
        (pa.array([b"x", b"y"]), "binary", 2, None),
        (pa.array([1, 2], pa.duration("s")), "duration[s]", 2, None),
        (pa.array([b"0" * 16, b"1" * 16], pa.binary(16)).cast(pa.uuid()), "extension<arrow.uuid>", None, None),
        (pa.array([b"x", None], pa.binary_view()), "binary_view", None, None),
        (pa.nulls(3), "categorical", 0, None),
        (pa.array([], pa.float64()), "numeric", 0, None),
    ],
)
def test_columns_of_any_type_have_facts(values: pa.Array, kind: str, distinct: int | None, smallest: object) -> None:
    column = Column("c", "t: column 'c'", pa.chunked_array([values]))
    facts = facts_of_column(column, "left out", stored_kind(column), "", "")
    assert (facts.kind, facts.distinct, facts.smallest) == (kind, distinct, smallest)
    json.dumps(facts.facts(), allow_nan=False)

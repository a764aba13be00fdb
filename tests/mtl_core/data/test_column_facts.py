"""Facts about a column can be written as JSON and read again."""

from __future__ import annotations

import json

from mtl_core.data.column_facts import ColumnFacts


def test_facts_are_json_and_whole() -> None:
    facts = ColumnFacts("c", "input", "categorical", "stored as string", 1, 2, None, None, (("red", 3),), "2 columns")
    read = json.loads(json.dumps(facts.facts()))
    assert ColumnFacts(**{**read, "common": tuple(map(tuple, read["common"]))}) == facts

"""What is said of every column: its role, its values and what was done to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtl_core.data.column_facts import ColumnFacts
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built

WORDS = np.array(["red", "green", "blue"])[np.arange(ROWS) % 3]


def by_name(columns: tuple[ColumnFacts, ...]) -> dict[str, ColumnFacts]:
    return {facts.name: facts for facts in columns}


def test_every_column_is_listed_with_its_role_and_treatment(tmp_path: Path) -> None:
    holes = np.where(np.arange(ROWS) % 7 == 0, np.nan, NUMBERS[0])
    changes = {"a": holes, "word": WORDS, "row": np.arange(ROWS), "out": NUMBERS[0], "site": np.arange(ROWS) // 4}
    columns = by_name(built(tmp_path, changes, groups="site", ignore=("out",)).columns)
    assert {name: facts.role for name, facts in columns.items()} == {
        "a": "input",
        "b": "input",
        "y": "target",
        "word": "input",
        "row": "left out",
        "out": "left out",
        "site": "group",
    }
    assert columns["a"].treatment == "standardised; missing: training mean and a 0/1 column"
    assert columns["a"].missing == np.isnan(holes).sum()
    assert columns["b"].treatment == "standardised"
    assert columns["b"].smallest == NUMBERS[1].min()
    assert columns["b"].largest == NUMBERS[1].max()
    assert columns["b"].distinct == len(np.unique(NUMBERS[1]))
    assert columns["row"].treatment == "it numbers the rows"
    assert columns["out"].treatment == "as asked"
    assert columns["word"].treatment == f"{len(set(WORDS))} 0/1 columns"
    assert sum(count for _, count in columns["word"].common) <= ROWS
    assert columns["y"].kind == "regression"


def test_large_offsets_are_said_to_be_centred(tmp_path: Path) -> None:
    facts = by_name(built(tmp_path, {"a": NUMBERS[0] + 1e9}).columns)["a"]
    assert facts.treatment == "centred in float64, standardised"

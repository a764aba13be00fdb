"""Values that differ in case or blanks alone are remarked upon."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.data.tabular.spellings import remarks_on_spellings
from tests.mtl_core.data.tabular.files import ROWS, built, column


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["red", "Red ", "blue"], "'Red ', 'red'"),
        (["New York", "new  york"], "'New York', 'new  york'"),
        (["caf\u00e9", "cafe\u0301"], r"'cafe\u0301', 'caf\xe9'"),
        (["ab", "a\u200bb"], "'ab', 'a\\u200bb'"),
        (["x", "01", "1"], "'01', '1'"),
        (["x", "1e3", "1000"], "'1000', '1e3'"),
        (["12345678901234567890", "12345678901234567891"], None),
        (["a", "b"], None),
    ],
)
def test_spellings(names: list[str], said: str | None) -> None:
    remarks = remarks_on_spellings(column(names), names)
    assert bool(remarks) == bool(said)
    assert said is None or said in remarks[0].text


@pytest.mark.parametrize("name", ["a", "y"])
def test_classes_and_categories_are_looked_at(tmp_path: Path, name: str) -> None:
    words = [["yes", "Yes", "no"][number % 3] for number in range(ROWS)]
    assert any("case or blanks" in remark.text for remark in built(tmp_path, {name: words}).remarks)

"""Words that say that nothing is known, among classes and categories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mtl_core.data.tabular.files import ROWS, built


def words_said(folder: Path, word: str, name: str = "y", **options: Any) -> list[str]:
    cells = [("yes", "no", word)[row % 3] for row in range(ROWS)]
    return [remark.text for remark in built(folder, {name: cells}, **options).remarks if remark.kind == "missing_code"]


@pytest.mark.parametrize("word", ["", " ", "?", "Unknown", "None", "n/a", "NaN", "<NA>", "-"])
@pytest.mark.parametrize("name", ["y", "c"])
def test_a_word_for_missing_is_said_with_how_to_declare_it(word: str, name: str, tmp_path: Path) -> None:
    (text,) = words_said(tmp_path, word, name)
    assert f"{word!r} (" in text
    assert f"missing: {{{name}: [" in text
    assert not words_said(tmp_path, word, name, missing={name: (word,)})


def test_what_is_declared_to_be_a_value_and_other_words_are_not_said(tmp_path: Path) -> None:
    assert not words_said(tmp_path, "NA", missing={"y": ()})
    assert not words_said(tmp_path, "maybe")

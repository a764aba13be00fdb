"""Lines with another number of columns than the header: the line is named, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, lines, text_built

PLAIN = lines("a,b,y", *NUMBERS[:3])
HEADER, FIRST, REST = PLAIN.split("\n", 2)


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("# made by a program\n", "line 1 ('# made by a program') has 1 column, line 2 and most others have 3"),
        ("# made by x; on 3 May\n", "line 2"),
        ("Report\n\nof 2024, north\n", "lines 1 to 3"),
        ("# a, comment, with, many, commas\n", "line 1 ('# a, comment, with, many, commas') has 5 columns"),
        ("sep=,\n", "line 1 ('sep=,') has 2 columns"),
    ],
)
def test_what_stands_above_the_header_is_told(above: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        text_built(tmp_path, above + PLAIN)
    assert told in f"{caught.value.found} {caught.value.remedy}"
    assert "delete" in caught.value.remedy
    assert text_built(tmp_path, PLAIN).development.num_inputs == 2


@pytest.mark.parametrize(
    ("line", "told", "remedy"),
    [
        ("1,2", "line 4 has 2 columns, the header 3", "Complete"),
        ("1,2,3,", "line 4 has 4 columns, the header 3", "quotation marks"),
        ("Total", "line 4 has 1 column, the header 3", "delete"),
    ],
)
def test_a_line_of_another_length_is_named(line: str, told: str, remedy: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        text_built(tmp_path, f"{HEADER}\n\n{FIRST}\n{line}\n{REST}{line}\n")
    assert caught.value.found == f"{told}, and 1 more lines differ."
    assert remedy in caught.value.remedy

"""Names and patterns: an exact name wins, and brackets are letters like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.tabular.column_names import nearest_name, refuse_unmatched, selected, without_blanks
from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built, lines, text_built

NAMES = ["y1", "y[1]", "y*", "y_a", "Temp [C]", "x"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("y[1]", ["y[1]"]),
        ("Temp [C]", ["Temp [C]"]),
        ("y*", ["y*"]),
        ("y?", ["y1", "y*"]),
        ("*[*", ["y[1]", "Temp [C]"]),
        ("*", NAMES),
        ("z", []),
    ],
)
def test_what_a_pattern_stands_for(pattern: str, names: list[str]) -> None:
    assert selected([pattern], NAMES) == names


@given(names=st.lists(st.text(max_size=6), min_size=1, max_size=6, unique=True))
def test_every_name_stands_for_its_own_column(names: list[str]) -> None:
    assert all(selected([name], names) == [name] for name in names)


def test_names_in_one_are_answered_with_how_to_write_them() -> None:
    with pytest.raises(UserError, match=r"--targets 'y1' --targets 'y_a'"):
        refuse_unmatched("targets", ["y1,y_a"], NAMES, "data.csv")


def test_a_slip_is_answered_with_the_nearest_name() -> None:
    assert nearest_name("y_b", NAMES) == "Did you mean 'y_a'?"
    assert "' x'" in nearest_name("nothing", [" x"])


def test_blanks_around_headers_are_dropped_and_said(tmp_path: Path) -> None:
    task_set = text_built(tmp_path, lines("a, b, y_1\t", *NUMBERS[:3]))
    assert [task.name for task in task_set.tasks] == ["y_1"]
    assert sum("begins or ends with a blank" in remark.text for remark in task_set.remarks) == 2


def test_names_that_blanks_alone_tell_apart_are_refused() -> None:
    with pytest.raises(UserError, match="twice"):
        without_blanks(["a", " a"], "data.csv")


def test_a_column_without_a_name_is_left_out_and_said(tmp_path: Path) -> None:
    task_set = text_built(tmp_path, lines("a,,y", *NUMBERS[:3]))
    assert task_set.development.num_inputs == 1
    assert any("without a name" in remark.text for remark in task_set.remarks)


def test_what_a_column_without_a_name_holds_does_not_matter(tmp_path: Path) -> None:
    task_set = built(tmp_path, {"": [[1, 2]] * ROWS})
    assert task_set.development.num_inputs == 2
    assert any("without a name" in remark.text for remark in task_set.remarks)

"""Names that look alike, or that are values."""

from __future__ import annotations

import pytest

from mtl_core.data.tabular.odd_headers import remarks_on_headers


@pytest.mark.parametrize(
    "names", [["Age", "age", "y"], ["y_\u00e9", "y_e\u0301"], ["a b", "a\u00a0b"], ["a\u200bb", "ab"], ["\uff59", "y"]]
)
def test_names_that_look_alike_are_said(names: list[str]) -> None:
    (remark,) = remarks_on_headers(names)
    assert remark.kind == "header_alike"
    assert remark.text.isascii()


def test_a_header_of_values_is_said() -> None:
    (remark,) = remarks_on_headers(["0.25", "-3", "7", "1e-3"])
    assert remark.kind == "no_header"
    assert "'0.25', '-3', '1e-3'" in remark.text


@pytest.mark.parametrize("names", [["2021", "2022", "a"], ["a", "0.5", "b"], ["x", "y_1", "nan", "inf"], []])
def test_usual_names_are_not(names: list[str]) -> None:
    assert remarks_on_headers(names) == []

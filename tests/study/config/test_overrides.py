"""``--set section.key=value``."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.errors import UserError
from study.config.overrides import override


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a.b=2", {"a": {"b": 2, "c": 1}}),
        ("a.c=[1, x]", {"a": {"b": 0, "c": [1, "x"]}}),
        ("a.d.e=1e-3", {"a": {"b": 0, "c": 1, "d": {"e": 0.001}}}),
        ("new=a=b", {"a": {"b": 0, "c": 1}, "new": "a=b"}),
        ("a=", {"a": None}),
    ],
)
def test_a_value_is_set_where_the_text_says(text: str, result: dict[str, Any]) -> None:
    data: dict[str, Any] = {"a": {"b": 0, "c": 1}}
    override(data, text)
    assert data == result


def test_keys_may_be_given_apart_from_the_text() -> None:
    data: dict[str, Any] = {}
    override(data, "suite.x.training.epochs=3", "training.epochs")
    assert data == {"training": {"epochs": 3}}


@pytest.mark.parametrize("text", ["a", "a.=1", ".a=1", "a..b=1", "=1"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"section\.key=value") as refused:
        override({}, text)
    assert refused.value.where == f"--set {text}"


def test_a_key_is_no_section() -> None:
    with pytest.raises(UserError, match="'a' is no section"):
        override({"a": 1}, "a.b=2")

"""Advice names a column as a study file must."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.tabular.yaml_names import in_yaml


@pytest.mark.parametrize("name", ["y_1", "Temp [C]", "2021", "a: b", "it's", "null", "a\nb", "x#", "{a}", "-", "?", ""])
def test_a_quoted_name_is_read_as_the_name(name: str) -> None:
    assert yaml.safe_load(f"kinds: {{{in_yaml(name)}: numeric}}") == {"kinds": {name: "numeric"}}


def test_a_plain_name_stays_plain() -> None:
    assert in_yaml("y_1") == "y_1"


@given(st.text(st.characters(exclude_categories=("Cs", "Cn", "Co")), max_size=12))
def test_every_name_is_read_as_itself(name: str) -> None:
    loaded = yaml.load(f"{{{in_yaml(name)}: 1}}", Loader=yaml.BaseLoader)
    assert list(loaded) == [name]

"""Errors of a study file in words."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from study.config.spec import Spec
from study.config.strict_yaml import Document
from study.config.validation_errors import user_error_of

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-10, 10**6)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["all", "hard"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["uniform", "seeds", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


GOOD = Spec.model_validate({"tasks": {"set": "digits3"}}).plain()


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_a_study_file_with_anything_in_it_is_a_study_or_a_mistake(data: st.DataObject) -> None:
    plain: dict[str, Any] = copy.deepcopy(GOOD)
    section = data.draw(st.sampled_from([*plain, "other"]))
    if isinstance(plain.get(section), dict) and data.draw(st.booleans()):
        plain[section][data.draw(st.sampled_from([*plain[section], "other"]))] = data.draw(VALUES)
    else:
        plain[section] = data.draw(VALUES)
    try:
        assert Spec.model_validate(Spec.model_validate(plain).plain())
    except ValidationError as error:
        mistake = user_error_of(error, Document(plain), "study.yaml")
        assert mistake.where.startswith("study.yaml")
        assert len(mistake.found) > 5
        assert len(mistake.remedy) > 5

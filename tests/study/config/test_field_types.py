"""Kinds of value in a study file: what they accept, and what they answer to the rest."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from mtl_core.search_space import LogUniform, Uniform
from study.config.field_types import (
    BudgetField,
    Levels,
    Options,
    StudyName,
    Tuned,
    count_or_all,
    is_number,
    levels_or_all,
    number_or_auto,
    one_of,
    options_by_name,
    sampling_rule,
)


def read(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (Levels[int], 8, (8,)),
        (Levels[int], [8, 16], (8, 16)),
        (Annotated[str, one_of("sharing")], "hard", "hard"),
        (Annotated[Any, levels_or_all(0, 4)], "all", "all"),
        (Annotated[Any, levels_or_all(0, 4)], 4, (4,)),
        (Annotated[Any, count_or_all(1)], 3, 3),
        (Annotated[Any, number_or_auto(0, 100)], "auto", "auto"),
        (Annotated[Any, number_or_auto(0, 100)], 2, 2.0),
        (Annotated[Any, sampling_rule()], 2.5, 2.5),
        (Annotated[Any, options_by_name("sharing")], {"mmoe": {"experts": 4}}, {"mmoe": {"experts": 4}}),
        (Options, {"norm": "layer"}, {"norm": "layer"}),
        (Tuned, 0.1, 0.1),
        (Tuned, {"uniform": [0, 0.5]}, Uniform(0.0, 0.5)),
        (Tuned, {"log_uniform": [1e-4, 1e-2]}, LogUniform(1e-4, 1e-2)),
        (BudgetField, "1h30m", 5400.0),
        (StudyName, "my-study_2", "my-study_2"),
    ],
)
def test_what_is_accepted(kind: Any, value: Any, result: Any) -> None:
    assert read(kind, value) == result


@pytest.mark.parametrize(
    ("kind", "value", "remedy"),
    [
        (Levels[int], [], "at least one level"),
        (Levels[int], [8, 8], "Keep one"),
        (Annotated[str, one_of("sharing")], "hrad", "'hard'"),
        (Annotated[Any, levels_or_all(0, 4)], [5], "from 0 to 4"),
        (Annotated[Any, levels_or_all(0, 4)], True, "from 0 to 4"),
        (Annotated[Any, count_or_all(1)], 0, "from 1 up"),
        (Annotated[Any, number_or_auto(0, 100)], "wide", "Write auto, or a number from 0 to 100"),
        (Annotated[Any, number_or_auto(0, 100)], 101, "from 0 to 100"),
        (Annotated[Any, number_or_auto(0, 100)], True, "from 0 to 100"),
        (Annotated[Any, sampling_rule()], 0.5, "temperature"),
        (Annotated[Any, options_by_name("sharing")], {"mmeo": {}}, "'mmoe'"),
        (Options, {"norm": None}, "option: value"),
        (Tuned, -1, "from 0 up"),
        (Tuned, {"uniform": [2, 1]}, "low < high"),
        (Tuned, {"log_uniform": [0, 1]}, "above 0"),
        (BudgetField, "soon", "1h30m"),
        (StudyName, "../x", "plain name"),
    ],
)
def test_what_is_refused_has_a_remedy(kind: Any, value: Any, remedy: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(kind, value)
    (finding,) = refused.value.errors()
    assert remedy in finding["ctx"]["remedy"]
    assert finding["ctx"]["found"].endswith(".")


def test_true_and_infinity_are_no_numbers() -> None:
    assert [is_number(value) for value in (1, 0.5, True, float("inf"), float("nan"), "1")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip

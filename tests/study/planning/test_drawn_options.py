"""Options that have a range in the study file: drawn, not handed to the architecture, and refused where unsound."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.errors import UserError
from mtl_core.registry import find
from mtl_core.search_space import LogUniform, Uniform
from study.config.sections import Training
from study.planning.arm import Arm
from study.planning.drawn_options import range_of, settled_options, without_ranges
from study.planning.training_settings import TrainingSettings, recipe_of


def test_a_range_is_told_from_values() -> None:
    assert range_of({"uniform": [0, 0.5]}) == Uniform(0.0, 0.5)
    assert range_of({"log_uniform": [0.1, 1]}) == LogUniform(0.1, 1.0)
    values: list[Any] = [0.5, None, "uniform", [0, 1], {}, {"left": 1.0}, {"uniform": [1, 0]}, {"log_uniform": [0, 1]}]
    assert [range_of(value) for value in values] == [None] * len(values)


def test_an_option_that_is_drawn_is_none_of_the_recipe() -> None:
    options = {"experts": 3, "gate_dropout": {"uniform": [0.0, 0.3]}}
    assert settled_options(options) == {"experts": 3}
    settings = TrainingSettings(Training(sharing_options={"mmoe": options}))
    assert recipe_of(Arm("mmoe", 1, 2, 8), settings).sharing_options == {"experts": 3}


@pytest.mark.parametrize(
    "value",
    [{"uniform": [0, 0.9]}, {"uniform": [0.5, 0]}, {"log_uniform": [0, 0.5]}, {"normal": [0, 1]}, {"uniform": 1}],
)
def test_a_range_that_is_none_or_leaves_the_options_own_is_refused(value: Any) -> None:
    with pytest.raises(UserError, match=r"gate_dropout is tuned between 0 and 0\.5") as refused:
        without_ranges(find("sharing", "mmoe"), {"gate_dropout": value}, "training.sharing_options.mmoe")
    assert refused.value.where == "training.sharing_options.mmoe.gate_dropout"


def test_only_numbers_that_are_tuned_have_a_range() -> None:
    """Other options pass on, to be refused as the wrong type."""
    for kind, name, options in [
        ("sharing", "mmoe", {"experts": {"uniform": [2, 4]}}),
        ("weighting", "fixed", {"weights": {"uniform": [0, 1]}}),
        ("weighting", "worst_case", {"baseline": {"uniform": 0.5}}),
    ]:
        assert without_ranges(find(kind, name), options, "here") == options
    assert without_ranges(find("sharing", "mmoe"), {"gate_dropout": {"uniform": [0, 0.5]}}, "here") == {}

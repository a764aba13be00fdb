"""Arms with their hyperparameters as parameters of Optuna."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from study.planning.sampling.encoding import Encoding
from study.planning.search_space import SearchSpace
from tests.study.planning.strategies.played import space

WEIGHTINGS = {"factors": {"weighting": ["equal", "fixed", "uncertainty"]}}


def encoded(**changes: Any) -> tuple[SearchSpace, Encoding]:
    among = space(**changes)
    return among, Encoding(among.candidates, among.draws)


@pytest.mark.parametrize("norms", [None, ["none", "layer"]])
def test_a_point_stands_for_the_arm_and_values_that_it_was_made_of(norms: Any) -> None:
    among, encoding = encoded(factors=WEIGHTINGS["factors"] | {"norm": norms})
    for arm in among.candidates:
        for draw in range(4):
            values = among.draws.of(arm, draw)
            point = encoding.point(arm, values)
            assert encoding.arm(point, among.candidates) == arm
            found = encoding.hyperparameters(point, arm)
            assert found.keys() == values.keys()
            for name, value in values.items():
                assert found[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-6, abs=1e-9))


def test_every_trial_has_the_same_parameters() -> None:
    _, encoding = encoded(**WEIGHTINGS)
    study = optuna.create_study()
    names = {frozenset(encoding.suggest(study.ask())) for _ in range(20)}
    assert len(names) == 1


def test_a_level_that_is_ruled_out_stands_for_the_nearest() -> None:
    among, encoding = encoded()
    arms = {arm.label: arm for arm in among.candidates}
    point = encoding.point(arms["hard d3 w4 l3 equal adamw"], {})
    assert encoding.arm(point | {"stages": 2}, among.candidates).label == "hard d3 w4 l3 equal adamw"
    left = [arm for arm in among.candidates if arm.stages < 3]
    assert encoding.arm(point, left).label == "hard d2 w4 l2 equal adamw"


def test_what_is_fixed_is_no_parameter_and_has_its_value() -> None:
    among, encoding = encoded(tuning={"dropout": 0.25})
    arm = among.candidates[0]
    point = encoding.point(arm, {})
    assert not [name for name in point if "dropout" in name]
    assert encoding.hyperparameters(point, arm)["dropout"] == 0.25

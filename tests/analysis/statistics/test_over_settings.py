"""The mean of a method over its settings, seed by seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.over_settings import mean_over_settings

INFLUENCE = np.array([0.5, -0.5])


def rows(method: str, arm: str, gains: dict[int, float], variance: float) -> pd.DataFrame:
    frame = pd.DataFrame({"method": method, "arm": arm, "seed": list(gains), "gain": list(gains.values())})
    facts = {"test_variance": variance, "test_degrees": 9 - variance, "fold": 0, "weight": 1.0}
    return frame.assign(**facts, test_influence=[INFLUENCE] * len(gains))


def test_a_seed_has_the_mean_gain_with_the_larger_test_part() -> None:
    found = mean_over_settings(
        pd.concat([rows("a", "narrow", {1: 2.0, 2: 4.0}, 1.0), rows("a", "wide", {1: 6.0}, 3.0)]),
        ["method"],
        arms=("arm", "nunique"),
    ).set_index("seed")
    assert found["gain"].to_dict() == pytest.approx({1: 4.0, 2: 4.0})
    assert (found.loc[1, "test_variance"], found.loc[1, "test_degrees"], found.loc[1, "arms"]) == (3.0, 6.0, 2)


def test_what_test_examples_contribute_is_known_of_a_method_with_one_setting_only() -> None:
    several = [rows("a", "narrow", {1: 2.0, 2: 4.0}, 1.0), rows("a", "wide", {2: 6.0}, 3.0)]
    found = mean_over_settings(pd.concat([*several, rows("b", "narrow", {1: 1.0}, 1.0)]), ["method"])
    known = found.groupby("method")["test_influence"].first()
    assert known["b"] is INFLUENCE
    assert all(one is None for one in found.loc[found["method"] == "a", "test_influence"])
    assert mean_over_settings(rows("a", "narrow", {1: 2.0}, 1.0))["test_influence"].iloc[0] is INFLUENCE

"""What rankings have in common: mean gains, distance to the best, places."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.questions._ranked import behind_columns, mean_gains, places
from analysis.statistics.intervals import paired_gain
from analysis.statistics.paired_gains import MEAN, TASK

SEEDS = 8


def scores() -> pd.DataFrame:
    rows = [
        {
            "quantity": quantity, "scope": scope, "arm": arm, "seed": seed, "gain": level + 0.1 * seed,
            "level_divisor": 1, "family": 3, "test_variance": 0.0, "test_degrees": 0,
        }
        for arm, level in (("b", 2.0), ("a", 1.0))
        for quantity in ("gain", "behind")
        for scope in (MEAN, TASK)
        for seed in range(SEEDS)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(gain=frame["gain"].where(frame["scope"] == MEAN, 99.0))


def test_mean_gains_are_of_one_quantity_and_of_the_mean_over_tasks() -> None:
    found = mean_gains(scores().query("quantity == 'gain' or arm == 'a'"), "behind", rival="arm", family="family")
    assert list(found) == ["a"]
    assert found["a"].mean == pytest.approx(1.0 + 0.1 * (SEEDS - 1) / 2)
    assert found["a"].n == SEEDS


def test_intervals_are_simultaneous_over_the_family_that_a_column_gives() -> None:
    wide, narrow = (
        mean_gains(scores().assign(family=family), "gain", rival="arm", family="family")["b"] for family in (20, 1)
    )
    assert wide.half_width == narrow.half_width == narrow.half_simultaneous
    assert wide.half_simultaneous > narrow.half_simultaneous


@pytest.mark.parametrize(("shift", "separable"), [(-3.0, True), (0.0, False), (3.0, False)])
def test_a_rival_is_separable_only_where_its_whole_interval_lies_below_zero(shift: float, separable: bool) -> None:
    gain = paired_gain(shift + np.linspace(-1, 1, 10), family=4)
    found = behind_columns(gain)
    assert found["separable"] is separable
    assert (found["behind"], found["behind_half"]) == (gain.mean, gain.half_simultaneous)


def test_the_best_and_a_rival_of_few_seeds_are_not_separable() -> None:
    best = behind_columns(None)
    assert (best["behind"], best["separable"]) == (0.0, False)
    assert np.isnan(best["behind_half"])
    assert not behind_columns(paired_gain(np.array([-5.0, -5.1])))["separable"]


def test_places_are_those_of_the_means_and_hold_for_all_rows_of_a_rival() -> None:
    rows = pd.DataFrame(
        [("a", MEAN, 1.0), ("a", TASK, 9.0), ("b", MEAN, 2.0), ("b", TASK, 0.0), ("c", MEAN, 1.0)],
        columns=["arm", "scope", "gain"],
    )
    assert places(rows, "arm").tolist() == [2, 2, 1, 1, 3]

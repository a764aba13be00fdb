"""Draws: common values that do not depend on the arm, spread evenly, and a prefix of a longer study's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from mtl_core.errors import UserError
from mtl_core.registry import entries
from mtl_core.search_space import LogUniform, Range, Simplex, Uniform
from study.config.sections import Tuning
from study.planning.arm import Arm
from study.planning.draws import COMMON, Draws, points

RANGES: dict[str, Range] = {
    "learning_rate": LogUniform(1e-3, 3e-2),
    "weight_decay": LogUniform(1e-6, 1e-1),
    "dropout": Uniform(0.0, 0.5),
}
EQUAL = Arm("hard", 1, 3, 64)
FIXED = Arm("hard", 2, 3, 16, weighting="fixed")
UNCERTAINTY = Arm("independent", 0, 2, 16, weighting="uncertainty")


def common(values: dict[str, object]) -> dict[str, object]:
    return {name: values[name] for name in COMMON}


@settings(max_examples=30, deadline=None)
@given(num_draws=st.integers(1, 40), num_tasks=st.integers(2, 12))
def test_every_arm_has_the_same_common_values_within_their_ranges(num_draws: int, num_tasks: int) -> None:
    draws = Draws(Tuning(draws=num_draws), num_tasks, RANGES)
    for draw in range(num_draws):
        values = [draws.of(arm, draw) for arm in (EQUAL, FIXED, UNCERTAINTY)]
        assert common(values[0]) == common(values[1]) == common(values[2]) == values[0]
        assert all(RANGES[name].holds(values[0][name]) for name in COMMON)
        assert len(values[1]["weights"]) == num_tasks
        assert sum(values[1]["weights"]) == pytest.approx(1)
        assert 1e-3 <= values[2]["step_size"] <= 1e-1


@settings(max_examples=20, deadline=None)
@given(short=st.integers(1, 30), more=st.integers(0, 30))
def test_a_larger_study_begins_with_the_smaller_ones_draws(short: int, more: int) -> None:
    small, large = (Draws(Tuning(draws=number), 3, RANGES) for number in (short, short + more))
    assert [small.of(FIXED, draw) for draw in range(short)] == [large.of(FIXED, draw) for draw in range(short)]


def test_draws_differ_and_are_spread_evenly() -> None:
    units = {name: Uniform(0.0, 1.0) for name in COMMON}
    cube = [list(point.values()) for point in points(units, 64, "common")]
    assert len({tuple(point) for point in cube}) == 64
    # The mean discrepancy of 64 random points in three dimensions is about 0.06; lattices of this size reach 0.01.
    assert qmc.discrepancy(cube) < 0.01


@pytest.mark.parametrize("arm", [FIXED, UNCERTAINTY], ids=["fixed", "uncertainty"])
def test_what_a_method_brings_is_not_locked_to_the_common_values(arm: Arm) -> None:
    """Eight draws visit all four quarters of (learning rate, own hyperparameter), although they are two sequences."""
    ranges = {"learning_rate": Uniform(0.0, 1.0), "weight_decay": Uniform(0.0, 1.0), "dropout": Uniform(0.0, 1.0)}
    draws = Draws(Tuning(draws=64), 2, ranges)
    own_name = {"fixed": "weights", "uncertainty": "step_size"}[arm.weighting]
    own = [draws.of(arm, draw)[own_name] for draw in range(64)]
    own = [value[0] if isinstance(value, tuple) else value for value in own]
    middle = sorted(own)[32]
    for name in COMMON:
        quarters = [(draws.of(arm, draw)[name] < 0.5, own[draw] < middle) for draw in range(64)]
        assert min(quarters.count(quarter) for quarter in {(a, b) for a in (True, False) for b in (True, False)}) >= 8


def test_fixing_one_hyperparameter_leaves_the_others_as_they_were() -> None:
    free, fixed = Draws(Tuning(draws=8), 2, RANGES), Draws(Tuning(draws=8, weight_decay=0, dropout=0.1), 2, RANGES)
    for draw in range(8):
        values = fixed.of(EQUAL, draw)
        assert values == free.of(EQUAL, draw) | {"weight_decay": 0.0, "dropout": 0.1}


def test_the_studys_range_replaces_the_optimisers() -> None:
    draws = Draws(Tuning(draws=16, learning_rate={"uniform": [0.5, 0.6]}), 2, RANGES)
    assert all(0.5 <= draws.of(EQUAL, draw)["learning_rate"] <= 0.6 for draw in range(16))


def test_the_optimisers_ranges_are_the_default() -> None:
    assert set(Draws(Tuning(draws=1), 2).common("adamw")) == set(COMMON)


def test_a_value_of_the_study_file_stands_in_every_draw_and_leaves_the_others_as_they_were() -> None:
    arm = Arm("mmoe", 1, 3, 64, weighting="gradnorm")
    options = {"sharing": {"mmoe": {"gate_dropout": 0.25, "experts": 3}}, "weighting": {"gradnorm": {"alpha": 7.0}}}
    free, fixed = Draws(Tuning(draws=4), 2, RANGES), Draws(Tuning(draws=4), 2, RANGES, options)
    for draw in range(4):
        assert fixed.of(arm, draw) == free.of(arm, draw) | {"gate_dropout": 0.25, "alpha": 7.0}
        assert fixed.of(EQUAL, draw) == free.of(EQUAL, draw)
    said = ["gradnorm: alpha is 7.0 in every draw", "mmoe: gate_dropout is 0.25 in every draw"]
    assert list(fixed.remarks([arm, arm, EQUAL])) == said


OWN = [(kind, name) for kind in ("weighting", "sharing") for name, entry in entries(kind).items() if entry.tunable]


def arm_of(kind: str, name: str) -> Arm:
    return Arm(name, 1, 3, 64) if kind == "sharing" else Arm("hard", 1, 3, 64, weighting=name)


@pytest.mark.parametrize(("kind", "name"), OWN)
def test_draw_0_holds_the_defaults_of_a_methods_own_hyperparameters(kind: str, name: str) -> None:
    draws = Draws(Tuning(draws=3), 4, RANGES)
    first, *others = (draws.of(arm_of(kind, name), draw) for draw in range(3))
    assert common(first) == common(draws.of(EQUAL, 0)), "what all arms have in common is drawn"
    for option, range_ in entries(kind)[name].tuned.items():
        default = entries(kind)[name].options[option].default
        assert first[option] == ((0.25,) * 4 if isinstance(range_, Simplex) else default)
        assert all(other[option] != first[option] for other in others)


@pytest.mark.parametrize(("kind", "name"), OWN)
def test_what_is_tuned_on_request_is_in_no_draw_that_nobody_asked_for(kind: str, name: str) -> None:
    draws, entry = Draws(Tuning(draws=2), 4, RANGES), entries(kind)[name]
    on_request = [option for option in entry.tunable if option not in entry.tuned]
    assert not {*on_request} & {*draws.of(arm_of(kind, name), 1)}
    assert all(entry.options[option].default == 0 for option in on_request), "a regulariser is off by default"


def test_a_range_of_the_study_file_is_drawn_from_and_leaves_the_others_as_they_were() -> None:
    arm = Arm("mmoe", 1, 3, 64, weighting="gradnorm")
    asked = {"gate_dropout": {"uniform": [0.1, 0.2]}}
    options = {"sharing": {"mmoe": asked}, "weighting": {"gradnorm": {"alpha": {"uniform": [1.0, 2.0]}}}}
    free, ranged = Draws(Tuning(draws=8), 2, RANGES), Draws(Tuning(draws=8), 2, RANGES, options)
    drawn = [ranged.of(arm, draw) for draw in range(8)]
    assert [values["gate_dropout"] for values in drawn[:1]] == [0.0], (
        "draw 0 holds the default, inside the range or not"
    )
    assert all(0.1 <= values["gate_dropout"] <= 0.2 and 1 <= values["alpha"] <= 2 for values in drawn[1:])
    assert len({values["gate_dropout"] for values in drawn}) == 8
    untouched = [*COMMON, "step_size"]
    for draw, values in enumerate(drawn):
        assert {name: values[name] for name in untouched} == {name: free.of(arm, draw)[name] for name in untouched}
    assert list(ranged.remarks([arm])) == []


@pytest.mark.parametrize("weights", [[0.5, 0.4], [0.5, 0.25, 0.25], [1.5, -0.5], 0.5, ["a", "b"]])
def test_weights_that_are_none_are_refused(weights: object) -> None:
    draws = Draws(Tuning(draws=2), 2, RANGES, {"weighting": {"fixed": {"weights": weights}}})
    with pytest.raises(UserError, match="Write 2 numbers") as refused:
        draws.of(FIXED, 0)
    assert refused.value.where == "training.weighting_options.fixed.weights"
    assert Draws(Tuning(draws=2), 2, RANGES, {"weighting": {"fixed": {"weights": [0.25, 0.75]}}}).of(FIXED, 1)

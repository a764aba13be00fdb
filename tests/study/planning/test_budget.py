"""What a budget takes away: draws first, then seeds, then arms; and it takes it once."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.errors import UserError
from study.config.spec import Spec
from study.planning.budget import FEWEST_DRAWS, FEWEST_SEEDS, settled_spec, shrink
from study.planning.phase_seeds import num_trained
from tests.study.conftest import tiny


def spec(**parts: Any) -> Spec:
    return Spec.model_validate({"tasks": {"set": "digits3"}, "factors": {"width": [8, 64, 16]}, **parts})


def seconds(study: Spec) -> float:
    """A cost with a term for everything that a budget may shrink."""
    arms = sum(study.factors.width)
    confirmed = arms if study.confirm.arms == "all" else study.confirm.arms
    search = study.tuning.draws * study.search.seeds * arms
    return float(search + confirmed * study.confirm.seeds + study.verdict.seeds)


def test_nothing_is_taken_without_need() -> None:
    assert shrink(spec(), seconds) == (spec(), ())
    assert shrink(spec(budget="10h"), seconds) == (spec(budget="10h"), ())


def test_draws_go_first() -> None:
    full = seconds(spec())
    smaller, losses = shrink(spec(budget=full - 1), seconds)
    assert smaller == spec(budget=full - 1, tuning={"draws": 7})
    assert losses == ("tuning.draws: 7 instead of 8",)


def test_then_seeds_then_arms() -> None:
    seen = []
    for budget in range(2500, 80, -20):
        smaller, losses = shrink(spec(budget=budget), seconds)
        assert seconds(smaller) <= budget
        seen.append({loss.split(":")[0] for loss in losses})
    order = ["tuning.draws", "search.seeds", "confirm.seeds", "confirm.arms", "factors.width"]
    first = [next(index for index, lost in enumerate(seen) if key in lost) for key in order]
    assert first == sorted(first)
    assert smaller.factors.width == (8,)
    assert smaller.tuning.draws == FEWEST_DRAWS
    assert smaller.confirm.seeds == smaller.verdict.seeds == FEWEST_SEEDS


def test_few_draws_and_seeds_are_never_raised() -> None:
    asked = spec(budget=200, tuning={"draws": 2}, confirm={"seeds": 3}, verdict={"seeds": 3})
    smaller, _ = shrink(asked, seconds)
    assert (smaller.tuning.draws, smaller.confirm.seeds, smaller.verdict.seeds) == (2, 3, 3)


def trained_only(study: Spec) -> float:
    """A cost that goes by the seeds which five outer folds train."""
    return sum(
        1000.0 * num_trained(phase, getattr(study, phase).seeds, 5) for phase in ("search", "confirm", "verdict")
    )


@pytest.mark.parametrize("seeds", [10, 7])
def test_seeds_that_outer_folds_train_all_the_same_are_not_taken(seeds: int) -> None:
    """Of five folds two seeds each are the fewest, and one of each is searched."""
    asked = spec(budget="7h", search={"seeds": 2}, confirm={"seeds": seeds}, verdict={"seeds": seeds})
    smaller, losses = shrink(asked, trained_only, lambda study: 0.0, folds=5)
    assert (smaller, losses) == (asked, ())


def test_what_is_told_are_the_seeds_that_outer_folds_train() -> None:
    asked = spec(budget="7h", confirm={"seeds": 18}, verdict={"seeds": 12})
    _, first = shrink(asked.model_copy(update={"budget": 39_000.0}), trained_only, folds=5)
    assert first == ("verdict.seeds: 10 instead of 15",)
    smaller, losses = shrink(asked, trained_only, lambda study: 0.0, folds=5)
    assert (smaller.confirm.seeds, smaller.verdict.seeds) == (10, 10)
    assert losses == ("confirm.seeds: 10 instead of 20", "verdict.seeds: 10 instead of 15")
    assert settled_spec(asked, smaller) == smaller


def test_what_saves_nothing_is_not_taken() -> None:
    def cost(study: Spec) -> float:
        return float(100 * study.verdict.seeds)

    asked = spec(budget=700)
    assert shrink(asked, cost)[1] == ("verdict.seeds: 7 instead of 10",)
    with pytest.raises(UserError, match="smallest version"):
        shrink(spec(budget=100), cost)


def test_what_cannot_fit_is_refused() -> None:
    with pytest.raises(UserError, match="smallest version"):
        shrink(spec(budget=1), seconds)


def test_other_programs_take_from_a_study_and_are_no_reason_to_refuse_it() -> None:
    def on_a_busy_machine(study: Spec) -> float:
        return 1000 * seconds(study)

    asked = spec(budget="10m")
    smallest, losses = shrink(asked, on_a_busy_machine, seconds)
    assert losses
    assert smallest.factors.width == (8,)
    with pytest.raises(UserError, match=r"takes about 52s"):
        shrink(spec(budget=1), on_a_busy_machine, seconds)


def test_a_settled_budget_stays_settled() -> None:
    asked = spec(budget=500)
    stored, losses = shrink(asked, seconds)
    assert losses
    assert settled_spec(asked, stored) == stored


@pytest.mark.parametrize(
    "other",
    [
        spec(budget=600),
        spec(),
        spec(budget=500, training={"epochs": 31}),
        spec(budget=500, factors={"width": [8, 64]}),
        spec(budget=500, tuning={"draws": 1}),
    ],
    ids=["another budget", "no budget", "other epochs", "fewer widths", "fewer draws"],
)
def test_another_study_is_not_taken_for_the_settled_one(other: Spec) -> None:
    stored, _ = shrink(spec(budget=500), seconds)
    assert settled_spec(other, stored) is None


def test_a_settled_study_keeps_the_name_and_the_place_of_what_is_asked_for() -> None:
    tasks = {"set": "table", "path": "/there/a.csv", "targets": ["y"]}
    stored = tiny(name="a", budget="60s", tuning={"draws": 2}, tasks=tasks)
    asked = tiny(name="b", budget="60s", tuning={"draws": 8}, tasks=tasks | {"path": "/here/b.csv"}, workers=3)
    settled = settled_spec(asked, stored)
    assert settled is not None
    assert settled.digest() == stored.digest()
    assert (settled.name, settled.tasks.options["path"], settled.workers) == ("b", "/here/b.csv", 3)

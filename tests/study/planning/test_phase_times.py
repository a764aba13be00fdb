"""Times of phases: on processors, on cards that are none, and on cards of two kinds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from study.planning.cards.study_cards import StudyCards
from study.planning.forecast import Forecaster
from study.planning.phase_times import PhaseTimes, times_on_cards, workers_of
from tests.study.planning.cards.stand_in import StandInCard
from tests.study.planning.cards.test_pack_study import Measuring, cache, cards_of  # noqa: F401 - a fixture
from tests.study.planning.test_forecast import plan, task_set

PARTS: dict[str, Any] = {
    "factors": {"width": [8], "stages": [2], "depth": [1]},
    "tuning": {"draws": 16},
    "search": {"seeds": 4, "rungs": []},
}
"""A study whose arms have 64 replicas in the search."""


card_of = partial(StandInCard, trial_epochs=1e-3)
"""A card on which trials take no time to speak of, however slow it is."""


def on(
    card: StandInCard, workers: int, backend: str, number: int = 1, *, settled: int = 0, draws: int = 16
) -> PhaseTimes:
    made = plan(**PARTS | {"tuning": {"draws": draws}})
    forecaster = Forecaster(task_set(), workers)
    cards = cards_of(forecaster.measurable(made), card, Measuring(card), number)
    cards = StudyCards(cards.shared_by(settled).kinds, is_settled=True) if settled else cards
    return times_on_cards(made, forecaster.costs, cards, workers, backend)


def test_more_workers_are_taken_where_they_save_more_than_a_minute() -> None:
    assert [workers_of("auto", 4, seconds) for seconds in (79, 81)] == [1, 4]
    assert [workers_of(backend, 4, seconds) for backend, seconds in (("inline", 1e9), ("ray", 0))] == [1, 4]


def test_a_card_that_is_twice_as_fast_takes_half_the_time(cache: Path) -> None:  # noqa: F811
    slow = on(card_of(name="slow", host=2.0, row_seconds=2e-3), 1, "inline")
    fast = on(card_of(name="fast", host=1.0, row_seconds=1e-3), 1, "inline")
    for phase, seconds in slow.wall.items():
        assert seconds == pytest.approx(2 * fast.wall[phase], rel=0.01), phase
    assert (slow.workers, slow.busy, slow.work) == (1, slow.seconds, slow.seconds)


def test_shards_that_share_a_card_train_at_once_as_the_rule_has_it(cache: Path) -> None:  # noqa: F811
    """Where the card waits for the host four shards take a quarter; where it does not they gain nothing."""
    waits = card_of(name="waits", host=1.0, row_seconds=1e-6)
    alone, four = on(waits, 4, "inline"), on(waits, 4, "ray", settled=4)
    assert (alone.workers, four.workers) == (1, 4)
    assert four.wall["verdict"] == pytest.approx(alone.wall["verdict"] / 4, rel=0.01)
    assert four.work == pytest.approx(alone.work / 4, rel=0.01), "a quarter of a card for as long counts a quarter"
    assert four.busy == pytest.approx(alone.busy, rel=0.01)
    full = card_of(name="full", host=1e-6, row_seconds=0.1)
    alone, four = on(full, 4, "inline"), on(full, 4, "ray", settled=4)
    assert four.seconds == pytest.approx(alone.seconds, rel=0.05)
    assert four.busy == pytest.approx(4 * alone.busy, rel=0.05)


def test_several_cards_share_the_work(cache: Path) -> None:  # noqa: F811
    full = card_of(name="full", host=1e-6, row_seconds=0.1)
    one, two = on(full, 1, "ray"), on(full, 2, "ray", number=2)
    assert (one.workers, two.workers) == (1, 2)
    assert two.seconds == pytest.approx(one.seconds / 2, rel=0.01)
    assert two.work == pytest.approx(one.work, rel=0.01)
    assert on(full, 1, "ray", number=2).seconds == pytest.approx(one.seconds, rel=0.01), "one worker has one card"


def test_a_seed_of_the_search_is_prepared_once_for_all_draws_of_an_array(cache: Path) -> None:  # noqa: F811
    """Twice the draws are twice the rows, and no more seeds; in later phases each row has a seed of its own."""

    def extra(draws: int) -> Mapping[str, float]:
        each = [on(card_of(name=f"{seed}", seed=seed), 1, "inline", draws=draws).wall for seed in (0.0, 1.0)]
        return {phase: each[1][phase] - seconds for phase, seconds in each[0].items()}

    few, many = extra(8), extra(16)
    assert many["search"] == pytest.approx(few["search"])
    assert many["confirm"] == pytest.approx(few["confirm"])
    assert few["search"] < few["confirm"]


def test_no_more_cards_are_of_use_than_there_are_shards(cache: Path) -> None:  # noqa: F811
    """Three arms, and what the choice of one adds, are some four shards in the search."""
    waits = card_of(name="waits", host=1.0, row_seconds=1e-6)
    one, three, eight, many = (on(waits, number, "ray", number) for number in (1, 3, 8, 800))
    assert (eight.workers, many.workers) == (8, 800)
    assert three.wall["search"] == pytest.approx(one.wall["search"] / 3)
    assert one.wall["search"] / 5 < eight.wall["search"] < one.wall["search"] / 4
    assert many.wall["search"] == eight.wall["search"]
    assert many.busy == pytest.approx(one.busy)


def test_ray_is_taken_where_it_saves_more_than_its_start(cache: Path) -> None:  # noqa: F811
    waits = card_of(name="waits", host=1.0, row_seconds=1e-6)
    quick = card_of(name="quick", host=1e-5, row_seconds=1e-9)
    assert (on(waits, 4, "auto").workers, on(quick, 4, "auto").workers) == (2, 1), "no more than there are arms"
    full = card_of(name="full", host=1e-6, row_seconds=0.1)
    found = on(full, 4, "auto")
    assert found.workers == 1, "a card that one array fills gains nothing by others"
    assert found.cards is not None
    assert found.cards.arrays == 1


def test_cards_of_two_kinds_are_as_fast_together_as_their_speeds_add_up(cache: Path) -> None:  # noqa: F811
    made, forecaster = plan(**PARTS), Forecaster(task_set(), 8)
    study = forecaster.measurable(made)
    kinds = [
        cards_of(study, card, Measuring(card), number).kinds[0]
        for card, number in (
            (card_of(name="fast", host=1e-6, row_seconds=0.01), 1),
            (card_of(name="slow", host=1e-6, row_seconds=0.03), 3),
        )
    ]

    def seconds(*of: Any) -> float:
        return times_on_cards(made, forecaster.costs, StudyCards(of, is_settled=True), 8, "ray").wall["search"]

    fast, slow, both = seconds(kinds[0]), seconds(kinds[1]), seconds(*kinds)
    assert fast == pytest.approx(slow, rel=0.05)
    assert both == pytest.approx(fast / 2, rel=0.05)

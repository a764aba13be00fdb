"""The cards of a study: of one kind, and of two, of which the one that holds fewest rows decides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from study.planning.cards.cards_here import measured_before
from study.planning.cards.pack_study import Measurable, measured_kind
from study.planning.cards.study_cards import CardKind, StudyCards
from tests.study.planning.cards.stand_in import GB, StandInCard
from tests.study.planning.cards.test_pack_study import Measuring, cache, study  # noqa: F401 - a fixture

LARGE, SMALL = StandInCard(), StandInCard(name="T4", total=16 * GB, row_seconds=1e-3)
"""In the host's time for an epoch the large one trains a hundred rows, and the small one ten."""


def kind(of: Measurable, card: StandInCard, number: int = 1) -> CardKind:
    return measured_kind(of, card.card, number, Measuring(card), measured_before(of, card.card))


def of_both(of: Measurable, numbers: Sequence[int] = (1, 1)) -> StudyCards:
    return StudyCards(tuple(kind(of, card, number) for card, number in zip((LARGE, SMALL), numbers, strict=True)))


def rows(cards: StudyCards, of: Measurable) -> set[int]:
    tasks = tuple(of.plan.tasks)
    return {cards.rows(one.recipe, tasks) for one in of.networks if len(one.view.tasks) == len(tasks)}


def test_cards_of_one_kind_are_packed_as_one_of_them(cache: Path) -> None:  # noqa: F811
    of = study(tuning={"draws": 256})
    one, four = (StudyCards((kind(of, LARGE, number),)) for number in (1, 4))
    assert (rows(one, of), rows(four, of)) == ({128}, {128})
    assert (one.places, four.places, four.shared_by(2).places) == (1, 4, 8)
    assert four.packed_for(of.plan, of.networks, 4).arrays == one.packed_for(of.plan, of.networks, 4).arrays


def test_the_kind_that_holds_fewest_rows_decides(cache: Path) -> None:  # noqa: F811
    of = study(tuning={"draws": 256})
    cards = of_both(of, (2, 3))
    assert rows(StudyCards(cards.kinds[1:]), of) == rows(cards, of) == {16}
    assert (cards.number, cards.is_measured) == (5, True)


def test_as_many_share_a_card_as_pay_on_all_of_them_together(cache: Path) -> None:  # noqa: F811
    """With 16 rows the large card waits for the host and the small one does not: what there is more of decides."""
    of = study(tuning={"draws": 256})
    assert of_both(of, (100, 1)).packed_for(of.plan, of.networks, 4).arrays == 4
    assert of_both(of, (1, 10_000)).packed_for(of.plan, of.networks, 4).arrays == 1


def test_a_packing_that_is_settled_stays(cache: Path) -> None:  # noqa: F811
    of = study(tuning={"draws": 256})
    settled = StudyCards(of_both(of).shared_by(2).kinds, is_settled=True)
    assert settled.packed_for(of.plan, of.networks, 4) is settled


def test_memory_that_runs_out_lowers_the_kind_that_decides(cache: Path) -> None:  # noqa: F811
    of = study(tuning={"draws": 256})
    cards, noted = of_both(of).shared_by(2), list[Any]()
    for one in cards.kinds:
        one.packing.note = lambda known, card=one.packing.card.name: noted.append((card, known.at_most))
    recipe, tasks = of.networks[0].recipe, tuple(of.plan.tasks)
    cards.lower(recipe, tasks, 3)
    assert noted == [("T4", 3)]
    assert cards.rows(recipe, tasks) == 3


@pytest.mark.parametrize("rows_of_array", [1, 16, 128])
def test_what_an_array_takes_is_that_of_the_kind_it_is_on(cache: Path, rows_of_array: int) -> None:  # noqa: F811
    of = study(tuning={"draws": 256})
    cards, network = of_both(of), of.networks[0]
    for one, card in zip(cards.kinds, (LARGE, SMALL), strict=True):
        time = cards.on(one).time(network.kind, network.multiply_adds, network.modelled)
        epochs = time.seconds(rows_of_array, 11) - time.seconds(rows_of_array, 1)
        assert epochs == pytest.approx(10 * card.epoch(max(rows_of_array, 4)), rel=0.2)

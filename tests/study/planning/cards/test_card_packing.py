"""Rows of a study's arrays on a card: measured, taken from a similar network, and lowered when memory runs out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtl_core.recipe import Recipe
from mtl_core.testing.small_tasks import small_tasks
from study.planning.cards.card_packing import CardPacking, Known
from study.planning.cards.choice import share_bytes
from study.planning.cards.samples import Measured, Sample
from study.planning.cards.shape import shape_of
from study.planning.cards.study_cards import CardKind, StudyCards
from study.planning.replica import rows_of_shard
from tests.study.planning.cards.stand_in import GB, StandInCard

TASKS = ("price", "bonus", "sold")
DATA = small_tasks(TASKS)
NARROW, WIDE = Recipe(depth=1, stages=2, width=8), Recipe(depth=1, stages=2, width=64)
CARD = StandInCard(total=80 * GB).card


def samples(row: float, *rows: int) -> list[Sample]:
    return [Sample(number, 1 * GB + number * row, 1.0) for number in rows]


def packing(*, arrays: int = 1) -> CardPacking:
    """Of narrow networks 64 rows pay; of wide ones the memory says how many."""
    narrow = Known(shape_of(NARROW, DATA), 500, Measured(samples(0.1 * GB, 64, 128), "speed", CARD.free_bytes))
    wide = Known(shape_of(WIDE, DATA), 500, Measured(samples(0.5 * GB, 64, 100), "memory", CARD.free_bytes))
    return CardPacking(CARD, [narrow, wide], DATA, arrays)


def alone(found: CardPacking) -> tuple[StudyCards, CardKind]:
    """The cards of a study that has one card, and their kind."""
    kind = CardKind(found, [], 1)
    return StudyCards((kind,)), kind


def test_rows_are_what_was_measured() -> None:
    found = packing()
    assert (found.rows(NARROW, TASKS), found.rows(WIDE, TASKS)) == (64, 134)
    assert found.rows(replace(NARROW, epochs=77, patience=2), TASKS) == 64, "another phase"


def test_arrays_that_share_a_card_have_a_part_of_its_memory() -> None:
    found = packing(arrays=2)
    assert found.rows(NARROW, TASKS) == 64
    assert found.rows(WIDE, TASKS) == int((share_bytes(80 * GB, 2) - 1 * GB) / (0.5 * GB)) == 65


def test_what_was_not_measured_is_like_what_is_nearest() -> None:
    found = packing()
    wider = Recipe(depth=1, stages=2, width=256)
    ratio = shape_of(wider, DATA).replica_bytes / shape_of(WIDE, DATA).replica_bytes
    assert found.rows(wider, TASKS) == int((0.85 * 80 - 1) / (0.5 * ratio))
    assert found.rows(replace(NARROW, width=9), TASKS) == 64
    assert found.rows(replace(NARROW, sharing="soft"), TASKS) > 1, "another kind, where it is alone"


def test_where_nothing_was_measured_shards_are_those_of_a_processor() -> None:
    shape = shape_of(NARROW, DATA)
    found = CardPacking(CARD, [Known(shape, 500, failure="ValueError: no")], DATA)
    assert found.rows(NARROW, TASKS) == rows_of_shard(shape.replica_bytes)
    assert CardPacking(CARD, [Known(shape, 3)], DATA).rows(NARROW, TASKS) == 3
    assert CardPacking(CARD, [], DATA).rows(NARROW, TASKS) == 1


def test_another_number_of_arrays_on_a_card_knows_the_same() -> None:
    one = packing()
    two = one.shared_by(2)
    assert (one.rows(WIDE, TASKS), two.rows(WIDE, TASKS)) == (134, 65)
    one.lower(WIDE, TASKS, 50)
    assert (one.arrays, two.arrays, two.rows(WIDE, TASKS)) == (1, 2, 50)


def test_shapes_that_are_asked_for_are_not_told_among_those_of_the_study() -> None:
    found = packing()
    found.rows(replace(NARROW, width=9), TASKS)
    assert len(found.known) == 2
    found.lower(replace(NARROW, width=9), TASKS, 7)
    assert (len(found.known), found.rows(replace(NARROW, width=9), TASKS)) == (3, 7)


def test_when_memory_has_run_out_arrays_of_that_shape_are_smaller() -> None:
    found = packing()
    noted: list[Known] = []
    found.note = noted.append
    found.lower(replace(WIDE, patience=3), TASKS, 67)
    assert (found.rows(WIDE, TASKS), found.rows(NARROW, TASKS)) == (67, 64)
    assert found.rows_of(noted[-1]).limit == "memory"
    found.lower(WIDE, TASKS, 90)
    assert found.rows(WIDE, TASKS) == 67, "it never grows again"
    found.lower(WIDE, TASKS, 0)
    assert found.rows(WIDE, TASKS) == 1
    assert [one.at_most for one in noted] == [67, 67, 1]


@pytest.mark.parametrize("task", ["price", "bonus"])
def test_a_shape_that_nobody_measured_can_be_lowered_too(task: str) -> None:
    found, alone = packing(), Recipe(sharing="single_task", stages=2, width=8)
    found.lower(alone, ("price",), 5)
    assert found.rows(alone, (task,)) == 5, "tasks that are alike have one shape"

"""How many arrays share a card, by the rule."""

from __future__ import annotations

from functools import partial

import pytest

from study.planning.cards.choice import (
    PROCESS_BYTES,
    Load,
    arrays_on_a_card,
    seconds_a_replica,
    share_bytes,
    shared_seconds,
)
from study.planning.cards.doubling import doubled
from study.planning.cards.samples import Measured, Sample
from tests.study.planning.cards.stand_in import GB, StandInCard


def load_of(card: StandInCard, most_rows: int = 1024, weight: float = 1.0) -> Load:
    sample = partial(card.sample, None)
    found = doubled(sample, free_bytes=card.total, most_rows=most_rows, clock=card.seconds, until=card.now + 1000)
    assert found is not None
    return Load(found, weight, most_rows)


def test_shares_leave_room_for_the_other_processes() -> None:
    assert share_bytes(80 * GB, 1) == 0.85 * 80 * GB
    assert share_bytes(80 * GB, 4) == pytest.approx(0.85 * (80 * GB - 3 * PROCESS_BYTES) / 4)
    assert share_bytes(PROCESS_BYTES, 4) == 0.0


def test_small_arrays_share_a_card_that_waits_for_the_host() -> None:
    """Eight rows of 0.1 ms each, for which the host takes 10 ms: four of them are four times as fast."""
    load = load_of(StandInCard(), most_rows=8)
    assert seconds_a_replica(load, 80 * GB, 1) == pytest.approx(4 * seconds_a_replica(load, 80 * GB, 4))
    assert arrays_on_a_card([load], 80 * GB, 4) == 4
    assert arrays_on_a_card([load], 80 * GB, 3) == 2, "there are workers for no more"
    assert arrays_on_a_card([load], 80 * GB, 1) == 1


def test_a_card_that_one_array_fills_is_not_shared() -> None:
    load = load_of(StandInCard(host=1e-6))
    assert arrays_on_a_card([load], 80 * GB, 4) == 1


def test_where_memory_binds_shares_that_hold_too_few_rows_do_not_pay() -> None:
    """One array holds 155 rows, which fill the card; a half of what is free holds two after the fixed part."""
    card = StandInCard(total=3 * GB, row_seconds=2e-4)
    load = load_of(card)
    assert arrays_on_a_card([load], card.total, 4) == 1


def test_several_arrays_at_once_take_no_longer_than_one_after_the_other() -> None:
    """The last sample is steeper than the first: by it alone a row would cost the card more than an array does."""
    steep = Measured([Sample(4, GB, 1.0), Sample(8, GB, 6.0)], "speed", 80 * GB)
    assert [shared_seconds(steep, 8, arrays) for arrays in (1, 2)] == [6.0, 12.0]
    flat = Measured([Sample(4, GB, 1.0), Sample(8, GB, 1.2)], "speed", 80 * GB)
    assert [shared_seconds(flat, 8, arrays) for arrays in (1, 2, 4)] == [1.2, 1.2, pytest.approx(1.6)]


def test_the_network_that_the_study_trains_most_decides() -> None:
    small, large = load_of(StandInCard(), most_rows=8), load_of(StandInCard(host=1e-6, row_seconds=1e-2))
    often = Load(small.measured, 1000.0, 8)
    assert arrays_on_a_card([often, large], 80 * GB, 4) == 4
    assert arrays_on_a_card([small, Load(large.measured, 1000.0, 1024)], 80 * GB, 4) == 1

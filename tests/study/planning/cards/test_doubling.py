"""Twice the rows again and again: where it ends on cards of several kinds, and what is known then."""

from __future__ import annotations

from functools import partial

import pytest

from study.planning.cards.doubling import SHARE, doubled
from study.planning.cards.samples import GAIN, Measured, Rows
from tests.study.planning.cards.stand_in import GB, StandInCard


def found_on(card: StandInCard, most_rows: int = 1024, seconds: float = 20.0) -> Measured:
    sample = partial(card.sample, None)
    options = {"free_bytes": card.total, "most_rows": most_rows, "clock": card.seconds}
    found = doubled(sample, **options, until=card.now + seconds)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_card_that_is_full_of_work_is_given_no_more_rows_than_pay() -> None:
    """100 rows take as long as the host needs to ask for them; 128 are 28% faster than 64, and 256 hardly than 128."""
    card = StandInCard()
    found = found_on(card)
    assert (card.tried, found.limit) == ([4, 8, 16, 32, 64, 128, 256], "speed")
    assert found.rows(SHARE * card.total, 1024) == Rows(128, "speed")
    rates = {rows: rows / card.epoch(rows) for rows in (64, 128, 256)}
    assert rates[128] >= GAIN * rates[64]
    assert rates[256] < GAIN * rates[128]


@pytest.mark.parametrize(("full", "rows"), [(32 * 1.05, 32), (32 * 1.2, 64)])
def test_twice_the_rows_pay_from_a_tenth_more_replicas_per_second_on(full: float, rows: int) -> None:
    """The card is full of work at ``full`` rows, so 64 rows are full / 32 times as fast as 32."""
    found = found_on(StandInCard(host=0.01, row_seconds=0.01 / full))
    assert found.rows(SHARE * 80 * GB, 1024) == Rows(rows, "speed")


def test_a_card_whose_memory_ends_before_its_speed_holds_what_85_percent_hold() -> None:
    card = StandInCard(total=3 * GB, row_seconds=1e-6)
    found = found_on(card)
    assert found.limit == "memory"
    assert max(card.tried) == 128, "256 rows are predicted not to fit, and are not tried"
    rows = found.rows(SHARE * card.total, 1024)
    assert rows.limit == "memory"
    assert card.fixed + rows.number * card.row <= SHARE * card.total < card.fixed + (rows.number + 1) * card.row


def test_bytes_of_a_row_and_the_fixed_part_follow_from_two_sizes() -> None:
    found = found_on(StandInCard(fixed=2.5 * GB, row=0.03 * GB))
    assert (found.fixed_bytes, found.row_bytes) == (pytest.approx(2.5 * GB), pytest.approx(0.03 * GB))


@pytest.mark.parametrize(("most", "tried"), [(1, [1]), (3, [1, 2, 3]), (6, [3, 6]), (16, [4, 8, 16])])
def test_a_tiny_study_is_measured_as_far_as_it_has_replicas(most: int, tried: list[int]) -> None:
    card = StandInCard()
    found = found_on(card, most)
    assert (card.tried, found.limit) == (tried, "replicas")
    assert found.rows(SHARE * card.total, most) == Rows(most, "replicas")


def test_a_card_that_has_shrunk_since_is_found_out_by_running_out_of_memory() -> None:
    """After three trials other programs hold most of it: 32 rows do not fit any more, and nothing larger is tried."""
    card = StandInCard(holds={3: 20})
    found = found_on(card)
    assert (card.tried, found.limit, found.too_many) == ([4, 8, 16, 32], "memory", 32)
    assert found.rows(SHARE * card.total, 1024) == Rows(31, "memory")


def test_rows_that_have_not_fitted_are_not_taken_for_all_that_the_study_has() -> None:
    card = StandInCard(holds={0: 10})
    found = found_on(card, most_rows=12)
    assert (card.tried, found.too_many) == ([4, 8, 12], 12)
    assert found.rows(SHARE * card.total, 12) == Rows(11, "memory")


def test_a_card_that_holds_fewer_rows_than_the_first_trial_has() -> None:
    card = StandInCard(holds={0: 2})
    found = found_on(card)
    assert (card.tried, found.limit) == ([4, 2], "memory")
    assert found.rows(SHARE * card.total, 1024) == Rows(3, "memory")
    nothing = StandInCard(total=0.5 * GB)
    assert doubled(partial(nothing.sample, None), free_bytes=1, most_rows=9, clock=nothing.seconds, until=1e9) is None
    assert nothing.tried == [4, 2, 1]


def test_nothing_is_begun_for_which_the_time_does_not_suffice() -> None:
    """Trials take 3, 3, 3 and 6 seconds; the fourth is begun since twice the third's 3 are left of 15 seconds."""
    card = StandInCard(host=1.0, row_seconds=1 / 16)
    found = found_on(card, seconds=15.5)
    assert (card.tried, found.limit) == ([4, 8, 16, 32], "speed")
    card = StandInCard(host=1.0, row_seconds=1 / 32)
    began = card.now
    found = found_on(card, seconds=9.0)
    assert (card.tried, found.limit) == ([4, 8], "time")
    assert card.now - began <= 9.0
    assert found.rows(SHARE * card.total, 1024) == Rows(8, "time")


def test_an_error_of_a_network_is_no_want_of_memory() -> None:
    def broken(rows: int) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        doubled(broken, free_bytes=1, most_rows=9, clock=lambda: 0.0, until=1.0)  # type: ignore[arg-type]

"""The measurement of several networks within one stretch of time."""

from __future__ import annotations

from typing import Any

import pytest

from study.planning.cards.measuring import PROBE_SECONDS, Wanted, measured
from study.planning.cards.samples import Sample
from study.planning.cards.shape import Shape
from tests.study.planning.cards.stand_in import StandInCard


def wanted(*digests: str, most: int = 1024) -> list[Wanted]:
    networks: list[Any] = [*digests]
    return [Wanted(Shape(name, ("hard", "equal", "mlp", 2), 10, 10), name, most) for name in networks]


def test_networks_are_measured_in_order() -> None:
    card = StandInCard()
    found = measured(wanted("a", "b"), card, card.sample)
    assert list(found.measured) == ["a", "b"]
    assert found.failures == {}
    assert found.measured["a"].limit == "speed"
    assert found.measured["a"].free_bytes == card.total


def test_all_of_them_together_take_no_longer_than_the_probe_may() -> None:
    """Each takes 12 seconds by itself: the second is cut short, the third has no time."""
    card = StandInCard(host=1.0, row_seconds=1 / 16)
    began = card.now
    found = measured(wanted("a", "b", "c"), card, card.sample)
    assert card.now - began <= PROBE_SECONDS
    assert [one.limit for one in found.measured.values()] == ["speed", "time"]
    assert "c" not in found.failures


def test_a_network_that_cannot_be_trained_does_not_keep_others_from_it() -> None:
    card = StandInCard()

    def sample(network: Any, rows: int) -> Sample:
        if network == "broken":
            raise ValueError("my module says no\nand more")
        if network == "huge":
            rows *= 10**6
        return card.sample(network, rows)

    found = measured(wanted("broken", "huge", "sound"), card, sample)
    assert list(found.measured) == ["sound"]
    assert found.failures == {
        "broken": "ValueError: my module says no",
        "huge": "not one row fits into the card's memory",
    }


def test_what_a_user_interrupts_is_interrupted() -> None:
    def sample(network: Any, rows: int) -> Sample:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(wanted("a"), StandInCard(), sample)

"""What networks take on a card: as measured, between two, and where their kind was not measured."""

from __future__ import annotations

import pytest

from study.planning.array_cost import SHARD_SECONDS, ArrayCost, Arrays
from study.planning.cards.card_times import CardCost, CardNetwork, epoch_time
from study.planning.cards.samples import Measured, Sample

ROW = 0.002
HARD, SOFT = ("hard", "equal", "mlp", 2), ("soft", "equal", "mlp", 2)


def measured(seconds: float, row_seconds: float, set_up: float = 0.0) -> Measured:
    """Of a card that takes ``seconds`` for up to eight rows, and ``row_seconds`` for each further one."""
    samples = [Sample(rows, 1e9, seconds + max(rows - 8, 0) * row_seconds, set_up, ROW) for rows in (4, 8, 16)]
    return Measured(samples, "speed", 1e10)


def cost(scale: float) -> ArrayCost:
    return ArrayCost(0.1, 0.0, 2.0 * scale, 0.5 * scale)


SMALL = CardNetwork(HARD, 100.0, cost(1.0), measured(1.0, 0.01, 0.4))
LARGE = CardNetwork(HARD, 300.0, cost(3.0), measured(2.0, 0.03, 0.8))
NETWORKS = [LARGE, SMALL]


@pytest.mark.parametrize("rows", [1, 8, 12, 16, 40])
def test_a_network_that_was_measured_takes_what_was_measured(rows: int) -> None:
    for network in NETWORKS:
        found = epoch_time(NETWORKS, HARD, network.multiply_adds, cost(99.0))
        assert found.seconds(rows) == network.measured.seconds(rows)
        assert CardCost(found, 1).seconds(rows, 10) == pytest.approx(
            network.measured.set_up + rows * ROW + 10 * network.measured.seconds(rows)
        )


def test_networks_of_a_kind_lie_between_those_that_were_measured() -> None:
    found = epoch_time(NETWORKS, HARD, 150.0, cost(99.0))
    assert found.seconds(8) == pytest.approx(1.25)
    assert (found.row_seconds, found.set_up) == (pytest.approx(0.015), pytest.approx(0.5))
    assert found.row_set_up == pytest.approx(ROW)
    assert epoch_time(NETWORKS, HARD, 20.0, cost(99.0)) is SMALL.measured
    assert epoch_time(NETWORKS, HARD, 5000.0, cost(99.0)) is LARGE.measured


@pytest.mark.parametrize("rows", [1, 8, 200])
def test_a_kind_that_was_not_measured_differs_from_the_model_as_the_others_do(rows: int) -> None:
    """All that were measured took 3 seconds at 8 rows where the model says 4 + 12."""
    found = epoch_time(NETWORKS, SOFT, 200.0, cost(2.0))
    both = [network.measured.seconds(rows) for network in NETWORKS]
    assert found.seconds(rows) == pytest.approx(sum(both) * 2 / 4)
    assert (found.row_seconds, found.set_up) == (pytest.approx(0.04 / 2), pytest.approx(0.6))
    assert found.row_set_up == pytest.approx(ROW)
    alone = epoch_time([SMALL], SOFT, 200.0, cost(1.0))
    assert alone.seconds(rows) == pytest.approx(SMALL.measured.seconds(rows)), "the model has it like the one measured"


def test_arrays_that_share_a_card_wait_for_the_card_and_not_for_the_host() -> None:
    """Eight rows are a second of the host's, of which the card works 0.08: ten at once still take a second each."""
    for arrays, seconds in ((1, 1.0), (4, 1.0), (12, 1.0), (25, 2.0)):
        assert CardCost(SMALL.measured, arrays).seconds(8, 1) == pytest.approx(
            seconds + SMALL.measured.set_up + 8 * ROW
        )
    steep = Measured([Sample(4, 1e9, 1.0), Sample(8, 1e9, 4.0, 0.0, ROW)], "speed", 1e10)
    assert CardCost(steep, 1).seconds(8, 1) == pytest.approx(4.0 + 8 * ROW), "alone as measured"
    assert CardCost(steep, 2).seconds(8, 1) == pytest.approx(8.0 + 8 * ROW), "one after the other"


def test_a_seed_is_prepared_once_for_all_draws_of_an_array() -> None:
    one = Measured([Sample(8, 1e9, 1.0, 0.0, ROW, 0.5)], "speed", 1e10)
    every = CardCost(one).seconds(8, 0)
    assert every == pytest.approx(8 * ROW + 8 * 0.5)
    assert CardCost(one).at_once(1, 3).seconds(8, 0) == pytest.approx(8 * ROW + 3 * 0.5)
    assert CardCost(one).at_once(1, 30).seconds(8, 0) == every
    arrays = Arrays(CardCost(one), tasks=2, most_rows=100).at_once(1, 3)
    assert arrays.seconds(8, 0) == pytest.approx(SHARD_SECONDS + 16 * ROW + 6 * 0.5), "of each task its own"
    near = CardNetwork(HARD, 300.0, cost(3.0), Measured([Sample(8, 1e9, 1.0, 0.0, ROW, 0.7)], "speed", 1e10))
    networks = [CardNetwork(HARD, 100.0, cost(1.0), one), near]
    assert epoch_time(networks, HARD, 200.0, cost(1.0)).seed_set_up == pytest.approx(0.6)
    assert epoch_time(networks, SOFT, 200.0, cost(1.0)).seed_set_up == pytest.approx(0.6)


def test_shards_and_longer_epochs_are_counted_as_on_a_processor() -> None:
    found = CardCost(SMALL.measured, 1)
    assert found.longer(2).longer(1.5).seconds(8, 10) == pytest.approx(found.seconds(8, 30))
    assert found.shards(16, 10, 8) == pytest.approx(2 * (SHARD_SECONDS + found.seconds(8, 10)))
    assert found.shards(0, 10, 8) == 0.0

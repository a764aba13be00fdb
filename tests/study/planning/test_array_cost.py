"""The cost of arrays: what it grows with, and what lies between two networks that were tried."""

from __future__ import annotations

import pytest

from study.planning.array_cost import SHARD_SECONDS, ArrayCost, Arrays, Point, between, modelled_cost

COST = ArrayCost(set_up=1.0, row_set_up=0.1, epoch=2.0, row_epoch=0.5)


def test_an_array_takes_its_set_up_and_its_epochs() -> None:
    assert COST.seconds(rows=4, epochs=10) == pytest.approx(1.4 + 10 * 4.0)
    assert COST.times(2).seconds(4, 10) == pytest.approx(2 * COST.seconds(4, 10))
    assert COST.longer(3).seconds(4, 10) == pytest.approx(1.4 + 30 * 4.0)


def test_rows_are_shared_out_among_as_few_shards_as_there_can_be() -> None:
    assert COST.shards(0, 10, 16) == 0
    assert COST.shards(16, 10, 16) == pytest.approx(COST.seconds(16, 10) + SHARD_SECONDS)
    assert COST.shards(20, 10, 16) == pytest.approx(2 * (COST.seconds(10, 10) + SHARD_SECONDS))


def test_single_task_replicas_of_tasks_that_are_alike_share_arrays() -> None:
    assert Arrays(COST, 3, 32).seconds(8, 10) == COST.shards(24, 10, 32)
    assert Arrays(COST, 3, 32).longer(2).seconds(8, 10) == COST.longer(2).shards(24, 10, 32)


def test_the_model_grows_with_steps_examples_and_products() -> None:
    base = modelled_cost(10, 1000, 1e4, 1e10).seconds(8, 5)
    for more in ((20, 1000, 1e4, 1e10), (10, 4000, 1e4, 1e10), (10, 1000, 1e6, 1e10), (10, 1000, 1e4, 1e8)):
        assert modelled_cost(*more).seconds(8, 5) > base


def test_between_two_points_the_cost_is_on_a_straight_line_and_beyond_them_the_nearest() -> None:
    points = [Point(300.0, COST.times(3)), Point(100.0, COST)]
    assert [between(points, number).epoch for number in (50, 100, 150, 200, 300, 900)] == [2, 2, 3, 4, 6, 6]
    assert between(points[:1], 5).epoch == 6

"""Shards: how replicas are grouped."""

from __future__ import annotations

import pytest

from study.config.sections import Training
from study.jobs.shard import shards_of
from study.planning.arm import Arm
from study.planning.replica import Replica
from study.planning.training_settings import TrainingSettings

ARM = Arm("hard", 1, 2, 8)


@pytest.mark.parametrize(("number", "sizes"), [(1, [1]), (16, [16]), (17, [8, 9]), (33, [11, 11, 11])])
def test_shards_are_of_nearly_equal_size(number: int, sizes: list[int]) -> None:
    settings = TrainingSettings(Training(epochs=4, batch_size=8, schedule="constant"))
    replicas = {str(seed): Replica(ARM, 0, seed, "search", {}) for seed in range(number)}
    shards = list(shards_of(replicas, ("rain", "sun"), until=2, settings=settings))
    assert [len(shard.replicas) for shard in shards] == sizes
    assert sorted(key for shard in shards for key in shard.replicas) == sorted(replicas)


def test_a_shard_has_one_arm_one_phase_and_for_single_tasks_one_task() -> None:
    settings = TrainingSettings(Training(epochs=4, batch_size=8, schedule="constant"))
    alone = ARM.each()
    replicas = {
        f"{phase}{arm.label}{task}{seed}": Replica(arm, 0, seed, phase, {}, task)
        for phase in ("search", "confirm")
        for arm, tasks in ((ARM, (None,)), (alone, ("rain", "sun")))
        for task in tasks
        for seed in range(3)
    }
    shards = list(shards_of(replicas, ("rain", "sun"), until=4, settings=settings))
    assert len(shards) == 6
    assert {shard.tasks for shard in shards if shard.arm == alone} == {("rain",), ("sun",)}
    assert {shard.tasks for shard in shards if shard.arm == ARM} == {("rain", "sun")}
    assert len({shard.name for shard in shards}) == 6


def test_a_shards_name_says_what_is_trained_and_how_far_but_not_from_where() -> None:
    settings = TrainingSettings(Training(epochs=4))
    replicas = {str(seed): Replica(ARM, 0, seed, "search", {}) for seed in range(3)}
    (short,) = shards_of(replicas, ("rain", "sun"), until=2, settings=settings)
    (long,) = shards_of(replicas, ("rain", "sun"), until=4, settings=settings)
    (other_order,) = shards_of(dict(reversed(replicas.items())), ("rain", "sun"), until=2, settings=settings)
    assert short.name == other_order.name != long.name
    assert short.recipe == long.recipe
    assert (short.recipe.epochs, short.recipe.width) == (4, 8)

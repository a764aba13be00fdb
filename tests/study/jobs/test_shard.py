"""Shards: how replicas are grouped."""

from __future__ import annotations

import pytest

from study.config.sections import Training
from study.jobs.shard import shards_of
from study.planning.arm import Arm
from study.planning.packing import Packing
from study.planning.replica import Replica
from study.planning.training_settings import TrainingSettings
from tests.study.conftest import small_task_set

ARM = Arm("hard", 1, 2, 8)
PACKING = Packing(small_task_set().development)


@pytest.mark.parametrize(("number", "sizes"), [(1, [1]), (32, [32]), (33, [16, 17]), (65, [21, 22, 22])])
def test_shards_are_of_nearly_equal_size(number: int, sizes: list[int]) -> None:
    settings = TrainingSettings(Training(epochs=4, batch_size=8, schedule="constant"))
    replicas = {str(seed): Replica(ARM, 0, seed, "search", {}) for seed in range(number)}
    shards = list(shards_of(replicas, ("rain", "sun"), PACKING, until=2, settings=settings))
    assert [len(shard.replicas) for shard in shards] == sizes
    assert sorted(key for shard in shards for key in shard.replicas) == sorted(replicas)


def test_a_shard_has_one_arm_and_one_phase_and_single_tasks_that_are_alike_share_it() -> None:
    settings = TrainingSettings(Training(epochs=4, batch_size=8, schedule="constant"))
    alone = ARM.each()
    replicas = {
        f"{phase}{arm.label}{task}{seed}": Replica(arm, 0, seed, phase, {}, task)
        for phase in ("search", "confirm")
        for arm, tasks in ((ARM, (None,)), (alone, ("rain", "sun")))
        for task in tasks
        for seed in range(3)
    }
    shards = list(shards_of(replicas, ("rain", "sun"), PACKING, until=4, settings=settings))
    assert len(shards) == len({shard.name for shard in shards}) == 4
    assert {shard.tasks for shard in shards} == {("rain", "sun")}
    for shard in shards:
        learnt = {shard.tasks_of(key) for key in shard.replicas}
        assert learnt == ({("rain",), ("sun",)} if shard.arm == alone else {("rain", "sun")})
        assert {tasks: len(part.replicas) for tasks, part in shard.by_tasks().items()} == dict.fromkeys(
            learnt, len(shard.replicas) // len(learnt)
        )
        assert all(part.tasks == tasks for tasks, part in shard.by_tasks().items())


def test_a_shards_name_says_what_is_trained_and_how_far_but_not_from_where() -> None:
    settings = TrainingSettings(Training(epochs=4))
    replicas = {str(seed): Replica(ARM, 0, seed, "search", {}) for seed in range(3)}
    (short,) = shards_of(replicas, ("rain", "sun"), PACKING, until=2, settings=settings)
    (long,) = shards_of(replicas, ("rain", "sun"), PACKING, until=4, settings=settings)
    (other_order,) = shards_of(dict(reversed(replicas.items())), ("rain", "sun"), PACKING, until=2, settings=settings)
    assert short.name == other_order.name != long.name
    assert short.recipe == long.recipe
    assert (short.recipe.epochs, short.recipe.width) == (4, 8)

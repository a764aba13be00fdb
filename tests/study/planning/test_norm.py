"""The factor ``norm``: chosen on validation by every arm and every single-task network, and by the same rule."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.errors import UserError
from study.jobs.shard import shards_of
from study.planning.draws import Draws
from study.planning.make_plan import make_plan
from study.planning.options import check_options
from study.planning.packing import Packing
from tests.study.conftest import small_task_set, tiny

BOTH = {"norm": ["none", "batch"]}


def test_every_draw_is_there_with_every_norm_and_is_else_what_it_was() -> None:
    plain, chosen = tiny(), tiny(factors=BOTH)
    arm = make_plan(plain, small_task_set().development).candidates[0]
    before, after = Draws(plain.tuning, 2), Draws(chosen.tuning, 2, norms=chosen.factors.norm)
    assert (len(before), len(after)) == (4, 8)
    for draw in range(8):
        assert after.of(arm, draw) == before.of(arm, draw // 2) | {"norm": ("none", "batch")[draw % 2]}


def test_it_makes_no_arms_and_single_task_networks_have_the_same_choice() -> None:
    development = small_task_set().development
    plain, chosen = make_plan(tiny(), development), make_plan(tiny(factors=BOTH), development)
    assert (chosen.candidates, chosen.baselines) == (plain.candidates, plain.baselines)
    assert "norm: each of the 4 draws is tried with none and batch" in chosen.remarks
    assert chosen.counts()["search"] == 2 * plain.counts()["search"]
    for arm in chosen.arms:
        replicas = chosen.replicas(arm, "search", range(len(chosen.draws)))
        assert {replica.hyperparameters["norm"] for replica in replicas} == {"none", "batch"}


def test_replicas_of_one_norm_train_together_with_that_norm() -> None:
    chosen = make_plan(tiny(factors=BOTH), small_task_set().development)
    settings = chosen.settings("search")
    replicas = {
        replica.key("data", settings): replica for replica in chosen.replicas(chosen.candidates[0], "search", range(8))
    }
    shards = list(shards_of(replicas, chosen.tasks, Packing(small_task_set().development), until=8, settings=settings))
    assert [shard.recipe.backbone_options for shard in shards] == [{"norm": "none"}, {"norm": "batch"}]
    assert [len(shard.replicas) for shard in shards] == [4, 4]
    for shard in shards:
        (norm,) = {replica.hyperparameters["norm"] for replica in shard.replicas.values()}
        assert shard.recipe.backbone_options["norm"] == norm


@pytest.mark.parametrize(
    ("changes", "found", "remedy"),
    [
        ({"factors": BOTH | {"backbone": ["resnet"]}}, "resnet has no choice of norm", "convnet, mlp"),
        ({"factors": BOTH, "training": {"backbone_options": {"norm": "layer"}}}, "one norm for all", "Keep one"),
    ],
)
def test_it_is_refused_where_there_is_no_choice(changes: dict[str, Any], found: str, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        check_options(tiny(**changes))
    assert found in str(caught.value)
    assert remedy in str(caught.value)

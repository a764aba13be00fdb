"""A row's bits do not depend on its array: not on its neighbours, its place, compaction, refill or resuming."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import Recipe
from mtl_core.testing.replicas import differences
from mtl_core.training import checkpoint
from mtl_core.training.trainer import Outcome, fit
from tests.mtl_core.worlds import development, rows

RECIPE = Recipe(depth=2, stages=3, width=16, batch_size=32, epochs=3)


def same(one: Outcome, other: Outcome) -> bool:
    """Whether two runs of a replica agree to the last bit, in everything but the time they took."""
    return not differences(one, other)


@pytest.mark.parametrize("width", [8, 33, 64, 256])
@pytest.mark.parametrize("names", [("price",), ("sold",), ("grade",), ("price", "sold", "grade", "colour")])
def test_every_array_size_and_place_gives_the_same_bits(width: int, names: tuple[str, ...]) -> None:
    recipe = Recipe(
        sharing="hard" if len(names) > 1 else "single_task", depth=1, stages=2, width=width, batch_size=31, epochs=2
    )
    data, everyone = development(names, examples=100), rows(32)
    together = fit(recipe, data, everyone, max_rows=32)
    for chosen in ([5], [5, 9], [31, 5, 2], [0, 1, 2, 3, 4, 5, 6], [9, 8, 7, 6, 5, 4, 3, 2]):
        for i, outcome in zip(chosen, fit(recipe, data, [everyone[i] for i in chosen], max_rows=32), strict=True):
            assert same(outcome, together[i]), f"row {i} in {chosen}"


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(sharing="independent", depth=0, stages=2, width=16, batch_size=32, epochs=2),
        Recipe(depth=3, stages=3, width=16, batch_size=32, epochs=2, optimiser="sgd"),
        Recipe(depth=1, stages=2, width=17, batch_size=7, epochs=2, weighting="uncertainty", clip_norm=0.5),
        Recipe(depth=2, width=16, epochs=2, backbone_options={"norm": "layer", "residual": True, "activation": "gelu"}),
    ],
    ids=["independent", "sgd", "uncertainty with clipping", "norm and residual"],
)
@pytest.mark.parametrize("missing", [0.0, 0.7])
def test_recipes_missing_labels_and_dropout(recipe: Recipe, missing: float) -> None:
    data, everyone = development(missing=missing), rows(9, dropout=[0.0, 0.3, 0.5])
    together = fit(recipe, data, everyone)
    for i in (0, 4, 8):
        alone, pair = fit(recipe, data, [everyone[i]])[0], fit(recipe, data, [everyone[i], everyone[3]])[0]
        assert same(alone, together[i])
        assert same(pair, together[i])


def test_early_stopping_and_refill_change_nothing() -> None:
    recipe = Recipe(depth=1, stages=2, width=16, batch_size=32, epochs=12, patience=2)
    data, everyone = development(), rows(10, learning_rate=[1e-3, 0.3, 0.1, 5e-3, 0.5])
    wide, narrow = fit(recipe, data, everyone, max_rows=10), fit(recipe, data, everyone, max_rows=3)
    assert len({outcome.epochs for outcome in wide}) > 1, "no row stopped before another: nothing was tested"
    assert all(same(one, other) for one, other in zip(wide, narrow, strict=True))


def test_pausing_at_rungs_and_resuming_survivors_elsewhere_changes_nothing(tmp_path) -> None:
    data, everyone = development(), rows(6, dropout=0.2)
    straight = fit(RECIPE, data, everyone)
    paused = fit(RECIPE, data, everyone, until=1)
    assert {outcome.status for outcome in paused} == {"running"}
    checkpoint.save(tmp_path / "rung.safetensors", {outcome.key: outcome.state for outcome in paused})
    survivors = [everyone[i] for i in (4, 1)]
    resumed = fit(RECIPE, data, survivors, states=checkpoint.load(tmp_path / "rung.safetensors"))
    assert same(resumed[0], straight[4])
    assert same(resumed[1], straight[1])


@pytest.mark.parametrize("weighting", ["equal", "uncertainty"])
def test_a_snapshot_of_any_moment_resumes_to_the_same_bits(weighting: str) -> None:
    recipe = Recipe(depth=1, stages=2, width=16, batch_size=32, epochs=5, weighting=weighting, patience=2)
    data, everyone = development(), rows(5, learning_rate=[1e-3, 0.5, 3e-3])
    snapshots: list[Mapping[str, ReplicaState]] = []
    straight = fit(
        recipe, data, everyone, max_rows=2, snapshot=lambda states: snapshots.append(dict(states)), snapshot_seconds=0
    )
    assert len(snapshots) >= 5
    for states in snapshots:
        resumed = fit(recipe, data, everyone, max_rows=4, states=states)
        assert all(same(one, other) for one, other in zip(resumed, straight, strict=True))


def test_a_replica_that_diverges_leaves_its_neighbours_alone() -> None:
    data, everyone = development(), rows(4, learning_rate=[1e-3, 1e6, 2e-3, 3e-3])
    recipe = Recipe(depth=2, stages=3, width=16, batch_size=32, epochs=3, optimiser="sgd")
    together = fit(recipe, data, everyone)
    assert [outcome.status for outcome in together] == ["finished", "diverged", "finished", "finished"]
    assert "finite" in together[1].reason
    calm = fit(recipe, data, [everyone[0], everyone[2], everyone[3]])
    assert all(same(one, together[i]) for one, i in zip(calm, (0, 2, 3), strict=True))

"""Every method inside the engine: what it remembers survives, and no row sees its neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import entries, find
from mtl_core.training import checkpoint
from mtl_core.training.trainer import fit
from tests.mtl_core.test_fusion import same
from tests.mtl_core.weighting.situations import drawn
from tests.mtl_core.worlds import development, rows

WAYS = [(name, {}) for name in entries("weighting")]
WAYS += [
    ("mgda", {"gradients": "representation"}),
    ("gradnorm", {"gradients": "last_stage"}),
    ("nash", {"gramian_rows": 8}),
]
every = pytest.mark.parametrize(("name", "options"), WAYS, ids=[" ".join([name, *more]) for name, more in WAYS])


@pytest.mark.parametrize("scale", ["native", "matched"])
@every
def test_a_run_that_is_stored_in_the_middle_resumes_to_the_same_bits(
    name: str, options: dict[str, Any], scale: str, tmp_path: Path
) -> None:
    recipe = Recipe(depth=1, stages=2, width=8, batch_size=32, epochs=4, weighting=name, scale=scale, **options)
    data = development(missing=0.3)
    tuned = find("weighting", name).tuned
    everyone = rows(3, dropout=0.1, **{option: [drawn(tuned[option], 3, row) for row in range(3)] for option in tuned})
    straight, paused = fit(recipe, data, everyone), fit(recipe, data, everyone, until=2)
    checkpoint.save(tmp_path / "states", {outcome.key: outcome.state for outcome in paused})
    resumed = fit(recipe, data, everyone, states=checkpoint.load(tmp_path / "states"))
    assert all(same(*pair) for pair in zip(straight, resumed, strict=True))


@every
def test_a_row_trains_alike_in_every_array(name: str, options: dict[str, Any]) -> None:
    recipe = Recipe(depth=1, stages=2, width=8, batch_size=32, epochs=3, weighting=name, **options)
    tuned = find("weighting", name).tuned
    everyone = rows(5, dropout=0.1, **{option: [drawn(tuned[option], 3, row) for row in range(5)] for option in tuned})
    together, data = fit(recipe, development(missing=0.3), everyone, max_rows=5), development(missing=0.3)
    for chosen in ([3], [4, 1, 0]):
        apart = fit(recipe, data, [everyone[row] for row in chosen])
        assert all(same(together[row], outcome) for row, outcome in zip(chosen, apart, strict=True))


def test_rows_of_one_array_do_not_lose_their_weights_to_a_neighbour_without_any() -> None:
    recipe = Recipe(depth=1, stages=2, width=8, epochs=1, weighting="fixed")
    common = {"learning_rate": 1e-3}
    with pytest.raises(KeyError, match="weights"):
        fit(
            recipe,
            development(),
            [ReplicaConfig("a", 0, common | {"weights": (0.8, 0.1, 0.1)}), ReplicaConfig("b", 0, common)],
        )


@pytest.mark.parametrize("scale", ["native", "matched"])
def test_fixed_with_uniform_weights_trains_what_equal_trains(scale: str) -> None:
    data, settings = development(), {"weights": [(1 / 3, 1 / 3, 1 / 3)]}
    results = [
        fit(Recipe(depth=1, stages=2, width=8, epochs=3, weighting=name, scale=scale), data, rows(3, **settings))
        for name in ("equal", "fixed")
    ]
    assert all(same(*pair) for pair in zip(*results, strict=True))

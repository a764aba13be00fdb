"""Every method inside the engine: what it remembers survives, and no row sees its neighbours."""

from __future__ import annotations

import pytest

from mtl_core.errors import UserError
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import entries
from mtl_core.testing.cases import Case
from mtl_core.testing.training import check_training
from mtl_core.testing.weighting import training_cases
from mtl_core.training.trainer import fit
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, rows

CASES = [case for name in entries("weighting") for case in training_cases(name)]
CASES += training_cases("mgda", gradients="representation") + training_cases("gradnorm", gradients="last_stage")
CASES += training_cases("nash", gramian_rows=8)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_it_remembers_survives_and_no_row_sees_its_neighbours(case: Case) -> None:
    check_training(case)


def test_rows_of_one_array_do_not_lose_their_weights_to_a_neighbour_without_any() -> None:
    recipe = Recipe(depth=1, stages=2, width=8, epochs=1, weighting="fixed")
    common = {"learning_rate": 1e-3}
    with pytest.raises(UserError, match=r"row 'b': hyperparameters\.weights: it is missing"):
        fit(
            recipe,
            development(),
            [ReplicaConfig("a", 0, common | {"weights": (0.8, 0.1, 0.1)}), ReplicaConfig("b", 0, common)],
        )


@pytest.mark.parametrize("scale", ["native", "matched"])
def test_fixed_with_uniform_weights_trains_what_equal_trains(scale: str) -> None:
    data = development()
    results = [
        fit(Recipe(depth=1, stages=2, width=8, epochs=3, weighting=name, scale=scale), data, rows(3, **settings))
        for name, settings in (("equal", {}), ("fixed", {"weights": [(1 / 3, 1 / 3, 1 / 3)]}))
    ]
    assert all(same(*pair) for pair in zip(*results, strict=True))

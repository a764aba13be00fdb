"""What training cannot follow is refused before it begins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtl_core.errors import UserError
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.fit_arguments import OPTIMISER_HYPERPARAMETERS, check_arguments
from mtl_core.training.ranges import ranges_of
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import development, rows

RECIPE = Recipe(depth=1, stages=2, width=8, epochs=2)
SOFT = replace(RECIPE, sharing="soft", optimiser="sgd", backbone_options={"norm": "layer"})


def row(key: str = "k", **hyperparameters: Any) -> ReplicaConfig:
    return ReplicaConfig(key, 0, {"learning_rate": 1e-2} | hyperparameters)


WRONG = [
    (RECIPE, [row(), row()], "row 'k': another row has the same key."),
    (RECIPE, [row(drop_out=0.5)], "row 'k': hyperparameters.drop_out: hard with equal and adamw has no such"),
    (RECIPE, [row(drop_out=0.5)], "Did you mean 'dropout'?"),
    (RECIPE, [row(momentum=0.5)], "hyperparameters.momentum: hard with equal and adamw has no such hyperparameter."),
    (SOFT, [row(beta1=0.5)], "hyperparameters.beta1: soft with equal and sgd has no such hyperparameter."),
    (SOFT, [row(), row("other", coupling=0.1)], "row 'k': hyperparameters.coupling: it is missing."),
    (SOFT, [row(norm="batch")], "hyperparameters.norm: it is 'batch', and the network of the recipe has 'layer'."),
    (RECIPE, [ReplicaConfig("k", 0, {})], "row 'k': hyperparameters.learning_rate: it is missing."),
    (RECIPE, [row(weight_decay=-1)], "hyperparameters.weight_decay: it is -1. Write a number from 0 up."),
    (RECIPE, [row(learning_rate=float("nan"))], "hyperparameters.learning_rate: it is nan."),
    (RECIPE, [row(dropout=1.0)], "hyperparameters.dropout: it is 1.0. Write a number from 0 up, below 1."),
    (RECIPE, [row(dropout="0.1")], "hyperparameters.dropout: it is '0.1'."),
    (replace(RECIPE, backbone_options={"norm": "bacth"}), [row()], "Did you mean 'batch'?"),
]


@pytest.mark.parametrize(("recipe", "rows", "said"), WRONG)
def test_a_row_that_asks_for_what_there_is_not_is_refused(recipe: Recipe, rows: list[ReplicaConfig], said: str) -> None:
    with pytest.raises(UserError) as error:
        fit(recipe, development(), rows)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"until": 0}, "until: it is 0. Write a number of epochs from 1 to the recipe's 2."),
        ({"until": 5}, "until: it is 5."),
        ({"max_rows": 0}, "max_rows: it is 0. Write a whole number from 1."),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused(limits: dict[str, int], said: str) -> None:
    with pytest.raises(UserError) as error:
        fit(RECIPE, development(), rows(2), **limits)
    assert said in str(error.value)


def test_what_there_is_passes() -> None:
    check_arguments(RECIPE, [row(beta1=0.8, beta2=0.99, dropout=0.1), row("other", weight_decay=0)], 1, 1)
    check_arguments(SOFT, [row(coupling=0.1, momentum=0, norm="layer")], 2, 16)
    check_arguments(RECIPE, [], 2, 0)
    assert fit(RECIPE, development(), []) == []


def test_every_optimiser_has_its_hyperparameters() -> None:
    for name in OPTIMISER_HYPERPARAMETERS:
        assert ranges_of(name)

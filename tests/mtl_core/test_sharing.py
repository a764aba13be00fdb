"""What all architectures have in common, beside the contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.sharing import share, split
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import fit
from tests.mtl_core.perceptrons import INPUTS, NAMES, inputs
from tests.mtl_core.worlds import development, rows


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("sharing", "depth"), [("hard", 1), ("hard", 2), ("independent", None)])
@pytest.mark.parametrize("weighting", ["equal", "uncertainty"])
def test_permuting_the_tasks_permutes_the_results(sharing: str, depth: int | None, weighting: str) -> None:
    settings = {"stages": 2, "width": 8, "batch_size": 32, "epochs": 3, "weighting": weighting}
    data, everyone = development(NAMES, missing=0.2), rows(2, dropout=0.2)
    order = [2, 0, 3, 1]
    recipe = Recipe(sharing=sharing, depth=depth, **settings)
    straight = fit(recipe, data, everyone)
    permuted = fit(recipe, data.only(*(NAMES[i] for i in order)), everyone)
    for one, other in zip(straight, permuted, strict=True):
        for curve in CURVES:
            np.testing.assert_allclose(other.curves[curve], one.curves[curve][:, order], rtol=2e-5)
        assert one.selected_epoch == other.selected_epoch


def test_impossible_architectures_say_why() -> None:
    def reason(tasks: int, **settings: Any) -> str | None:
        return why_infeasible(Recipe(stages=3, **settings), development(NAMES[:tasks]))

    assert "independent" in (reason(3, sharing="hard", depth=0) or "")
    assert "nobody" in (reason(1, sharing="hard", depth=1) or "")
    assert "0 … 3" in (reason(3, sharing="hard", depth=4) or "")
    assert "None" in (reason(3, sharing="hard", depth=None) or "")
    assert "-1" in (reason(3, sharing="hard", depth=-1) or "")
    assert "1.5" in (reason(3, sharing="hard", depth=1.5) or "")
    assert "one task" in (reason(2, sharing="single_task") or "")
    possible = [
        (3, "hard", 1),
        (3, "hard", 3),
        (3, "independent", None),
        (3, "independent", 0),
        (1, "independent", None),
    ]
    assert [reason(tasks, sharing=name, depth=depth) for tasks, name, depth in possible] == [None] * len(possible)
    assert reason(1, sharing="single_task") is None


def test_share_and_split_are_inverse() -> None:
    x = inputs(signals=4)
    assert share(x).shape == (2, 1, 36, INPUTS)
    assert torch.equal(split(share(x), 4), x)
    assert torch.equal(share(x)[1, 0, 9:18], x[1, 1])

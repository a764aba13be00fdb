"""The entire space multi-task model of a funnel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from mtl_core.data.task_set import Examples
from mtl_core.layers.forward_context import EVALUATION
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import shaken
from mtl_core.testing.small_tasks import FUNNEL, small_tasks
from tests.mtl_core.sharing.funnels import BACKWARDS, ORDERS, TASKS
from tests.mtl_core.sharing.harness import STAGES, assert_rows_equal_plain, batch, logits_of, network_for
from tests.mtl_core.sharing.plain.esmm import Plain
from tests.mtl_core.worlds import development


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("options", "order"), ORDERS, ids=["as declared", "another chain"])
@pytest.mark.parametrize("depth", [1, 2, STAGES])
def test_rows_are_ordinary_networks(depth: int, options: dict[str, Any], order: list[int]) -> None:
    network = network_for("esmm", depth, TASKS, **options)
    assert_rows_equal_plain(Plain, network, depth=depth, order=order)


@pytest.mark.usefixtures("double")
def test_of_two_tasks_the_second_is_the_product_of_the_papers_two_probabilities() -> None:
    """pCTCVR = pCTR · pCVR, with the outputs of hard sharing for pCTR and pCVR."""
    network, hard = network_for("esmm", 1, TASKS[:2]), network_for("hard", 1, TASKS[:2])
    theta, others = shaken(network), shaken(hard)
    found, alone = (logits_of(*pair, batch()).sigmoid() for pair in ((network, theta), (hard, others)))
    torch.testing.assert_close(found[:, 0], alone[:, 0])
    torch.testing.assert_close(found[:, 1], alone[:, 0] * alone[:, 1])


@pytest.mark.parametrize("size", [1.0, 100.0, 1e4])
def test_a_later_task_is_never_more_probable_and_nothing_overflows(size: float) -> None:
    network = network_for("esmm", 1, TASKS)
    logits = size * torch.randn(2, 3, 1, 50, generator=torch.Generator().manual_seed(4))
    logits.requires_grad_()
    coupled = network.trunk.couple(logits, EVALUATION)
    (gradient,) = torch.autograd.grad(coupled.sum(), logits)
    assert coupled.isfinite().all()
    assert gradient.isfinite().all()
    assert (coupled[:, 1:] <= coupled[:, :-1] + 1e-4 * size).all()
    torch.testing.assert_close(coupled[:, 0], logits[:, 0], rtol=1e-5, atol=1e-5)


def test_what_is_no_funnel_is_refused_with_the_reason() -> None:
    recipe = Recipe(sharing="esmm", depth=1, stages=2, width=8)
    funnel = small_tasks(FUNNEL)
    assert why_infeasible(recipe, funnel) is None
    for data, options, reason in (
        (development(), {}, "binary tasks alone, and price, grade is none"),
        (funnel, {"chain": ["click", "buy"]}, "chain must name every task once (click, basket, buy)"),
        (funnel, {"chain": ["click", "click", "buy"]}, "must name every task once"),
        (small_tasks(FUNNEL, own_inputs=True), {}, "about the same examples"),
        (funnel, BACKWARDS, "examples with click are without buy"),
        (funnel.only("click"), {}, "nobody to share with"),
    ):
        assert reason in (why_infeasible(replace(recipe, sharing_options=options), data) or ""), reason
    targets = funnel.examples.targets.clone()
    targets[targets[:, 0] == 0, 1] = torch.nan  # what did not come to it is not known: no contradiction
    unknown = replace(funnel, examples=Examples(funnel.examples.inputs, targets))
    assert why_infeasible(recipe, unknown) is None

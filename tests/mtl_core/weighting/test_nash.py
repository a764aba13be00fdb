"""The Nash bargaining solution."""

from __future__ import annotations

import pytest
import torch

from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.weighting import GramianStep
from tests.mtl_core.weighting.solvers.families import asked, directions, gradients
from tests.mtl_core.weighting.test_gramian_methods import method


def test_two_tasks_have_a_closed_form() -> None:
    jacobian = gradients("random", 2, rows=40)
    norms = jacobian.norm(dim=2)
    cosine = (jacobian[:, 0] * jacobian[:, 1]).sum(dim=1, keepdim=True) / norms.prod(dim=1, keepdim=True)
    weights, _ = asked(plain(2), jacobian)
    torch.testing.assert_close(weights, 1 / (norms * (1 + cosine).sqrt()))


def plain(tasks: int):
    """The method of the paper's text, whose Gramian is not divided by its norm."""
    return find("weighting", "nash").cls(method("nash", tasks).tasks, normalise=False)


@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_by_default_it_bargains_for_the_gramian_over_its_norm_like_the_authors_code(tasks: int, size: float) -> None:
    jacobian = size * gradients("conflicting", tasks)
    gramian = jacobian @ jacobian.mT
    weights, _ = asked(method("nash", tasks), jacobian)
    divided = gramian / torch.linalg.matrix_norm(gramian).view(-1, 1, 1)
    torch.testing.assert_close((divided @ weights.unsqueeze(2)).squeeze(2), 1 / weights, rtol=1e-6, atol=0)
    same, _ = asked(plain(tasks), jacobian / torch.linalg.matrix_norm(gramian).sqrt().view(-1, 1, 1))
    torch.testing.assert_close(weights, same, rtol=1e-6, atol=0)


def test_its_weights_act_on_private_parameters_and_its_step_is_at_most_1_long_by_default() -> None:
    usual, other = (
        method("nash", 2),
        find("weighting", "nash").cls(method("nash", 2).tasks, weighs_private=False, max_norm=None),
    )
    assert (usual.weighs_everything, usual.max_norm) == (True, 1.0)
    assert (other.weighs_everything, other.max_norm) == (False, None)
    with pytest.raises(ValueError, match="above 0"):
        find("weighting", "nash").cls(usual.tasks, max_norm=0.0)


@pytest.mark.parametrize("tasks", [2, 5, 10])
def test_no_direction_of_its_length_has_a_larger_product_of_improvements(tasks: int) -> None:
    jacobian = gradients("conflicting", tasks)
    direction = torch.nn.functional.normalize(directions(asked(method("nash", tasks), jacobian)[0], jacobian), dim=1)

    def product(direction):
        return (jacobian @ direction.unsqueeze(2)).squeeze(2).clamp(min=0).log().sum(dim=1)

    for seed in range(50):
        noise = torch.randn(direction.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        near = torch.nn.functional.normalize(direction + 0.02 * noise, dim=1)
        assert (product(near) < product(direction)).all()


@pytest.mark.parametrize("tasks", [2, 5, 10])
def test_the_scale_of_a_task_does_not_move_the_direction(tasks: int) -> None:
    jacobian = gradients("conflicting", tasks)
    sizes = torch.logspace(-6, 6, tasks, dtype=torch.float64).unsqueeze(1)
    one = directions(asked(plain(tasks), jacobian)[0], jacobian)
    other = directions(asked(plain(tasks), sizes * jacobian)[0], sizes * jacobian)
    torch.testing.assert_close(other, one, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("family", ["stationary", "opposite"])
def test_where_there_is_nothing_to_bargain_for_is_counted_and_never_answered_with_equal_weights(
    family: str, tasks: int
) -> None:
    weighting, jacobian = method("nash", tasks), gradients(family, tasks)
    weights, state = asked(weighting, jacobian)
    assert (state["unconverged"] == 1).all()
    assert (weights > 0).all()
    present, streams = torch.ones(6, tasks, dtype=torch.bool), Streams(range(6), "weighting")
    weighting.weigh(GramianStep(torch.ones(6, tasks), present, state, streams, jacobian @ jacobian.mT))
    assert (state["unconverged"] == 2).all()
    norms = jacobian.norm(dim=2)
    assert ((weights * norms).amax(dim=1) > 10).all()


def test_a_task_without_a_gradient_does_not_bargain() -> None:
    weights, state = asked(method("nash", 5), gradients("one zero", 5))
    assert (weights[:, 1] == 0).all()
    assert (weights[:, [0, 2, 3, 4]] > 0).all()
    assert (state["unconverged"] == 0).all()

"""SDMGrad against vectors, and against its own claims."""

from __future__ import annotations

import pytest
import torch

from tests.mtl_core.weighting.gradients import TWO, jacobian, method, step, two_quadratics
from tests.mtl_core.weighting.solvers.test_simplex import by_bisection


def test_it_needs_two_batches() -> None:
    assert method("sdmgrad").batches == 2


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("inner", "momentum"), [(20, 0.5), (1, 0.0), (3, 0.9)])
def test_it_is_the_algorithm_of_the_authors_code(inner: int, momentum: float) -> None:
    """With torch's own SGD on w, as there."""
    gamma, pull = torch.tensor([[0.1], [1.0], [0.5]]), torch.tensor([[0.3], [1.0], [10.0]])
    options = {} if (inner, momentum) == (20, 0.5) else {"inner_steps": inner, "momentum": momentum}
    weighting, weights = method("sdmgrad", step_size=gamma, attraction=pull, **options), torch.full((3, 4), 0.25)
    state = weighting.start(3, 23)
    for number in range(6):
        first, second = jacobian(seed=number), jacobian(seed=50 + number)
        direction = step(weighting, state, [first, second], number=number)
        for row in range(3):
            one, two, strength = first[row], second[row], pull[row]
            unit = (one.norm(dim=1) * two.norm(dim=1)).mean()
            w = weights[row].clone().requires_grad_()
            sgd = torch.optim.SGD([w], lr=float(gamma[row]), momentum=momentum)
            for _ in range(inner):
                w.grad = one @ (two.T @ w.detach() + strength * two.mean(dim=0)) / unit
                sgd.step()
                w.data.copy_(by_bisection(w.detach()))
            weights[row] = w.detach()
            both = (one + two) / 2
            expected = (weights[row] @ both + strength * both.mean(dim=0)) / (1 + strength)
            torch.testing.assert_close(direction[row], expected)
    torch.testing.assert_close(state["weights"], weights)
    assert (weights[1] == 0).any(), "nothing was projected, so nothing of it was tested"


def test_with_one_inner_step_and_without_attraction_it_is_modo() -> None:
    ours = method("sdmgrad", attraction=0.0, step_size=1.0, inner_steps=1, momentum=0.0)
    theirs = method("modo", step_size=1.0)
    states = [ours.start(3, 23), theirs.start(3, 23)]
    for number in range(6):
        batches = [jacobian(seed=number), jacobian(seed=50 + number)]
        directions = [step(*pair, batches, number=number) for pair in zip((ours, theirs), states, strict=True)]
        torch.testing.assert_close(*directions)


def test_with_infinite_attraction_it_is_the_mean() -> None:
    weighting, batches = method("sdmgrad", attraction=1e6), [jacobian(), jacobian(seed=1)]
    direction = step(weighting, weighting.start(3, 23), batches)
    torch.testing.assert_close(direction, sum(batches).mean(dim=1) / 2, rtol=1e-4, atol=1e-5)


def test_combined_weights_settle_at_the_shortest_combination_or_as_close_as_attraction_allows() -> None:
    """Norms 1 and 3 at right angles: shortest at (0.9, 0.1); with λ = 1 a combined weight is at least ¼."""
    gradients = torch.tensor([[1.0, 0.0], [0.0, 3.0]]).expand(3, 2, 2)
    for attraction, expected in ((0.1, [0.9, 0.3]), (1.0, [0.75, 0.75])):
        weighting = method("sdmgrad", TWO, step_size=0.3, attraction=attraction)
        state = weighting.start(3, 2)
        for number in range(300):
            direction = step(weighting, state, [gradients, gradients], number=number)
        torch.testing.assert_close(direction, torch.tensor([expected] * 3))


def test_twenty_inner_steps_come_close_to_the_shortest_combination_in_one_call() -> None:
    """One step does not; the optimum is that of w and λ 1/T together."""
    gradients = torch.tensor([[1.0, 0.0], [0.0, 2.0]]).expand(3, 2, 2)
    found = {}
    for inner in (1, 20):
        weighting = method("sdmgrad", TWO, attraction=0.1, inner_steps=inner)
        state = weighting.start(3, 2)
        step(weighting, state, [gradients, gradients])
        found[inner] = float(state["weights"][0, 0])
    best = 0.83  # (w₁ + 0.05)(1) = (w₂ + 0.05)(4), w₁ + w₂ = 1
    assert abs(found[20] - best) < 0.1 * (best - 0.5) + 0.01
    assert abs(found[1] - best) > 0.5 * (best - 0.5)


@pytest.mark.parametrize("options", [{"inner_steps": 0}, {"momentum": 1.0}, {"momentum": -0.1}])
def test_steps_that_cannot_be_are_refused(options: dict) -> None:
    with pytest.raises(ValueError, match=r"from 1 up|from 0 up and below 1"):
        method("sdmgrad", **options)


@pytest.mark.parametrize("attraction", [0.1, 1.0])
def test_it_ends_where_a_combination_of_the_gradients_vanishes(attraction: float) -> None:
    options = {"step_size": 0.1, "attraction": attraction}
    x, left = two_quadratics("sdmgrad", noise=0.5, steps=3000, rate=0.1, **options)
    assert (left < 0.1).all()
    assert (x.norm(dim=1) < 1.5).all()

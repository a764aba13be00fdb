"""Counts: the loss is that of Poisson regression, whose solution scikit-learn knows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_poisson_deviance

from mtl_core.data.kinds.count import Count
from mtl_core.data.metrics import metric_named
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples

KIND = Count()
TASK = Task("y", "count", "poisson_deviance")


def some(number: int = 400) -> tuple[torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(1)
    x = torch.randn(number, 2, generator=chance).double()
    return x, torch.poisson((0.5 * x[:, 0] - 0.3 * x[:, 1] + 1).exp(), generator=chance)


def test_the_loss_is_the_deviance_over_the_mean() -> None:
    _, y = some()
    logs = torch.randn(1, 1, 1, len(y), generator=torch.Generator().manual_seed(2)).double()
    scale = KIND.scale(y)
    found = KIND.losses(logs, (y * scale)[None, None]).mean().item()
    means = KIND.in_own_unit(logs, torch.zeros(1), torch.tensor(scale)).flatten()
    assert found == pytest.approx(scale * mean_poisson_deviance(y, means), rel=1e-6)
    assert KIND.losses((y * scale + 1e-30).log()[None, None, None], (y * scale)[None, None]).max().item() < 1e-9


def test_its_minimum_over_linear_heads_is_sklearns_poisson_regression() -> None:
    x, y = some()
    scale = KIND.scale(y)
    weight = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    design = torch.cat([x, torch.ones(len(x), 1).double()], dim=1)
    optimiser = torch.optim.LBFGS([weight], max_iter=200, line_search_fn="strong_wolfe", tolerance_grad=1e-12)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = KIND.losses((design @ weight)[None, None, None], (y * scale)[None, None]).mean()
        value.backward()
        return value

    optimiser.step(loss)
    other = PoissonRegressor(alpha=0, tol=1e-10, max_iter=10_000).fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(weight.detach()[:2], other.coef_, atol=1e-4)
    assert weight[2].item() - np.log(scale) == pytest.approx(other.intercept_, abs=1e-4)


def test_the_trivial_predictor_is_the_mean_and_metrics_are_in_counts() -> None:
    x, y = some()
    pool = Development((TASK,), Examples(x.float(), y[:, None].float()), torch.ones(2, dtype=torch.bool))
    prepared = prepare(pool, 0)
    mean = y[prepared.train].mean().item()
    (constant,) = prepared.constants
    assert constant.for_loss.item() == pytest.approx(0, abs=1e-6)
    assert constant.for_metric.item() == pytest.approx(mean, rel=1e-6)
    held = y[prepared.validation].numpy()
    assert prepared.trivial_metric.item() == pytest.approx(
        mean_poisson_deviance(held, np.full(len(held), mean)), rel=1e-5
    )
    assert metric_named("mae").of_all(TASK, torch.full((1, 1, 1, 3), 2.0), torch.tensor([[[2.0, 2.0, 5.0]]])) == 1.0


def test_without_any_event_rates_stay_finite() -> None:
    zeros = torch.zeros(30)
    assert KIND.scale(zeros) == 1.0
    constant = KIND.constant(TASK, zeros, None, (torch.zeros(1), torch.ones(1)))
    assert constant.item() == pytest.approx(np.log(0.5 / 30))

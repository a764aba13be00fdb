"""Inner products across two batches."""

from __future__ import annotations

import torch

from mtl_core.weighting.solvers.cross_gramian import cross_gramian
from tests.mtl_core.weighting.gradients import everybody, jacobian


def test_its_unit_is_the_mean_product_of_the_norms_of_those_who_are_present() -> None:
    first, second = jacobian(), jacobian(seed=1)
    present = everybody(first)
    present[:, 3] = False
    first, second = (torch.where(present.unsqueeze(2), gradients, 0.0) for gradients in (first, second))
    found = cross_gramian(first, second, present)
    for row in range(3):
        unit = sum(first[row, task].norm() * second[row, task].norm() for task in range(3)) / 3
        torch.testing.assert_close(found[row], first[row] @ second[row].T / unit)


def test_it_is_free_of_the_gradients_unit() -> None:
    first, second = jacobian(), jacobian(seed=1)
    for size in (1e-12, 1e12):
        torch.testing.assert_close(
            cross_gramian(size * first, size * second, everybody(first)),
            cross_gramian(first, second, everybody(first)),
        )


def test_noise_does_not_bias_it() -> None:
    """One batch's Gramian is too large by the noise's variance; across two batches it is right on the average."""
    exact, draws = jacobian(rows=1, parameters=5), 4000
    one, other = (exact + 2 * jacobian(rows=draws, parameters=5, seed=seed) for seed in (8, 9))
    across, within = (one @ other.mT).mean(dim=0), (one @ one.mT).mean(dim=0)
    torch.testing.assert_close(across, (exact @ exact.mT)[0], rtol=0, atol=0.6)
    assert ((within - exact[0] @ exact[0].T).diagonal() > 15).all()

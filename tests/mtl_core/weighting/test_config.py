"""ConFIG."""

from __future__ import annotations

import pytest
import torch
from torchjd.aggregation import ConFIG as TheirConFIG

from mtl_core.gradients.scales import scaled
from tests.mtl_core.weighting.solvers.families import asked, directions, everybody, gradients
from tests.mtl_core.weighting.test_gramian_methods import method


@pytest.mark.parametrize("tasks", [2, 5, 10, 40])
@pytest.mark.parametrize("family", ["random", "conflicting", "ill-scaled"])
def test_directions_are_those_of_the_pseudo_inverse(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    theirs = torch.stack([TheirConFIG()(rows) for rows in jacobian])
    ours = directions(asked(method("config", tasks), jacobian)[0], jacobian)
    assert ((ours - theirs).norm(dim=1) / theirs.norm(dim=1)).max() < 1e-6


@pytest.mark.parametrize("tasks", [2, 5, 10])
def test_its_length_is_that_of_all_projections(tasks: int) -> None:
    jacobian = gradients("conflicting", tasks)
    direction = directions(asked(method("config", tasks), jacobian)[0], jacobian)
    projections = (jacobian @ torch.nn.functional.normalize(direction, dim=1).unsqueeze(2)).squeeze(2)
    torch.testing.assert_close(direction.norm(dim=1), projections.sum(dim=1))


def test_it_vanishes_towards_opposite_gradients() -> None:
    first = gradients("random", 2)[:, 0]
    aside = torch.nn.functional.normalize(gradients("random", 2)[:, 1], dim=1)
    lengths = []
    for angle in (1e-1, 1e-2, 1e-3, 0.0):
        jacobian = torch.stack([first, -first + angle * aside], dim=1)
        lengths.append(directions(asked(method("config", 2), jacobian)[0], jacobian).norm(dim=1))
    assert (torch.stack(lengths).diff(dim=0) < 0).all()
    assert (lengths[-1] < 1e-3).all()


def test_at_a_fixed_total_it_is_imtl_g_but_for_the_sign() -> None:
    jacobian = gradients("conflicting", 5, rows=200)
    config, imtl_g = (
        scaled(asked(method(name, 5), jacobian)[0], everybody(jacobian), "matched") for name in ("config", "imtl_g")
    )
    sign = (config * imtl_g).sum(dim=1, keepdim=True).sign()
    torch.testing.assert_close(config, sign * imtl_g)

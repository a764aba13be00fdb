"""Gradient sign dropout against TorchJD, and against its own claims."""

from __future__ import annotations

import pytest
import torch
import torchjd.aggregation

from mtl_core.randomness.counter_based import Streams
from tests.mtl_core.weighting.gradients import ALL, jacobian, method, step, unit_rows


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("leak", [0.0, 0.3, 1.0])
def test_it_is_torchjds_with_the_same_noise(leak: float, monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = jacobian(parameters=200)
    direction = step(method("graddrop", leak=leak), {}, [gradients], number=4)
    noise = Streams(range(3), "weighting").at([4] * 3).elements("graddrop", 200)
    theirs = torchjd.aggregation.GradDrop(leak=torch.full((4,), leak))
    for row in range(3):
        monkeypatch.setattr(torch, "rand", lambda *_, row=row, **__: noise[row])
        torch.testing.assert_close(theirs(gradients[row]), direction[row])


def test_where_all_signs_agree_nothing_is_dropped() -> None:
    pure = jacobian(parameters=100_000).abs()
    pure[1] *= -1
    torch.testing.assert_close(step(method("graddrop"), {}, [pure]), pure.sum(dim=1))


def test_the_largest_noise_drops_nothing_pure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Streams, "elements", lambda self, name, size: torch.full((3, size), 1 - 2.0**-17))
    pure = jacobian(parameters=10_000).abs()
    torch.testing.assert_close(step(method("graddrop"), {}, [pure]), pure.sum(dim=1))


def test_where_signs_differ_one_side_is_dropped_by_its_share() -> None:
    """P = ¾ for (2, −1, 1, 0): up and down are taken three times to one, and the mean is the sum of the gradients."""
    gradients = unit_rows([2.0], [-1.0], [1.0], [0.0]).expand(2, 4, 20_000)
    direction = step(method("graddrop"), {}, [gradients])
    assert set(direction.unique().tolist()) == {-1.0, 3.0}
    torch.testing.assert_close((direction > 0).float().mean(dim=1), torch.full((2,), 0.75), rtol=0, atol=0.02)
    torch.testing.assert_close(direction.mean(dim=1), torch.full((2,), 2.0), rtol=0, atol=0.06)


def test_each_step_draws_anew() -> None:
    gradients = jacobian(parameters=200)
    first, again, later = (step(method("graddrop"), {}, [gradients], number=number) for number in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)


def test_the_leak_belongs_to_the_row() -> None:
    gradients = jacobian(parameters=200)
    direction = step(method("graddrop", leak=torch.tensor([[0.0], [1.0], [0.5]])), {}, [gradients])
    dropped = step(method("graddrop", ALL), {}, [gradients])
    assert torch.equal(direction[0], dropped[0])
    torch.testing.assert_close(direction[1], gradients[1].sum(dim=0))
    torch.testing.assert_close(direction[2], (dropped[2] + gradients[2].sum(dim=0)) / 2)

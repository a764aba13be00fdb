"""What weighting methods answer, compared: weights at equal total, or directions."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_core.gradients.scales import scaled
from mtl_core.registry import find
from mtl_core.testing.weighting_steps import EVERYBODY


def weighs(name: str) -> bool:
    """Return whether a method gives weights, rather than a direction."""
    return find("weighting", name).cls.needs != "jacobian"


def from_losses_alone(name: str) -> bool:
    """Return whether a method looks at nothing but losses."""
    return find("weighting", name).cls.needs == "losses"


def comparable(name: str, answer: Tensor, present: Tensor) -> Tensor:
    """Return weights at equal total, or a direction at unit length: an absent task may change the size of a step."""
    return scaled(answer, present, "matched") if weighs(name) else torch.nn.functional.normalize(answer, dim=1)


def assert_close(name: str, message: str, one: Tensor, other: Tensor) -> None:
    """Raise unless two answers agree, for methods with a solver up to the tolerance at which it stops."""
    rtol, atol = (1e-5, 1e-6) if from_losses_alone(name) else (1e-3, 1e-4)
    torch.testing.assert_close(one, other, msg=lambda details: f"{name}: {message}: {details}", rtol=rtol, atol=atol)


def assert_finite(name: str, where: str, answer: Tensor, state: dict[str, Tensor]) -> None:
    """Raise unless an answer, the weights at equal total and the state are finite."""
    infinite = [key for key, value in state.items() if not value.isfinite().all()]
    assert not infinite, f"{name}: at {where} the state {infinite} is not finite"
    assert answer.isfinite().all(), f"{name}: at {where} the answer is not finite"
    if weighs(name):
        matched = scaled(answer, EVERYBODY, "matched")
        assert matched.isfinite().all(), f"{name}: at {where} the weights at equal total are not finite"


def assert_same(name: str, where: str, found: Tensor, expected: Tensor) -> None:
    """Raise unless rows agree to the last bit."""
    assert torch.equal(found, expected), f"{name}: {where} a row has other bits than elsewhere"

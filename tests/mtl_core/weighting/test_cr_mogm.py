"""The weights of another method, averaged over steps."""

from __future__ import annotations

import pytest
import torch
import torchjd.aggregation

from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, LOSSES, Situation, gradients, play

CLS = find("weighting", "cr_mogm").cls
STEPS = [
    Situation(loss, gradients(kind))
    for loss, kind in zip((LOSSES, 2 * LOSSES, LOSSES.sqrt()), ("conflicting", "agreeing", "orthogonal"), strict=True)
]


def answers(weighting, count: int) -> list[torch.Tensor]:
    return [play(weighting, STEPS[:steps])[0] for steps in range(1, count + 1)]


@pytest.mark.parametrize("around", ["mgda", "upgrad", "nash", "equal", "dwa"])
@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_weights_are_the_exponential_average_of_the_methods_own(around: str, smoothing: float) -> None:
    own = answers(find("weighting", around).cls(ALL), 3)
    expected = [own[0]]
    for newest in own[1:]:
        expected.append(smoothing * expected[-1] + (1 - smoothing) * newest)
    for found, wanted in zip(answers(CLS(ALL, smoothing=smoothing, around=around), 3), expected, strict=True):
        torch.testing.assert_close(found, wanted)


def test_it_is_torchjds() -> None:
    weighting = CLS(ALL, smoothing=0.7, around="imtl_g")
    found = answers(weighting, 3)
    for row in range(3):
        theirs = torchjd.aggregation.CRMOGMWeighting(torchjd.aggregation.IMTLGWeighting(), alpha=0.7)
        for step, weights in zip(STEPS, found, strict=True):
            jacobian = step.jacobian[row].double()
            torch.testing.assert_close(theirs(jacobian @ jacobian.T).float(), weights[row], rtol=1e-3, atol=1e-4)


def test_noise_of_the_gramian_moves_the_weights_less() -> None:
    """The paper's aim: the weights' variance over batches falls by about (1 − α) / (1 + α)."""
    generator, exact = torch.Generator().manual_seed(3), gradients("orthogonal")
    noisy = [Situation(LOSSES, exact + 0.3 * torch.randn(exact.shape, generator=generator)) for _ in range(300)]
    spread = {}
    for smoothing in (0.0, 0.9):
        weighting = CLS(ALL, smoothing=smoothing)
        state, seen = weighting.start(3), []
        for number, step in enumerate(noisy):
            seen.append(play(weighting, [step], state=state, begin=number)[0])
        spread[smoothing] = torch.stack(seen[50:]).var(dim=0).mean()
    assert 0.5 < spread[0.9] / spread[0.0] / (0.1 / 1.9) < 2


def test_what_it_takes_from_the_method_inside() -> None:
    assert CLS(ALL, around="nash").max_norm == 1.0
    assert CLS(ALL, around="nash").weighs_everything
    assert CLS(ALL, around="uncertainty").weighs_everything
    assert not CLS(ALL, around="mgda").weighs_everything
    assert CLS(ALL, around="mgda", options={"normalise": "l2"}).inner.normalise == "l2"
    assert "unconverged" in CLS(ALL, around="mgda").start(2)


@pytest.mark.parametrize("around", ["famo", "graddrop", "modo", "cr_mogm"])
def test_methods_without_weights_in_a_step_are_refused(around: str) -> None:
    with pytest.raises(ValueError, match=around):
        CLS(ALL, around=around)

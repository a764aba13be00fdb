"""The weights of another method, averaged over steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torchjd.aggregation

from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import find
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.testing.weighting_steps import ALL, LOSSES, Situation, gradients, play
from mtl_core.training.trainer import fit

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


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"around": "nope"}, "found around='nope', which is none of aligned, cagrad"),
        ({"around": "dwa", "options": {"temperatur": 3}}, "dwa, which has no option 'temperatur'; it has temperature"),
        ({"around": "equal", "options": {"weights": 3}}, "equal, which has no option 'weights'; it has none"),
        ({"around": "dwa", "options": {"temperature": "warm"}}, "temperature is 'warm'"),
        ({"around": "fixed", "options": {"weights": [0.2, 0.3]}}, "4 weights from 0 up that add up to 1"),
    ],
    ids=str,
)
def test_a_mistake_inside_is_a_mistake_of_the_options(options: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"cr_mogm|temperature|fixed") as refused:
        CLS(ALL, **options)
    assert complaint in str(refused.value)


def test_it_needs_what_the_method_inside_needs() -> None:
    for around, needs in (("dwa", "losses"), ("mgda", "gramian"), ("gradnorm", "gramian")):
        assert CLS(ALL, around=around).needs == needs
    assert CLS.consulted({}) == ("mgda", {})
    assert CLS.consulted({"around": "dwa", "options": {"temperature": 3}}) == ("dwa", {"temperature": 3})
    assert CLS(ALL, around="stch", options={"ideal": {"price": 1.0}}).named_tasks == {"price"}


def test_around_a_method_of_losses_it_trains_what_shares_nothing() -> None:
    """With α = 0 it is the method inside, to the last bit; before, it asked for gradients on shared parameters."""
    data, rows = small_tasks(MIXED, missing=0.3), [ReplicaConfig("a", 0, {"learning_rate": 1e-2})]
    options = {"temperature": 1.0}
    dwa = Recipe(sharing="independent", stages=2, width=8, epochs=4, weighting="dwa", weighting_options=options)
    averaged = {"smoothing": 0.0, "around": "dwa", "options": options}
    around = replace(dwa, weighting="cr_mogm", weighting_options=averaged)
    assert why_infeasible(around, data) is None
    one, other = (fit(recipe, data, rows)[0] for recipe in (dwa, around))
    assert torch.equal(one.state["parameters"], other.state["parameters"])
    assert (one.curves["weight"] == other.curves["weight"]).all()


@pytest.mark.parametrize("around", ["famo", "graddrop", "modo", "cr_mogm"])
def test_methods_without_weights_in_a_step_are_refused(around: str) -> None:
    with pytest.raises(ValueError, match=around):
        CLS(ALL, around=around)

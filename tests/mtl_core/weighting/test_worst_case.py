"""The worst mixture of the tasks."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, LOSSES, NUM_SHARED, Situation, after_three_steps, from_losses, play
from mtl_core.weighting import Step as EngineStep

CLS = find("weighting", "worst_case").cls
SEQUENCE = [LOSSES, 2 * LOSSES.flip(0), LOSSES.square(), LOSSES]
BASELINE = {"price": 0.2, "sold": 0.1, "grade": 0.05, "colour": 0.3}


def reference(values: list[Tensor], step_size: float) -> Tensor:
    """Exponentiated gradient as the paper writes it down, in double precision."""
    q = torch.full(values[0].shape, 0.25, dtype=torch.float64)
    for value in values:
        q = q * torch.exp(step_size * value.double())
        q = q / q.sum(dim=1, keepdim=True)
    return q.float()


def excesses(sequence: list[Tensor]) -> list[Tensor]:
    return [now - torch.stack(sequence[: step + 1]).amin(dim=0) for step, now in enumerate(sequence)]


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"on": "raw"}, SEQUENCE),
        ({"on": "relative"}, [losses / SEQUENCE[0] for losses in SEQUENCE]),
        ({"on": "excess"}, excesses(SEQUENCE)),
        (
            {"on": "excess", "baseline": BASELINE},
            [losses - torch.tensor(list(BASELINE.values())) for losses in SEQUENCE],
        ),
    ],
    ids=["raw", "relative", "excess", "excess over a baseline"],
)
def test_weights_follow_the_exponentiated_gradient(options: dict[str, Any], values: list[Tensor]) -> None:
    for number in range(1, len(SEQUENCE) + 1):
        weights, _ = from_losses(CLS(ALL, step_size=0.001, **options), SEQUENCE[:number])
        torch.testing.assert_close(weights, reference(values[:number], 0.001))


def test_raw_is_the_default() -> None:
    weights, state = from_losses(CLS(ALL, step_size=0.1), SEQUENCE)
    torch.testing.assert_close(weights, reference(SEQUENCE, 0.1), rtol=1e-4, atol=1e-6)
    assert set(state) == {"log_share"}


def test_a_baseline_belongs_to_a_name_not_to_a_place() -> None:
    order = [2, 0, 3, 1]
    weights, _ = from_losses(CLS(ALL, on="excess", baseline=BASELINE), SEQUENCE)
    permuted = CLS([ALL[i] for i in order], on="excess", baseline=BASELINE)
    torch.testing.assert_close(from_losses(permuted, [losses[:, order] for losses in SEQUENCE])[0], weights[:, order])


def test_the_worst_task_takes_over() -> None:
    """max_q Σ q_i L_i at constant losses is attained at the worst task."""
    weights, _ = from_losses(CLS(ALL, step_size=0.1), [LOSSES[:1]] * 300)
    assert weights[0, 2] > 0.999
    assert (weights[0].argsort(descending=True) == LOSSES[0].argsort(descending=True)).all()


@pytest.mark.parametrize("wild", [100.0, 1e15])
def test_a_task_that_one_wild_loss_shut_out_can_come_back(wild: float) -> None:
    first = torch.tensor([[wild, 1.0, 1.0, 1.0]])
    later = torch.tensor([[0.0, 0.0, 0.0, 1.0]])
    weights, _ = from_losses(CLS(ALL, step_size=1.0), [first])
    assert weights[0, 0] > 0.99999
    assert (weights > 1e-7).all()
    weights, _ = from_losses(CLS(ALL, step_size=1.0), [first] + [later] * 30)
    assert weights[0, 3] > 0.99


def test_present_tasks_share_among_them_what_they_had() -> None:
    weighting, present = CLS(ALL, step_size=1.0), torch.tensor([[True, False, True, True]])
    state = weighting.start(1)
    streams = Streams([0], "weighting")
    weighting.weigh(EngineStep(LOSSES[:1], torch.ones(1, 4, dtype=torch.bool), state, streams))
    before = state["log_share"].exp()
    weights = weighting.weigh(EngineStep(torch.where(present, LOSSES[:1], 0.0), present, state, streams))
    after = state["log_share"].exp()
    assert after[0, 1] == before[0, 1]
    torch.testing.assert_close(after.sum(), torch.tensor(1.0))
    torch.testing.assert_close(weights[0, [0, 2, 3]], after[0, [0, 2, 3]] / after[0, [0, 2, 3]].sum())


def test_an_absent_first_step_does_not_fix_what_the_relative_loss_is_relative_to() -> None:
    weighting = CLS(ALL, on="relative")
    state = weighting.start(1)
    streams, late = Streams([0], "weighting"), torch.tensor([[True, True, True, False]])
    weighting.weigh(EngineStep(torch.where(late, 5.0, 0.0), late, state, streams))
    weighting.weigh(EngineStep(torch.full((1, 4), 2.0), torch.ones_like(late), state, streams))
    assert state["reference"][0].tolist() == [5, 5, 5, 2]


@pytest.mark.parametrize("options", [{"on": "relative"}, {"on": "excess"}, {"on": "excess", "baseline": BASELINE}])
@pytest.mark.parametrize("size", [0.0, 1e-30, 1e15])
def test_what_is_compared_stays_finite(options: dict[str, Any], size: float) -> None:
    steps = [Situation(losses, torch.zeros(3, 4, NUM_SHARED)) for losses in (size * LOSSES, LOSSES, 1e15 * LOSSES)]
    weights, state = play(CLS(ALL, **options), steps)
    assert all(value.isfinite().all() for value in (weights, *state.values()))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"on": "best"}, "raw, relative, excess.*'best'"),
        ({"baseline": BASELINE}, "on='excess'; found on='raw'"),
        ({"on": "excess", "baseline": {"price": 1.0}}, "lacks the tasks sold, grade, colour"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        CLS(ALL, **options)


def test_shares_begin_equal() -> None:
    torch.testing.assert_close(CLS(ALL).start(2)["log_share"], torch.full((2, 4), -math.log(4)))


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    assert after_three_steps("worst_case") == pytest.approx([0.25673807, 0.24544342, 0.25090048, 0.24691804], rel=1e-5)

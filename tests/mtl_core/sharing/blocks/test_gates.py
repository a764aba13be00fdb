"""Gates and mixtures of experts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import SHARED, Theta, private
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.randomness.counter_based import Streams
from mtl_core.sharing.blocks.gates import Gates, mix, mix_groups, unless_all

TASKS, EXPERTS = ("a", "b", "c"), ("x", "y", "z", "u")


def gates(names: tuple[str, ...] = TASKS, experts: tuple[str, ...] = EXPERTS) -> Gates:
    return Gates("gate", private(names), [experts] * len(names), 5)


def theta_of(bank: Gates, rows: int = 2, scale: float = 1.0) -> Theta:
    generator = torch.Generator().manual_seed(1)
    return {slot: scale * torch.randn(rows, len(slot.copies), *slot.shape, generator=generator) for slot in bank.slots}


def training(step: int = 0, rows: int = 2) -> ForwardContext:
    return ForwardContext(training=True, streams=Streams(range(rows), "sharing").at([step] * rows))


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("signals", [1, 3])
def test_a_gate_is_the_softmax_of_an_affine_map(signals: int) -> None:
    bank, x = gates(), random(2, signals, 7, 5)
    theta = theta_of(bank)
    found = bank(theta, x, EVALUATION, 0.0)
    assert found.shape == (2, 3, 4, 7)
    for task in range(3):
        logits = x[:, task % signals] @ theta[bank.weight][:, task].transpose(1, 2) + theta[bank.bias][:, task, None]
        torch.testing.assert_close(found[:, task], logits.softmax(dim=2).transpose(1, 2))


def test_a_gate_for_all_serves_every_signal() -> None:
    bank, x = Gates("gate", (SHARED,), [EXPERTS], 5), random(2, 3, 7, 5)
    theta = theta_of(bank)
    found = bank(theta, x, EVALUATION, 0.0)
    assert found.shape == (2, 3, 4, 7)
    for task in range(3):
        torch.testing.assert_close(found[:, task], bank(theta, x[:, task : task + 1], EVALUATION, 0.0)[:, 0])


def test_every_expert_begins_with_the_same_share() -> None:
    bank = gates()
    theta = {
        slot: torch.stack([slot.initialise(torch.Generator()) for _ in slot.copies]).expand(
            2, -1, *[-1] * len(slot.shape)
        )
        for slot in bank.slots
    }
    assert (bank(theta, random(2, 1, 7, 5), EVALUATION, 0.0) == 0.25).all()


def test_dropped_experts_have_no_weight_and_the_others_all_of_it() -> None:
    bank, x = gates(), random(2, 1, 7, 5)
    found = bank(theta_of(bank), x, training(), 0.5)
    lost = found == 0
    assert lost.any()
    assert not lost.all(dim=2).any()
    assert (lost == lost[..., :1]).all(), "a mask holds for the whole step"
    torch.testing.assert_close(found.sum(dim=2), torch.ones(2, 3, 7))
    kept = torch.where(lost, 0.0, bank(theta_of(bank), x, EVALUATION, 0.5))
    torch.testing.assert_close(found, kept / kept.sum(dim=2, keepdim=True))


def test_a_gate_that_would_lose_all_its_experts_keeps_them() -> None:
    dropped = torch.tensor([[True, True, True], [True, False, True]]).view(1, 2, 3, 1)
    assert unless_all(dropped).flatten().tolist() == [False, False, False, True, False, True]


def test_experts_are_dropped_as_often_as_asked_for_each_row() -> None:
    bank = gates(experts=tuple(map(str, range(20))))
    theta, x = theta_of(bank), random(2, 1, 1, 5)
    rates = torch.tensor([0.0, 0.3]).view(2, 1, 1, 1)
    lost = torch.stack([bank(theta, x, training(step), rates) == 0 for step in range(100)])
    assert lost[:, 0].sum() == 0
    assert lost[:, 1].float().mean().item() == pytest.approx(0.3, abs=0.02)


def test_what_is_dropped_depends_on_names_and_not_on_order_or_neighbours() -> None:
    straight, turned = gates(), gates(("c", "a"), ("u", "x", "z", "y"))
    x = random(2, 1, 7, 5)
    one = straight(theta_of(straight, scale=0.0), x, training(), 0.5)
    other = turned(theta_of(turned, scale=0.0), x, training(), 0.5)
    assert torch.equal(other, one[:, [2, 0]][:, :, [3, 0, 2, 1]])


def test_nothing_is_dropped_in_evaluation() -> None:
    bank, x = gates(), random(2, 1, 7, 5)
    assert torch.equal(bank(theta_of(bank), x, EVALUATION, 0.9), bank(theta_of(bank), x, EVALUATION, 0.0))


@pytest.mark.parametrize("places", [(), (3, 2)], ids=["features", "places"])
@pytest.mark.parametrize("width", [3, 150])
@pytest.mark.parametrize(("signals", "tasks", "examples"), [(1, 3, 7), (3, 3, 7), (1, 1, 7), (3, 1, 7), (1, 3, 1)])
def test_a_mixture_is_the_weighted_sum(
    signals: int, tasks: int, examples: int, width: int, places: tuple[int, ...]
) -> None:
    """Small and large products, common and own signals, one task or example for all."""
    weights, outputs = random(2, tasks, 4, examples), random(2, 4, signals, 7, width, *places)
    mixed = mix(weights, outputs)
    assert mixed.shape == (2, max(signals, tasks), 7, width, *places)
    for task in range(mixed.shape[1]):
        weight = weights[:, task % tasks].view(2, 4, examples, *[1] * (1 + len(places)))
        torch.testing.assert_close(mixed[:, task], (weight * outputs[:, :, task % signals]).sum(dim=1))


def test_groups_share_one_gate() -> None:
    weights, one, other = random(2, 3, 5, 7), random(2, 3, 3, 7, 6), random(2, 2, 1, 7, 6)
    together = torch.cat([one, other.expand(-1, -1, 3, -1, -1)], dim=1)
    torch.testing.assert_close(mix_groups(weights, [one, other]), mix(weights, together))


@pytest.mark.parametrize(("examples", "width"), [(31, 9), (7, 17), (31, 150)])
@pytest.mark.parametrize("signals", [1, 3])
def test_bits_do_not_depend_on_the_array(signals: int, examples: int, width: int) -> None:
    bank, rows = gates(), 7
    theta = theta_of(bank, rows)
    x, outputs = random(rows, signals, examples, 5), random(rows, 4, signals, examples, width)

    def run(chosen: list[int]) -> list[Tensor]:
        part = {slot: value[chosen].requires_grad_() for slot, value in theta.items()}
        leaf = outputs[chosen].requires_grad_()
        mixed = mix(bank(part, x[chosen], EVALUATION, 0.0), leaf)
        return [mixed, *torch.autograd.grad(mixed.square().sum(), [leaf, *part.values()])]

    together = run(list(range(rows)))
    for chosen in ([2, 5], [6, 0, 3]):
        for one, all_ in zip(run(chosen), together, strict=True):
            assert torch.equal(one, all_[chosen])

"""Dropout masks belong to a replica, a step and a copy, not to the array."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import SHARED, private
from mtl_core.layers.dropout import Dropout, noise_of

ONES = torch.ones(3, 2, 40, 25)
COPIES = private(("a", "b"))


def masks(
    seeds: tuple[int, ...] = (0, 1, 2), steps: tuple[int, ...] = (5, 5, 5), rates: tuple[float, ...] = (0.5, 0.25, 0.0)
) -> Tensor:
    return noise_of(seeds, steps, rates)(torch.ones(len(seeds), *ONES.shape[1:]), COPIES)


@pytest.mark.parametrize("rate", [0.05, 0.25, 0.5, 0.9])
def test_the_asked_share_is_dropped_and_the_mean_is_kept(rate: float) -> None:
    x = torch.ones(2, 2, 300, 301)
    dropped = noise_of([0, 1], [0, 0], [rate, rate])(x, COPIES)
    share = (dropped == 0).float().mean(dim=(2, 3))
    torch.testing.assert_close(share, torch.full((2, 2), rate), rtol=0, atol=5e-3)
    kept = dropped[dropped != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - round(rate * 256) / 256)), rtol=1e-6, atol=0)


def test_a_rate_of_zero_drops_nothing_beside_rows_that_drop() -> None:
    found = masks()
    assert torch.equal(found[2], ONES[2])
    assert (found[:2] == 0).any(dim=(2, 3)).all()


def test_a_rows_masks_do_not_depend_on_the_array() -> None:
    together = masks()
    alone = masks((1,), (5,), (0.25,))
    swapped = masks((2, 1, 0), (5, 5, 5), (0.0, 0.25, 0.5))
    assert torch.equal(alone[0], together[1])
    assert torch.equal(swapped.flip(0), together)


def test_seeds_steps_copies_and_stages_have_masks_of_their_own() -> None:
    plain = masks((0,), (5,), (0.5,))
    assert not torch.equal(plain, masks((1,), (5,), (0.5,)))
    assert not torch.equal(plain, masks((0,), (6,), (0.5,)))
    assert not torch.equal(plain[:, 0], plain[:, 1])
    noise = noise_of([0], [5], [0.5])
    first, second = noise(ONES[:1], COPIES), noise(ONES[:1], COPIES)
    assert torch.equal(first, plain)
    assert not torch.equal(first, second)


def test_a_private_copy_sees_the_same_masks_alone_and_beside_other_tasks() -> None:
    """Stages before it may be shared or private: streams are the copies', and a copy draws for its own stages alone."""
    alone, beside = (noise_of([7], [3], [0.4]) for _ in range(2))
    for _ in range(3):
        one = alone(torch.ones(1, 1, 31, 9), private("b"))
        all_ = beside(torch.ones(1, 3, 31, 9), private("abc"))
        beside(torch.ones(1, 1, 31, 9), (SHARED,))
        assert torch.equal(one[:, 0], all_[:, 1])


@pytest.mark.parametrize("features", [1, 3, 4, 17])
def test_any_number_of_elements_has_a_mask(features: int) -> None:
    dropped = noise_of([0, 1], [0, 0], [0.5, 0.5])(torch.ones(2, 2, 33, features), COPIES)
    assert dropped.shape == (2, 2, 33, features)
    assert set(dropped.unique().tolist()) == {0.0, 2.0}


def test_the_gradient_passes_where_the_signal_passes() -> None:
    x = torch.ones(1, 2, 8, 5, requires_grad=True)
    dropped = noise_of([0], [0], [0.5])(x, COPIES)
    (gradient,) = torch.autograd.grad(dropped.sum(), x)
    assert torch.equal(gradient, dropped.detach())


@pytest.mark.parametrize("signals", [(), ["vw"]], ids=["one signal", "two signals"])
def test_after_relu_is_relu_and_then_a_call_with_the_same_gradient(signals: list[str]) -> None:
    """The layer's product has another shape than what it makes of it."""
    x, weights = torch.randn(3, 2, 6, 5), torch.randn(3, 2, 6, 5)
    results = []
    for at_once in (False, True):
        noise, leaf = noise_of([0, 1, 2], [4, 4, 4], [0.5, 0.25, 0.0]), x.clone().requires_grad_()
        if at_once:
            dropped = noise.after_relu(leaf.view(6, 6, 5) * 1, COPIES, signals).view(x.shape)
        else:
            dropped = noise(leaf.relu(), COPIES, signals)
        (gradient,) = torch.autograd.grad((dropped * weights).sum(), leaf)
        results.append((dropped.detach(), gradient))
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)
    assert (results[0][0] > 0).any()


def test_masks_that_were_asked_for_are_those_of_the_next_steps() -> None:
    dropout, x = Dropout((3, 8), (0.5, 0.1)), torch.ones(2, 2, 40)
    dropout.begin(torch.tensor([[5, 90], [6, 91]]))
    assert dropout.asked_masks(0) == []
    dropout.at(0)(x, COPIES)
    for place in (0, 1):
        (asked,) = dropout.asked_masks(place)
        assert torch.equal(asked[:, :, :40] > 0, dropout.at(place)(x, COPIES) > 0)
        (again,) = dropout.asked_masks(place)
        assert again.data_ptr() == asked.data_ptr(), "the very memory"


@pytest.mark.parametrize("elements", [40, 40_000])
def test_a_mask_does_not_depend_on_how_many_steps_are_drawn_at_once(elements: int) -> None:
    """Few elements are drawn for several steps together, many for one; steps may be asked for in any order."""
    dropout, x = Dropout((3, 8), (0.5, 0.1)), torch.ones(2, 2, elements)
    dropout.begin(torch.tensor([[5, 90], [6, 91], [7, 92], [8, 93]]))
    for place in (0, 3, 1, 1, 2):
        alone = noise_of((3, 8), (5 + place, 90 + place), (0.5, 0.1))
        noise = dropout.at(place)
        for _ in range(2):
            assert torch.equal(noise(x, COPIES), alone(x, COPIES))


def test_a_copy_of_several_tasks_has_a_mask_for_each_that_its_place_does_not_change() -> None:
    x = torch.ones(1, 1, 3 * 8, 25)
    straight = noise_of([7], [3], [0.4])(x, (SHARED,), ["abc"]).unflatten(2, (3, 8))
    permuted = noise_of([7], [3], [0.4])(x, (SHARED,), ["cab"]).unflatten(2, (3, 8))
    assert torch.equal(permuted, straight[:, :, [2, 0, 1]])
    assert not torch.equal(straight[:, :, 0], straight[:, :, 1])


def test_every_copy_has_masks_of_its_own_for_the_tasks_that_it_takes() -> None:
    x = torch.ones(1, 2, 2 * 8, 25)
    all_, apart = (noise_of([7], [3], [0.4])(x, COPIES, groups) for groups in (["vw"], ["vw", "uw"]))
    assert torch.equal(all_[:, 0], apart[:, 0])
    assert torch.equal(all_[:, 1, 8:], apart[:, 1, 8:])
    assert not torch.equal(all_[:, 1, :8], apart[:, 1, :8])
    assert not torch.equal(all_[:, 0], all_[:, 1])


def test_a_copy_of_one_task_has_the_same_masks_whoever_it_belongs_to() -> None:
    plain = noise_of([7], [3], [0.4])(ONES[:1], COPIES)
    assert torch.equal(noise_of([7], [3], [0.4])(ONES[:1], COPIES, ["v", "w"]), plain)

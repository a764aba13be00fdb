"""The context of a forward pass, in evaluation and in training."""

from __future__ import annotations

import torch

from mtl_core.layers.bank import SHARED, Theta
from mtl_core.layers.dropout import noise_of
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.layers.linear import Linear


def doubled(layer: object, theta: Theta, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return 2 * y


def test_evaluation_neither_drops_nor_adapts() -> None:
    h = torch.randn(2, 1, 5, 3)
    assert EVALUATION.drop(h, (SHARED,)) is h
    assert not EVALUATION.training
    assert EVALUATION.adapt is None


def test_a_training_step_drops_by_its_own_masks() -> None:
    h = torch.ones(2, 1, 50, 30)
    noise, again = (noise_of((0, 1), (4, 4), [0.5, 0.0]) for _ in range(2))
    dropped = ForwardContext(training=True, noise=noise).drop(h, (SHARED,))
    assert torch.equal(dropped, again(h, (SHARED,)))
    assert (dropped[0] == 0).any()
    assert torch.equal(dropped[1], h[1])


def test_penalties_belong_to_one_context_but_also_to_its_adapted_copy() -> None:
    context = ForwardContext(training=True)
    adapted = context.adapted(doubled)
    adapted.penalties.append(torch.ones(2))
    assert len(context.penalties) == 1
    assert context.adapt is None
    assert adapted.training
    assert not ForwardContext(training=True).penalties


def test_an_adapter_changes_what_an_affine_layer_returns() -> None:
    layer = Linear("affine", (SHARED,), 3, 4)
    theta = {slot: torch.randn(2, 1, *slot.shape) for slot in layer.slots}
    x = torch.randn(2, 1, 5, 3)
    adapt = EVALUATION.adapted(doubled).adapt
    assert torch.equal(layer(theta, x, adapt=adapt), 2 * layer(theta, x))


def test_copies_that_join_the_signals_of_all_tasks_drop_by_the_tasks_names() -> None:
    h = torch.ones(2, 1, 3 * 20, 30)
    noise, again = (noise_of((0, 1), (4, 4), [0.5, 0.25]) for _ in range(2))
    context = ForwardContext(training=True, noise=noise, tasks=("a", "b", "c"))
    joint = context.joining(3)
    assert torch.equal(joint.drop(h, (SHARED,)), again(h, (SHARED,), ["abc"]))
    assert joint.joining(1) is joint
    assert joint.joining(3) is joint
    assert context.joining(1) is context
    assert EVALUATION.joining(3) is EVALUATION


def test_the_positive_part_is_dropped_as_after_relu() -> None:
    h = torch.randn(2, 1, 5, 3)
    noise, again = (noise_of((0, 1), (4, 4), [0.5, 0.25]) for _ in range(2))
    context = ForwardContext(training=True, noise=noise)
    assert torch.equal(context.drop_positive(h.clone(), (SHARED,)), again(h.relu(), (SHARED,)))
    assert torch.equal(EVALUATION.drop_positive(h.clone(), (SHARED,)), h.relu())

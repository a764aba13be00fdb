"""What every architecture promises, on every backbone, with common inputs and with inputs of each task's own.

``check_sharing("mine")`` checks all of it.  For one result per promise and case::

    @pytest.mark.parametrize("case", sharing_cases("mine"), ids=str)
    def test_contract(case):
        for check in checks_for(case):
            check(case)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from mtl_core.layers.bank import Copy, Slot
from mtl_core.layers.forward_context import EVALUATION
from mtl_core.network.cost import cost_of
from mtl_core.network.feasibility import why_infeasible
from mtl_core.testing.cases import (
    LONG_ENOUGH,
    Case,
    by_task,
    cases_of,
    dropping,
    fresh,
    in_training,
    inputs_for,
    shaken,
    small_cases,
)
from mtl_core.testing.small_tasks import ALIKE, FUNNEL, MIXED, SOME_ALIKE, small_tasks
from mtl_core.testing.training import check_trained_task_order, check_training, turned

EVERYTHING = {"norm": "layer", "residual": True, "activation": "gelu"}
"""What a stage of the perceptron may have beside its layer."""
RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""Tolerances of single precision, across kernels that sum in another order."""


def sharing_cases(sharing: str, options: Mapping[str, Any] | None = None) -> list[Case]:
    """Return all cases of an architecture: shallow ones on every backbone, deep ones on the perceptron.

    Args:
        sharing: the architecture's name.
        options: what it cannot do without, or a variant of it.
    """
    return small_cases(sharing, options) + deep_cases(sharing, options)


def deep_cases(sharing: str, options: Mapping[str, Any] | None = None) -> list[Case]:
    """Return the cases of an architecture on perceptrons of three stages, plain and with everything added to them."""
    tasks = (SOME_ALIKE, MIXED, ALIKE, MIXED[:1], FUNNEL)
    plain = cases_of(
        sharing,
        "mlp",
        tasks=tasks,
        examples=240,
        trained_depths=(3, 2),
        stages=3,
        width=9,
        batch_size=31,
        epochs=LONG_ENOUGH,
        sharing_options=dict(options or {}),
    )
    return plain + [
        replace(case, recipe=replace(case.recipe, backbone_options=EVERYTHING), trains=False) for case in plain
    ]


def check_sharing(sharing: str, **options: Any) -> None:
    """Check the whole contract of an architecture.

    Args:
        sharing: its name in the registry.
        options: what it cannot do without, or a variant of it.

    Raises:
        AssertionError: naming the case and the promise that is not kept.
    """
    cases = sharing_cases(sharing, options)
    assert cases, f"{sharing} with {options or 'its defaults'} is feasible nowhere: pass the options that it needs"
    for case in cases:
        for check in checks_for(case):
            check(case)


def checks_for(case: Case) -> tuple[Callable[[Case], None], ...]:
    """Return the promises that a case is held to, one function each, which takes the case."""
    in_order = (check_trained_task_order,) if case.learns else ()
    return OUTPUT_CHECKS + ((check_training, *in_order) if case.trains else ())


def check_outputs(case: Case) -> None:
    """Check that every task gets finite outputs ``[r k b]``, in evaluation and in training."""
    network = case.network
    for context in (EVALUATION, in_training()):
        outputs = by_task(network, network(shaken(network), inputs_for(case), context))
        found = {name: tuple(logits.shape) for name, logits in outputs.items()}
        expected = {task.name: (2, task.num_outputs, 7) for task in network.tasks}
        assert found == expected, f"{case}: outputs have shapes {found}, expected {expected}"
        for name, logits in outputs.items():
            assert logits.isfinite().all(), f"{case}: the outputs of task {name!r} are not finite"


def check_reach(case: Case) -> None:
    """Check that the declared users of every copy are those whose losses reach it; else somebody is stepped for
    nothing, or moves what is not theirs."""
    network = case.network
    layout, theta = network.layout, shaken(network)
    # batch statistics of a shared copy let a loss reach what only another task uses: that is no use of it
    pooled = case.recipe.backbone == "resnet" and case.recipe.sharing != "learned_branch"
    if network.trunk.observes_conflict and len(layout.buffers) > len(network.trunk.found):
        return  # evaluation uses nothing but what was found, and in training a shared copy pools all tasks' signals
    context = EVALUATION if pooled else in_training()
    outputs = by_task(network, network(theta, inputs_for(case, examples=40), context))
    copies = [(slot, copy) for slot in layout.trained for copy in slot.copies]
    reached: dict[tuple[str, str], set[str]] = {(slot.name, copy.name): set() for slot, copy in copies}
    gradients = {}
    for name, logits in outputs.items():
        gradients[name] = torch.autograd.grad(
            logits.square().sum(), [theta[slot] for slot in layout.trained],
            retain_graph=True, allow_unused=True, materialize_grads=True,
        )  # fmt: skip
        for slot, copy in touched_copies(layout.trained, gradients[name]):
            reached[slot.name, copy.name].add(name)
    for slot, copy in copies:
        declared, found = set(layout.users(copy)), reached[slot.name, copy.name]
        assert found == declared, (
            f"{case}: copy {copy.name!r} of {slot.name!r} declares users {sorted(declared)}, "
            f"but the losses that reach it are those of {sorted(found)}"
        )
    for name, parts in gradients.items():
        _check_owners(case, name, parts)


def touched_copies(slots: Sequence[Slot], gradients: Sequence[Tensor]) -> list[tuple[Slot, Copy]]:
    """Return the copies that a gradient reaches: in some row, which must be in every row, for rows are alike."""
    found = []
    for slot, gradient in zip(slots, gradients, strict=True):
        touched = gradient.reshape(len(gradient), len(slot.copies), -1).ne(0).any(dim=2)
        for copy, rows in zip(slot.copies, touched.T, strict=True):
            assert rows.all() or not rows.any(), f"a loss reaches copy {copy.name!r} of {slot.name!r} in one row alone"
            found += [(slot, copy)] if rows.any() else []
    return found


def _check_owners(case: Case, task: str, gradients: Sequence[Tensor]) -> None:
    """Check, parameter by parameter, that a task moves some of its own or shared ones and nothing else."""
    layout = case.network.layout
    flat = layout.pack([gradient.flatten(1) for gradient in gradients])
    mine = torch.tensor([task in owner for owner in layout.owner_sets])[layout.owners()]
    assert (flat[:, mine] != 0).any(), f"{case}: the loss of task {task!r} moves nothing"
    assert (flat[:, ~mine] == 0).all(), f"{case}: the loss of task {task!r} moves parameters of others"


def check_own_inputs(case: Case) -> None:
    """Check that a task's outputs for inputs of its own are what it would say if all tasks saw these.

    An architecture that couples the tasks' outputs has to refuse such inputs instead.
    """
    network = case.network
    if network.trunk.couples:
        apart = small_tasks([task.name for task in network.tasks], own_inputs=True)
        refused = why_infeasible(case.recipe, apart)
        assert refused, f"{case}: outputs of different examples are coupled: refuse inputs of the tasks' own"
        return
    theta, x = shaken(network), inputs_for(case, signals=len(case.data.tasks))
    for place, (name, logits) in enumerate(by_task(network, network(theta, x)).items()):
        common = by_task(network, network(theta, x[:, place : place + 1]))[name]
        _assert_close(logits, common, f"{case}: task {name!r} says something else where others see other inputs")


def check_task_order(case: Case) -> None:
    """Check that permuting the tasks permutes the outputs of fresh networks in training, dropout included."""
    one, other = _in_two_orders(case)
    for name, logits in one.items():
        _assert_close(other[name], logits, f"{case}: the outputs of task {name!r} depend on the order of the tasks")


def _in_two_orders(case: Case) -> list[dict[str, Tensor]]:
    found, names, x = [], [task.name for task in case.data.tasks], inputs_for(case)
    for order in (names, turned(names)):
        network = Case(case.recipe, case.data.only(*order)).network
        own = x[:, [names.index(name) for name in order]] if case.data.own_inputs else x
        found.append(by_task(network, network(fresh(network), own, dropping(network))))
    return found


def _assert_close(found: Tensor, expected: Tensor, message: str) -> None:
    torch.testing.assert_close(
        found, expected, msg=lambda details: f"{message}: {details}", rtol=RELATIVE, atol=ABSOLUTE
    )


def check_costs(case: Case) -> None:
    """Check that parameters are counted as there are, and multiply-adds as the FLOP counter counts them."""
    cost, network = cost_of(case.recipe, case.data), case.network
    layout = network.layout
    total = layout.initialise([0])[:, : layout.num_trained].shape[1]
    shared = int(layout.shared.sum())
    found = (cost.parameters_total, cost.parameters_shared)
    assert found == (total, shared), f"{case}: (all, shared) parameters are {(total, shared)}, the cost says {found}"
    theta, x = shaken(network), inputs_for(case, examples=8)  # drawing has thousands of operations to look at
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(theta, x, in_training())
    counted, said = counter.get_total_flops(), 2 * cost.multiply_adds * 2 * 8
    assert abs(counted - said) <= 0.01 * said, f"{case}: the FLOP counter counts {counted}, the cost says {said}"
    assert cost.activation_bytes > 0, f"{case}: the cost says that activations take no memory"


OUTPUT_CHECKS = (check_outputs, check_reach, check_own_inputs, check_task_order, check_costs)
"""The promises that hold of a network without training it."""

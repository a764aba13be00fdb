"""What every weighting method promises, whatever it looks at: losses, a Gramian or Jacobians.

``check_weighting("mine")`` checks all of it; each of :data:`CHECKS` and of :data:`TRAINED_CHECKS` takes the method's
name, and each of :func:`training_cases` goes to :func:`~mtl_core.testing.training.check_training`.
"""

from __future__ import annotations

from typing import Any

import torch

from mtl_core.recipe import Recipe
from mtl_core.registry import find
from mtl_core.search_space import LogUniform, Simplex, Uniform
from mtl_core.testing.cases import Case
from mtl_core.testing.small_tasks import SOME_ALIKE, small_tasks
from mtl_core.testing.training import check_training
from mtl_core.testing.weighting_answers import (
    assert_close,
    assert_finite,
    assert_same,
    from_losses_alone,
    weighs,
)
from mtl_core.testing.weighting_presence import (
    SOME,
    check_absent_tasks,
    check_empty_row,
    check_one_task,
    check_present_tasks_alone,
    check_total,
)
from mtl_core.testing.weighting_steps import (
    ALL,
    GRADIENTS,
    LOSSES,
    NUM_SHARED,
    SIZES,
    Situation,
    gradients,
    method,
    ordinary,
    play,
)
from mtl_core.testing.weighting_trained import check_lone_task, check_vanishing_gradient


def check_weighting(name: str) -> None:
    """Check the whole contract of a weighting method.

    Args:
        name: the method's name in the registry.

    Raises:
        AssertionError: naming the method and the promise that is not kept.
    """
    for check in (*CHECKS, *TRAINED_CHECKS):
        check(name)
    for case in training_cases(name):
        check_training(case)


def training_cases(name: str, **settings: Any) -> list[Case]:
    """Return a small network weighed by the method at both scales, on tasks that lack some labels.

    Args:
        name: the method's name.
        settings: of the recipe, ``gradients`` for example.
    """
    data = small_tasks(SOME_ALIKE, examples=120, missing=0.3)
    common = {"depth": 1, "stages": 2, "width": 8, "batch_size": 24, "epochs": 4, "weighting": name} | settings
    return [Case(Recipe(scale=scale, **common), data) for scale in ("native", "matched")]


def check_shape(name: str) -> None:
    """Check that an answer has a row for each replica, and a column for each task or shared parameter."""
    weighting = method(name)
    for key, value in weighting.start(3, NUM_SHARED).items():
        assert len(value) == 3, f"{name}: state {key!r} has {len(value)} rows for 3 replicas: its first dimension is r"
    answer, _ = play(weighting, ordinary())
    expected = (3, 4 if weighs(name) else NUM_SHARED)
    assert answer.shape == expected, f"{name}: the answer has shape {tuple(answer.shape)}, expected {expected}"
    assert answer.dtype == LOSSES.dtype, f"{name}: the answer is {answer.dtype}, the losses are {LOSSES.dtype}"
    assert not answer.requires_grad, f"{name}: the answer must be detached"
    assert_finite(name, "ordinary losses", answer, {})


def check_extreme_losses(name: str) -> None:
    """Check that weights and memory stay finite at losses of 0, of 1e15, and of both at once."""
    for size, value in SIZES.items():
        even, uneven = value * torch.ones(3, 4), value * LOSSES
        for losses in ([even], [even, uneven] * 3, [LOSSES, even, LOSSES, uneven, LOSSES]):
            answer, state = play(method(name), [Situation(loss, gradients("agreeing")) for loss in losses])
            assert_finite(name, f"losses of {size}", answer, state)
            positive = bool((answer >= 0).all()) or not from_losses_alone(name)
            assert positive, f"{name}: a weight is negative at losses of {size}"


def check_extreme_gradients(name: str) -> None:
    """Check that weights and memory stay finite at gradients that vanish, conflict, depend on each other or differ by
    twenty orders of magnitude."""
    for kind in () if from_losses_alone(name) else GRADIENTS:
        for kinds in ([kind], [kind] * 5, ["agreeing", kind, "agreeing", kind, "conflicting"]):
            answer, state = play(method(name), [Situation(LOSSES, gradients(each)) for each in kinds])
            assert_finite(name, f"{kind} gradients", answer, state)


def check_lost_row(name: str) -> None:
    """Check that a replica whose losses or gradients are no numbers leaves the others' bits alone."""
    calm = ordinary()
    wild = [Situation(losses.clone(), jacobian.clone()) for losses, jacobian in calm]
    for number, value in ((1, torch.nan), (3, torch.inf)):
        wild[number].losses[1] = wild[number].jacobian[1] = value
    for end in (2, 4, 5):
        expected, expected_state = play(method(name), calm[:end])
        answer, state = play(method(name), wild[:end])
        assert_same(name, "beside a row that is lost", answer[[0, 2]], expected[[0, 2]])
        for key, value in state.items():
            assert_same(name, f"beside a row that is lost, in {key!r},", value[[0, 2]], expected_state[key][[0, 2]])


def check_rows(name: str) -> None:
    """Check that a row has the same bits in every array: whatever its place, its neighbours and their number."""
    answer, state = play(method(name), ordinary(), SOME)
    for order in ([1, 2], [2, 0, 1], [0, 0, 1, 2, 1, 0, 2], [0, 1, 2] * 11):
        steps = [step.of_rows(order) for step in ordinary()]
        elsewhere, its_state = play(method(name, rows=order), steps, SOME[order], seeds=order)
        assert_same(name, f"in an array of {len(order)}", elsewhere, answer[order])
        for key, value in state.items():
            assert_same(name, f"in an array of {len(order)}, in {key!r},", its_state[key], value[order])


def check_task_order(name: str) -> None:
    """Check that permuting the tasks permutes the weights."""
    order = [2, 0, 3, 1]
    answer, _ = play(method(name), ordinary())
    permuted, _ = play(method(name, [ALL[i] for i in order]), [step.of_tasks(order) for step in ordinary()])
    assert_close(name, "the order of the tasks matters", permuted, answer[:, order] if weighs(name) else answer)


def check_defaults(name: str) -> None:
    """Check that every option has a default, which lies inside its range, and that both lie inside its domain."""
    for option in find("weighting", name).options.values():
        assert not option.required, f"{name}: option {option.name!r} needs a default"
        if option.range is not None and not isinstance(option.range, Simplex):
            inside = option.range.holds(option.default)
            assert inside, f"{name}: {option.name!r} is {option.default} by default, outside {option.range}"
        ends = [option.range.low, option.range.high] if isinstance(option.range, Uniform | LogUniform) else []
        if (domain := option.domain) is not None and option.default is not None:
            outside = [value for value in (option.default, *ends) if not domain.holds(value)]
            assert not outside, f"{name}: {option.name!r} may be {outside[:1]}, outside its domain: a number {domain}"


def check_memory(name: str) -> None:
    """Check that everything a method remembers is in the state: another object, given a copy of the state in the middle
    of an epoch, goes on to the same bits."""
    straight, straight_state = play(method(name), ordinary() * 2)
    _, middle = play(method(name), ordinary())
    stored = {key: value.clone() for key, value in middle.items()}
    resumed, state = play(method(name), ordinary(), state=stored, begin=5)
    kept = torch.equal(resumed, straight) and all(torch.equal(state[key], straight_state[key]) for key in state)
    assert kept, f"{name}: resumed from its state it goes on otherwise: something is remembered outside the state"


def check_in_place(name: str) -> None:
    """Check that the state is changed in place, for the engine hands out the tensors that it keeps."""
    weighting = method(name)
    state = weighting.start(3, NUM_SHARED)
    handed_out = dict(state)
    play(weighting, ordinary(), state=state)
    assert state.keys() == handed_out.keys(), f"{name}: the state has other names than start gave it: {sorted(state)}"
    replaced = [key for key, value in handed_out.items() if state[key] is not value]
    assert not replaced, f"{name}: state {replaced} is replaced, not written to: use copy_"


CHECKS = (
    check_shape, check_extreme_losses, check_extreme_gradients, check_lost_row, check_rows, check_task_order,
    check_absent_tasks, check_present_tasks_alone, check_empty_row, check_total, check_one_task, check_defaults,
    check_memory, check_in_place,
)  # fmt: skip
"""The promises that need no training, one function each, which takes the method's name."""
TRAINED_CHECKS = (check_lone_task, check_vanishing_gradient)
"""The promises of networks that share in part, or whose gradients vanish, one function each likewise."""

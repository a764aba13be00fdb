"""A program has the operations that have to be done again, and no others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mtl_core.training.recorded_steps.program import Program, place_of, program_of
from mtl_core.training.recorded_steps.recording import Recording

KEPT = torch.arange(12.0).view(3, 4)
TOTAL = torch.zeros(3, 4)


def program(step: Callable[[Tensor], object], inputs: Sequence[Tensor] | None = None) -> Program:
    given = [torch.ones(3, 4)] if inputs is None else inputs
    found = program_of(Recording().of(lambda: step(*given)), given)
    assert found is not None
    return found


def names(statements: Sequence[object]) -> list[str]:
    return [statement.operation.name for statement in statements]  # type: ignore[attr-defined]


def test_what_depends_on_no_input_is_done_once_an_epoch() -> None:
    found = program(lambda x: TOTAL.add_(x * (KEPT.exp() + 1).T.T))
    assert names(found.once) == ["exp", "add"]
    assert names(found.each) == ["mul", "add_"]
    assert len(found.needed) == 1


def test_what_steps_change_is_read_in_every_step() -> None:
    found = program(lambda x: TOTAL.add_(x * TOTAL.exp()))
    assert found.once == []
    assert names(found.each) == ["exp", "mul", "add_"]


def test_what_nobody_uses_is_left_out() -> None:
    def step(x: Tensor) -> None:
        x.exp().log()
        TOTAL.add_(x)

    assert names(program(step).each) == ["add_"]


def test_views_of_memory_that_stays_are_no_operations() -> None:
    found = program(TOTAL.view(4, 3).T.mul_)
    assert names(found.each) == ["mul_"]
    assert {place_of(TOTAL.view(4, 3).T)} == {place_of(one) for one in found.kept.values()}


def test_a_new_shape_of_a_new_shape_is_one_of_the_first() -> None:
    found = program(lambda x: TOTAL.add_(x.view(2, 6).view(-1).view(4, 3).view(3, 4).view(6, 2).T.reshape(3, 4)))
    assert names(found.each) == ["view", "permute", "clone", "_unsafe_view", "add_"]


def test_bits_that_are_seen_as_another_type_are_no_new_shape() -> None:
    found = program(lambda x: TOTAL.add_((x * 2).view(torch.int32).view(-1).view(3, 4)))
    assert names(found.each) == ["mul", "view", "add_"]


def test_constants_are_kept_unless_they_are_written_to() -> None:
    def step(x: Tensor) -> None:
        zeros = torch.zeros(3, 4)
        zeros.add_(x)
        TOTAL.add_(zeros * torch.full((3, 4), 2.0))

    assert names(program(step).each) == ["zeros", "add_", "mul", "add_"]


def test_programs_are_the_same_where_steps_do_the_same_on_the_same_tensors() -> None:

    def adding(total: Tensor, number: float) -> Callable[[Tensor], object]:
        return lambda x: total.add_(x + torch.tensor([number]).expand(4) + torch.tensor(torch.nan))

    first = program(adding(TOTAL, 1.0))
    assert first.same_as(program(adding(TOTAL, 1.0)))
    assert not first.same_as(program(adding(TOTAL, 2.0))), "a number of Python's"
    other = TOTAL.clone()
    assert not first.same_as(program(adding(other, 1.0))), "numbers that steps change are not equal for long"
    assert not first.same_as(program(TOTAL.sub_))
    assert not program(lambda x: TOTAL.add_(x, alpha=2)).same_as(program(lambda x: TOTAL.add_(x, alpha=3)))


def test_a_step_that_cannot_be_repeated_has_no_program() -> None:
    recording = Recording().of(lambda: KEPT.sum().item())
    assert program_of(recording, []) is None


def test_a_tensor_that_no_operation_made_is_refused() -> None:
    """Its memory is that of a result, in a shape that nothing tells how to come by."""
    made: list[Tensor] = []

    def step(x: Tensor) -> None:
        made.append(x * 2)
        with torch._C.DisableTorchFunction(), torch.utils._python_dispatch._disable_current_modes():
            unseen = made[0][1:]
        TOTAL[1:].add_(unseen)

    given = torch.ones(3, 4)
    recording = Recording().of(lambda: step(given))
    assert program_of(recording, [given]) is None
    assert recording.why_not == "a tensor came into being that no operation made"

"""Inputs of steps: what is copied, and when they fit each other."""

from __future__ import annotations

from dataclasses import fields, replace

import torch

from mtl_core.training.step_inputs import StepInputs


def inputs(start: int, *, masked: bool = True, searching: bool = True) -> StepInputs:
    return StepInputs(
        orders=[torch.arange(start, start + 12).view(2, 1, 6), torch.arange(start, start + 12).view(2, 1, 6)],
        presents=[torch.tensor([[True, False], [True, True]]) if masked else None, None],
        numbers=torch.tensor([start, start + 1]),
        weighting_numbers=torch.tensor([start, start + 1]),
        progress=torch.tensor([0.5, start / 100]),
        rates=torch.tensor([0.1, start / 10]),
        searching=torch.tensor([True, start > 50]) if searching else None,
        exact_rates=torch.tensor([0.1, start / 10]).double(),
    )


def test_every_tensor_is_copied_to_where_the_old_one_was() -> None:
    first, second = inputs(1), inputs(60)
    mine = first.cloned()
    before = [None if one is None else one.data_ptr() for one in mine.tensors]
    mine.copy_(second)
    assert before == [None if one is None else one.data_ptr() for one in mine.tensors]
    for found, expected, old in zip(mine.tensors, second.tensors, first.tensors, strict=True):
        assert (found is None) == (expected is None)
        if found is not None and expected is not None and old is not None:
            assert torch.equal(found, expected)
            assert found.data_ptr() != old.data_ptr()
    assert first.numbers.tolist() == [1, 2], "a clone has memory of its own"


def test_no_field_is_forgotten() -> None:
    given = [getattr(inputs(1), field.name) for field in fields(StepInputs)]
    of_fields = [one for value in given for one in (value if isinstance(value, list) else [value])]
    assert len(of_fields) == len(inputs(1).tensors)


def test_shapes_say_what_fits() -> None:
    assert inputs(1).shapes == inputs(9).shapes
    assert inputs(1).shapes != inputs(1, masked=False).shapes
    assert inputs(1).shapes != inputs(1, searching=False).shapes
    assert inputs(1).shapes != replace(inputs(1), rates=torch.zeros(3)).shapes

"""Work has a program when two recordings agree, or one agrees with what is known of its kind."""

from __future__ import annotations

from itertools import count

import pytest
import torch

from mtl_core.training.recorded_steps import comparison as module
from mtl_core.training.recorded_steps.comparison import MOST_PROGRAMS, Comparison

TOTAL = torch.zeros(3)


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KNOWN", {})


def recorded(comparison: Comparison, times: int, factor: float = 2.0) -> list[bool]:
    """Whether there is a program after each of some recordings of a step that adds ``factor`` times its input."""

    def has_program(number: int) -> bool:
        given = torch.full((3,), float(number))

        def step() -> None:
            TOTAL.add_(given * factor)

        return comparison.of(step, [given])[1] is not None

    return [has_program(number) for number in range(times)]


def test_two_recordings_agree_at_first_and_then_one_is_enough() -> None:
    assert recorded(Comparison("a"), 2) == [False, True]
    assert Comparison("a").is_known
    assert recorded(Comparison("a"), 1) == [True]
    assert not Comparison("b").is_known
    assert recorded(Comparison("b"), 2) == [False, True]


def test_another_structure_of_a_known_kind_needs_two_recordings_of_its_own() -> None:
    recorded(Comparison("a"), 2)
    assert recorded(Comparison("a"), 2, factor=3.0) == [False, True]
    assert recorded(Comparison("a"), 1, factor=3.0) == [True], "what was seen last is known"
    assert recorded(Comparison("a"), 1) == [False]


def test_what_lies_elsewhere_or_has_another_shape_is_another_structure() -> None:
    def structure(first: torch.Tensor, second: torch.Tensor) -> object:
        def step() -> None:
            first.add_(given)
            second.mul_(given)

        given, comparison = torch.ones(1), Comparison(object())
        comparison.of(step, [given])
        program = comparison.of(step, [given])[1]
        assert program is not None
        return program.structure

    whole = torch.zeros(4)
    apart, together = structure(torch.zeros(2), torch.zeros(2)), structure(whole[:2], whole[2:])
    assert apart != together
    assert apart == structure(torch.ones(2), torch.ones(2)), "numbers do not matter"
    assert apart != structure(torch.zeros(2), torch.zeros(3))


def test_recordings_that_differ_have_no_program_and_make_nothing_known() -> None:
    numbers, comparison = count(), Comparison("a")
    for _ in range(2):
        _, program = comparison.of(lambda: TOTAL.add_(float(next(numbers))).new_empty(0).unbind(), [])
        assert program is None
    assert comparison.why_not == "it differs from the time before in other things than its inputs"
    assert not Comparison("a").is_known


def test_a_recording_is_not_compared_with_one_before_it_was_forgotten() -> None:
    comparison = Comparison("a")
    recorded(comparison, 1)
    comparison.forget()
    assert recorded(comparison, 2) == [False, True]


def test_work_is_not_recorded_for_ever() -> None:
    comparison = Comparison("a")
    assert recorded(comparison, MOST_PROGRAMS + 2) == [False, *[True] * MOST_PROGRAMS, False]
    assert comparison.why_not == "its state does not stay where it is in memory"


def test_the_oldest_kinds_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KNOWN", 2)
    for kind in "abc":
        recorded(Comparison(kind), 2)
    assert [Comparison(kind).is_known for kind in "abc"] == [False, True, True]

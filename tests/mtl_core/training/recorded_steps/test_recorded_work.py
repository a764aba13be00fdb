"""Work has a program when two recordings agree, or one agrees with what is known of its kind."""

from __future__ import annotations

from itertools import count

import pytest
import torch

from mtl_core.training.recorded_steps import recorded_work as module
from mtl_core.training.recorded_steps.recorded_work import MOST_PROGRAMS, RecordedWork

TOTAL = torch.zeros(3)


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KNOWN", {})


def work(kind: object) -> RecordedWork:
    return RecordedWork(kind, lambda: [TOTAL])


def recorded(work: RecordedWork, times: int, factor: float = 2.0) -> list[bool]:
    """Whether there is a program after each of some recordings of a step that adds ``factor`` times its input."""

    def has_program(number: int) -> bool:
        given = torch.full((3,), float(number))

        def step() -> None:
            TOTAL.add_(given * factor)

        work._calls = None
        work.record(step, [given])
        return work.has_program

    return [has_program(number) for number in range(times)]


def has_one_after_a_recording(kind: object, first: torch.Tensor, second: torch.Tensor) -> bool:
    def step() -> None:
        first.add_(given)
        second.mul_(given)

    given, one = torch.ones(1), work(kind)
    one.record(step, [given])
    return one.has_program


def test_two_recordings_agree_at_first_and_then_one_is_enough() -> None:
    assert recorded(work("a"), 2) == [False, True]
    assert work("a").is_known
    assert recorded(work("a"), 1) == [True]
    assert not work("b").is_known
    assert recorded(work("b"), 2) == [False, True]


def test_another_structure_of_a_known_kind_needs_two_recordings_of_its_own() -> None:
    recorded(work("a"), 2)
    assert recorded(work("a"), 2, factor=3.0) == [False, True]
    assert recorded(work("a"), 1, factor=3.0) == [True], "what was seen last is known"
    assert recorded(work("a"), 1) == [False]


def test_tensors_of_other_shapes_or_in_common_memory_are_another_structure() -> None:
    first, second, whole = torch.zeros(2), torch.zeros(2), torch.zeros(4)
    one, given = work("a"), torch.ones(1)

    def step() -> None:
        first.add_(given)
        second.mul_(given)

    one.record(step, [given])
    one.record(step, [given])
    assert has_one_after_a_recording("a", torch.ones(2), torch.ones(2)), "numbers do not matter"
    assert not has_one_after_a_recording("a", torch.zeros(2), torch.zeros(3))
    assert not has_one_after_a_recording("a", whole[:2], whole[2:])


def test_recordings_that_differ_have_no_program_and_make_nothing_known() -> None:
    numbers, one = count(), work("a")

    def counting() -> None:
        TOTAL.add_(float(next(numbers)))

    for _ in range(2):
        one.record(counting, [])
        assert not one.has_program
    assert one.why_not == "it differs from the time before in other things than its inputs"
    assert not work("a").is_known


def test_a_recording_is_not_compared_with_one_before_it_was_forgotten() -> None:
    one = work("a")
    assert recorded(one, 1) == [False]
    one.forget()
    assert recorded(one, 1) == [False]
    assert recorded(one, 1) == [True]


def test_a_program_whose_memory_lies_elsewhere_is_given_up() -> None:
    state = [torch.zeros(3)]
    one = RecordedWork("a", lambda: state)
    recorded(one, 2)
    assert one.calls() is not None
    state[0] = state[0].clone()
    assert one.calls() is None
    assert not one.has_program


def test_work_is_not_recorded_for_ever() -> None:
    one = work("a")
    assert recorded(one, MOST_PROGRAMS + 2) == [False, *[True] * MOST_PROGRAMS, False]
    assert one.why_not == "its state does not stay where it is in memory"


def test_the_oldest_kinds_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KNOWN", 2)
    for kind in "abc":
        recorded(work(kind), 2)
    assert [work(kind).is_known for kind in "abc"] == [False, True, True]

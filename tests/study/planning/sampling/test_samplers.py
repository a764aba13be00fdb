"""Samplers that are made anew for every question."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import optuna
import pytest

from study.planning.sampling.samplers import nsga, tpe


@pytest.mark.parametrize("sampler", [partial(tpe, at_random=4), partial(nsga, population=4)])
def test_a_question_has_one_answer_and_others_have_others(
    sampler: Callable[[int, int], optuna.samplers.BaseSampler],
) -> None:
    def asked(told: int, place: int) -> float:
        study = optuna.create_study(sampler=sampler(told, place))
        return study.ask().suggest_float("x", 0, 1)

    assert asked(3, 1) == asked(3, 1)
    assert len({asked(3, 1), asked(3, 2), asked(4, 1)}) == 3

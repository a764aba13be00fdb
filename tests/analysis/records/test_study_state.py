"""How far a study is: which phases ended, what is chosen, on how many seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.records.study_state import LoadedStudy, state_of
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

SEEDS = {"search": 1, "confirm": 2, "verdict": 5}
ARM = "hard d1 w16 l1 equal adamw"
TRUTH = Truth(stages=1, draws=1, epochs=2, widths=(16,), seeds=SEEDS, chosen=ARM)


@pytest.mark.parametrize(
    ("phases", "under_way"),
    [(("search",), "confirm"), (("search", "confirm"), "verdict"), (("search", "confirm", "verdict"), None)],
)
def test_the_first_phase_that_has_not_ended_is_under_way(
    records_of: StudyOf, phases: tuple[str, ...], under_way: str | None
) -> None:
    state = LoadedStudy(records_of(replace(TRUTH, phases=phases))).state
    assert (state.done, state.phase) == (phases, under_way)


def test_a_finished_study_has_a_chosen_arm_with_its_seeds(records_of: StudyOf) -> None:
    state = state_of(records_of(TRUTH))
    assert state.chosen == state.judged[0] == ARM
    assert (state.seeds["confirm"], state.seeds["verdict"]) == (2, 5)


def test_without_records_nothing_is_done(records_of: StudyOf) -> None:
    records = records_of(TRUTH)
    state = state_of(replace(records, replicas=records.replicas[:0], ledger=[]))
    assert (state.done, state.chosen, state.phase) == ((), None, "search")
    assert set(state.seeds.values()) == {0}

"""Confirm: which arms are confirmed, on which seeds, and which is chosen."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from analysis.selection.draws import rank_draws
from study.protocol.confirm import arms_to_confirm, choose, confirm
from study.protocol.context import StudyContext
from tests.study.protocol.conftest import Opener, frozen
from tests.study.protocol.test_search import jobs


def test_every_selected_arm_is_confirmed_on_fresh_seeds(opened: Opener) -> None:
    context = opened(until=frozen("arm"))
    found = jobs(confirm(context))
    assert {job.arm for job in found} == set(context.plan.arms)
    assert {replica.seed for job in found for replica in job.replicas.values()} == {1000, 1001, 1002}
    assert not any(job.missing(context.archive) for job in found)


@pytest.mark.parametrize("best", [1, 2])
def test_the_best_k_are_confirmed_with_the_references_and_all_baselines(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, best: int
) -> None:
    context = opened(until=frozen("arm"), confirm={"seeds": 3, "arms": 1})
    skills = {arm.label: 0.9 if arm.depth == best else 0.1 for arm in context.plan.candidates}
    ranked = pd.DataFrame({"arm": list(skills), "skill": list(skills.values()), "rank": 0})
    monkeypatch.setattr("study.protocol.confirm.rank_draws", lambda records, **_: ranked)
    confirmed = {job.arm for job in jobs(confirm(context))}
    (reference,) = context.plan.references
    assert reference.depth == 2
    assert confirmed - set(context.plan.baselines) == {
        arm for arm in context.plan.candidates if arm.depth in (best, reference.depth)
    }
    assert set(context.plan.baselines) <= confirmed


def test_arms_compete_with_the_draw_that_is_selected_for_them(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draw that the search stopped early may have lost fewer seeds, and rank first where it counts as well."""
    context = opened(until=frozen("arm"), confirm={"seeds": 3, "arms": 1})
    records = context.of_phase("search")
    stopped = records.assign(status=records["status"].where(records["draw"] != 1, "stopped"))
    monkeypatch.setattr(StudyContext, "of_phase", lambda self, phase: stopped)
    ranked: list[pd.DataFrame] = []

    def rank(rows: pd.DataFrame, **options: bool) -> pd.DataFrame:
        ranked.append(rank_draws(rows, **options))
        return ranked[-1]

    monkeypatch.setattr("study.protocol.confirm.rank_draws", rank)
    arms_to_confirm(context)
    assert set(ranked[0]["draw"]) == set(records["draw"]) - {1}


def test_the_choice_is_frozen_with_its_table_and_kept(opened: Opener) -> None:
    context = opened(until=frozen("arm"))
    labels = [arm.label for arm in context.plan.arms]
    chosen = choose(context)
    assert chosen["arm"] in chosen["eligible"]
    assert {row["arm"] for row in chosen["table"]} == set(labels)
    json.dumps(chosen, allow_nan=False)
    assert choose(context) == chosen, "decided once"

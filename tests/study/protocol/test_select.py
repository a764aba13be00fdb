"""The selection of draws: frozen once, and only for arms with a draw for every task."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
import pytest

from analysis.records.schema import TRAINING
from mtl_core.errors import UserError
from study.protocol.select import clear_checkpoints, select, with_every_task
from tests.study.protocol.conftest import Opener, frozen


def test_each_arm_has_the_draw_of_the_best_skill_and_single_tasks_their_own(opened: Opener) -> None:
    context = opened(until=frozen("draws"))
    selected = select(context)
    assert context.ledger.frozen("draws") == selected
    records = context.archive.of_phase("search")
    for arm in context.plan.arms:
        rows = records[(records["arm"] == arm.label) & (records["status"] == "finished")]
        best = rows.assign(skill=[max(curve) for curve in rows["validation_skill"]])
        for task, draw in selected[arm.label].items():
            if arm.is_single_task:
                assert draw in set(best.loc[best["task"] == task, "draw"])
            else:
                assert draw in set(best["draw"])
    assert {len(set(draws.values())) for label, draws in selected.items() if not label.startswith("single")} == {1}


def test_a_frozen_selection_is_kept(opened: Opener) -> None:
    context = opened()
    context.freeze("draws", {"hard": {"rain": 3, "sun": 3}})
    assert select(context) == {"hard": {"rain": 3, "sun": 3}}


def test_an_arm_without_a_draw_for_some_task_is_left_out_and_the_ledger_says_so(opened: Opener) -> None:
    context = opened()
    first, second = (arm.label for arm in context.plan.candidates)
    whole = with_every_task(context, {first: {"rain": 0, "sun": 0}, second: {"rain": 1}})
    assert whole == {first: {"rain": 0, "sun": 0}}
    assert second in {event["arm"] for event in context.ledger.of("left_out")}


def test_no_draw_at_all_is_an_error_with_the_reasons(opened: Opener) -> None:
    context = opened(until=frozen("draws"))
    rows: list[dict[str, Any]] = []
    for path in sorted((context.directory / "records").iterdir()):
        rows += pq.ParquetFile(path).read(list(TRAINING)).to_pylist()
    context.archive.forget({entry.part for entry in context.archive.entries.values()})
    failed = {"status": "failed", "reason": "the loss is not a number", "selected_epoch": -1}
    context.archive.write("failed", [row | failed for row in rows])
    with pytest.raises(UserError, match=r"of the search phase failed, .*: the loss is not a number"):
        select(context)


def test_checkpoints_are_cleared(opened: Opener) -> None:
    context = opened()
    (context.directory / "checkpoints" / "a.safetensors").touch()
    clear_checkpoints(context)
    assert not list((context.directory / "checkpoints").iterdir())

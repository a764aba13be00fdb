"""The verdict seeds that a study was trained with: its own, which a budget or further blocks decide, and added ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from study.planning.plan import Plan
from study.protocol.budget_left import FITTED

Events = Sequence[Mapping[str, Any]]


def own_seeds(events: Events, plan: Plan) -> Sequence[int]:
    """Return the verdict seeds that the study has without additions.

    They are those of the plan until the ledger says otherwise: under a budget they are as many as fitted into it, and
    without one a verdict may have gone on to further blocks.  With outer folds either is rounded up to whole folds.

    Args:
        events: of the study's ledger, in order.
        plan: of the study, without additions.
    """
    decided = [event["seeds"] for event in events if _decides(event)]
    return replace(plan, verdict_seeds=decided[-1]).seeds("verdict") if decided else plan.seeds("verdict")


def num_seeds(events: Events, plan: Plan) -> int:
    """Return the number of verdict seeds that the chosen arm is judged on, those that were added included."""
    added = (event for event in _additions(events) if event["asked"]["seeds"] is not None)
    return len(set(own_seeds(events, plan)).union(*map(_block, added)))


def next_seed(events: Events, plan: Plan) -> int:
    """Return the first verdict seed that no network of the study was trained with."""
    return 1 + max(set(own_seeds(events, plan)).union(*map(_block, _additions(events))))


def _decides(event: Mapping[str, Any]) -> bool:
    return event["event"] == "extended" or (event["event"] == FITTED and event["phase"] == "verdict")


def _additions(events: Events) -> list[Mapping[str, Any]]:
    return [event for event in events if event["event"] == "addition"]


def _block(addition: Mapping[str, Any]) -> range:
    return range(addition["first"], addition["first"] + addition["seeds"])
